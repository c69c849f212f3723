// Scanning with line and column in every error.
#include "compiler/frontend/text_scanner.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace onnxc {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool starts_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

}  // namespace

void TextScanner::skip_space() {
  while (at_ < text_.size()) {
    if (is_space(text_[at_])) {
      ++at_;
    } else if (text_[at_] == '#') {
      while (at_ < text_.size() && text_[at_] != '\n') ++at_;
    } else {
      return;
    }
  }
}

bool TextScanner::at_end() {
  skip_space();
  return at_ == text_.size();
}

char TextScanner::peek() { return at_end() ? '\0' : text_[at_]; }

bool TextScanner::accept(char expected) { return accept(std::string_view(&expected, 1)); }

bool TextScanner::accept(std::string_view symbol) {
  skip_space();
  if (text_.substr(at_, symbol.size()) != symbol) return false;
  at_ += symbol.size();
  return true;
}

void TextScanner::expect(char expected) { expect(std::string_view(&expected, 1)); }

void TextScanner::expect(std::string_view symbol) {
  if (accept(symbol)) return;
  if (at_end()) fail("the text ends where \"{}\" is expected", symbol);
  fail("expected \"{}\", found \"{}\"", symbol, text_.substr(at_, 1));
}

std::string TextScanner::peek_word() {
  skip_space();
  size_t end = at_;
  if (end < text_.size() && starts_word(text_[end])) {
    while (end < text_.size() && (starts_word(text_[end]) || is_digit(text_[end]))) ++end;
  }
  return std::string(text_.substr(at_, end - at_));
}

std::string TextScanner::word(const char* what) {
  std::string found = peek_word();
  if (found.empty()) fail("expected {}", what);
  at_ += found.size();
  return found;
}

std::string TextScanner::quoted(const char* what) {
  if (!accept('"')) fail("expected {} in quotes", what);
  std::string value;
  while (at_ < text_.size() && text_[at_] != '"') {
    char c = text_[at_++];
    if (c == '\\' && at_ < text_.size()) {
      c = text_[at_++];
      if (c == 'n') c = '\n';
      if (c == 't') c = '\t';
    }
    value += c;
  }
  if (at_ == text_.size()) fail("a quoted string is not closed");
  ++at_;
  return value;
}

std::string TextScanner::word_or_quoted(const char* what) {
  return peek() == '"' ? quoted(what) : word(what);
}

bool TextScanner::at_number() {
  const char c = peek();
  if (is_digit(c) || c == '-' || c == '+' || c == '.') return true;
  const std::string next = peek_word();
  return next == "inf" || next == "nan";
}

TextNumber TextScanner::number() {
  skip_space();
  const bool has_plus = accept('+');
  const bool negative = !has_plus && accept('-');
  TextNumber result;
  if (const std::string name = peek_word(); name == "inf" || name == "nan") {
    at_ += name.size();
    result.is_integer = false;
    result.real = name == "nan" ? std::numeric_limits<double>::quiet_NaN()
                  : negative    ? -std::numeric_limits<double>::infinity()
                                : std::numeric_limits<double>::infinity();
    return result;
  }
  size_t end = at_;
  while (end < text_.size() && (is_digit(text_[end]) || text_[end] == '.')) ++end;
  if (end == at_) fail("expected a number");
  if (end < text_.size() && (text_[end] == 'e' || text_[end] == 'E')) {
    ++end;
    if (end < text_.size() && (text_[end] == '+' || text_[end] == '-')) ++end;
    while (end < text_.size() && is_digit(text_[end])) ++end;
  }
  const std::string digits = (negative ? "-" : "") + std::string(text_.substr(at_, end - at_));
  const char* const last = digits.data() + digits.size();
  result.is_integer = digits.find_first_of(".eE") == std::string::npos;
  if (result.is_integer) {
    const auto parsed = std::from_chars(digits.data(), last, result.integer);
    if (parsed.ec != std::errc() || parsed.ptr != last)
      fail("the integer {} is out of range", digits);
    result.real = static_cast<double>(result.integer);
  } else {
    const auto parsed = std::from_chars(digits.data(), last, result.real);
    if (parsed.ec != std::errc() || parsed.ptr != last) fail("\"{}\" is no number", digits);
  }
  at_ = end;
  return result;
}

int64_t TextScanner::integer(const char* what) {
  const TextNumber value = number();
  if (!value.is_integer) fail("{} must be an integer", what);
  return value.integer;
}

void TextScanner::fail_with(const std::string& message) {
  size_t line = 1, column = 1;
  for (size_t i = 0; i < at_ && i < text_.size(); ++i) {
    column = text_[i] == '\n' ? 1 : column + 1;
    line += text_[i] == '\n';
  }
  throw CompileError("line {}, column {}: {}", line, column, message);
}

}  // namespace onnxc

// Characters of ONNX text to words, numbers and strings, with positions for messages.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "compiler/support/diagnostics.h"

namespace onnxc {

// A number as written: whether it is an integer decides the type of an attribute.
struct TextNumber {
  bool is_integer = true;
  int64_t integer = 0;
  double real = 0;
};

// Skips white space and comments (# to the end of the line) before everything it reads.
class TextScanner {
 public:
  explicit TextScanner(std::string_view text) : text_(text) {}

  bool at_end();
  // The next character, or 0 at the end.
  char peek();
  bool accept(char expected);
  bool accept(std::string_view symbol);
  void expect(char expected);
  void expect(std::string_view symbol);

  // [A-Za-z_][A-Za-z0-9_]*, or nothing.
  std::string peek_word();
  std::string word(const char* what);
  std::string quoted(const char* what);
  std::string word_or_quoted(const char* what);
  bool at_number();
  TextNumber number();
  int64_t integer(const char* what);

  template <class... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
    fail_with(fmt::format(format, std::forward<Args>(args)...));
  }

 private:
  [[noreturn]] void fail_with(const std::string& message);
  void skip_space();

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace onnxc

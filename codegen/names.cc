// ONNX names as C++ identifiers.
#include "codegen/names.h"

#include <cctype>

namespace onnxc {
namespace {

const std::set<std::string, std::less<>>& keywords() {
  static const std::set<std::string, std::less<>> words = {
      "alignas",   "alignof",      "and",      "asm",      "auto",      "bool",     "break",
      "case",      "catch",        "char",     "class",    "concept",   "const",    "constexpr",
      "continue",  "decltype",     "default",  "delete",   "do",        "double",   "else",
      "enum",      "explicit",     "export",   "extern",   "false",     "float",    "for",
      "friend",    "goto",         "if",       "inline",   "int",       "long",     "mutable",
      "namespace", "new",          "noexcept", "not",      "nullptr",   "operator", "or",
      "private",   "protected",    "public",   "register", "requires",  "restrict", "return",
      "short",     "signed",       "sizeof",   "static",   "struct",    "switch",   "template",
      "this",      "thread_local", "throw",    "true",     "try",       "typedef",  "typeid",
      "typename",  "union",        "unsigned", "using",    "virtual",   "void",     "volatile",
      "while",     "xor",          "int8_t",   "int16_t",  "int32_t",   "int64_t",  "uint8_t",
      "size_t",    "NULL",         "linux",    "unix",     "main",      "onnxc",    "w",
      "ws",        "inputs",       "outputs",  "weights",  "workspace", "parallel", "threads",
      "begin",     "end"};
  return words;
}

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) && static_cast<unsigned char>(c) < 128;
}

}  // namespace

std::string identifier(std::string_view name) {
  std::string out;
  for (char c : name) {
    if (is_word(c)) {
      out += c;
    } else if (!out.empty() && out.back() != '_') {
      out += '_';
    }
  }
  while (!out.empty() && out.back() == '_') out.pop_back();
  if (out.empty()) out = "value";
  if (std::isdigit(static_cast<unsigned char>(out[0]))) out = "v" + out;
  if (keywords().count(out)) out += "_";
  return out;
}

std::string snake_case(std::string_view name) {
  std::string out;
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool upper = std::isupper(static_cast<unsigned char>(c)) != 0;
    const bool starts_word =
        upper && i > 0 &&
        (std::islower(static_cast<unsigned char>(name[i - 1])) ||
         (i + 1 < name.size() && std::islower(static_cast<unsigned char>(name[i + 1]))));
    if (starts_word && !out.empty() && out.back() != '_') out += '_';
    out += is_word(c) ? static_cast<char>(std::tolower(static_cast<unsigned char>(c))) : '_';
  }
  return out;
}

std::string NamePool::unique(std::string_view name) {
  const std::string base = identifier(name);
  std::string candidate = base;
  for (int i = 2; !taken_.insert(candidate).second; ++i) candidate = base + "_" + std::to_string(i);
  return candidate;
}

}  // namespace onnxc

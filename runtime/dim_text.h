// The value of a dimension that a generated table gives as text, such as "2*batch + floor_div(seq,
// 2)".
#pragma once

#include <stdint.h>

#include <optional>
#include <string_view>

namespace onnxc::runtime {

// Sums and products of integers, symbols, and floor_div, floor_mod, min and max of two such
// expressions. `value_of(name)` gives a symbol's value as an optional<int64_t>. The result is
// nothing where a symbol is unknown, the text is no such expression, or a value leaves 64 bits.
template <class ValueOf>
std::optional<int64_t> evaluate_dim(std::string_view text, const ValueOf& value_of) {
  struct Parser {
    std::string_view rest;
    const ValueOf& value_of;

    bool eat(std::string_view token) {
      skip_spaces();
      if (rest.substr(0, token.size()) != token) return false;
      rest.remove_prefix(token.size());
      return true;
    }

    void skip_spaces() {
      while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
    }

    std::optional<int64_t> sum() {
      const bool negative = eat("-");
      std::optional<int64_t> total = product();
      if (negative && total) total = -*total;
      while (total) {
        const bool minus = !eat("+");
        if (minus && !eat("-")) break;
        const std::optional<int64_t> next = product();
        int64_t result = 0;
        if (!next || (minus ? __builtin_sub_overflow(*total, *next, &result)
                            : __builtin_add_overflow(*total, *next, &result))) {
          return std::nullopt;
        }
        total = result;
      }
      return total;
    }

    std::optional<int64_t> product() {
      std::optional<int64_t> total = factor();
      while (total && eat("*")) {
        const std::optional<int64_t> next = factor();
        int64_t result = 0;
        if (!next || __builtin_mul_overflow(*total, *next, &result)) return std::nullopt;
        total = result;
      }
      return total;
    }

    std::optional<int64_t> factor() {
      skip_spaces();
      const size_t end = rest.find_first_of(" +-*,()");
      const std::string_view word = rest.substr(0, end);
      if (word.empty()) return std::nullopt;
      rest.remove_prefix(word.size());
      if (word.find_first_not_of("0123456789") == std::string_view::npos) return number(word);
      if (!eat("(")) return value_of(word);
      const std::optional<int64_t> a = sum();
      if (!a || !eat(",")) return std::nullopt;
      const std::optional<int64_t> b = sum();
      if (!b || !eat(")")) return std::nullopt;
      return call(word, *a, *b);
    }

    static std::optional<int64_t> number(std::string_view digits) {
      int64_t value = 0;
      for (const char digit : digits) {
        if (__builtin_mul_overflow(value, 10, &value)) return std::nullopt;
        if (__builtin_add_overflow(value, digit - '0', &value)) return std::nullopt;
      }
      return value;
    }

    static std::optional<int64_t> call(std::string_view function, int64_t a, int64_t b) {
      if (function == "min") return a < b ? a : b;
      if (function == "max") return a < b ? b : a;
      if (b == 0) return std::nullopt;
      const int64_t remainder = a % b != 0 && (a % b < 0) != (b < 0) ? a % b + b : a % b;
      if (function == "floor_mod") return remainder;
      if (function == "floor_div") return (a - remainder) / b;
      return std::nullopt;
    }
  };

  if (const std::optional<int64_t> symbol = value_of(text)) return symbol;
  Parser parser{text, value_of};
  const std::optional<int64_t> value = parser.sum();
  parser.skip_spaces();
  return parser.rest.empty() ? value : std::nullopt;
}

}  // namespace onnxc::runtime

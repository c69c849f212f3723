// Numbers as text and back, exact in both directions.
#pragma once

#include "templates/common/big_number.h"
#include "templates/common/narrow_float.h"
#include "templates/common/string.h"
#include "templates/cpu/math_convert.h"

namespace onnxc {

// The most bytes that the text of a number has.
[[maybe_unused]] constexpr int64_t kNumberTextBytes = 32;

namespace text_detail {

// A binary format: bits of precision and the exponent of the smallest number's last bit.
template <class T>
struct Binary;
template <>
struct Binary<float> {
  static constexpr int kBits = 24, kLowest = -149, kHighest = 104;
};
template <>
struct Binary<double> {
  static constexpr int kBits = 53, kLowest = -1074, kHighest = 971;
};
template <>
struct Binary<Float16> {
  static constexpr int kBits = 11, kLowest = -24, kHighest = 5;
};
template <>
struct Binary<BFloat16> {
  static constexpr int kBits = 8, kLowest = -133, kHighest = 120;
};

// fraction * 2^exponent
struct Scaled {
  uint64_t fraction;
  int exponent;
};

// A finite positive number of the format, with the fraction as long as the format has it.
template <class Format>
inline Scaled scaled(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  int exponent = int(bits >> 52 & 0x7ff);
  uint64_t fraction = bits & 0xfffffffffffffu;
  if (exponent) fraction |= uint64_t(1) << 52;
  exponent = (exponent ? exponent : 1) - 1075;
  int drop = 53 - Format::kBits;
  if (exponent + drop < Format::kLowest) drop = Format::kLowest - exponent;
  return {fraction >> drop, exponent + drop};
}

// The fewest digits that name x among the numbers of its format; the value is 0.DIGITS * 10^point.
struct Digits {
  char digits[20];
  int count = 0, point = 0;
};

template <class Format>
inline Digits shortest_digits(double x) {
  const Scaled s = scaled<Format>(x);
  const bool even = !(s.fraction & 1);
  const bool wide_below =
      s.fraction == uint64_t(1) << (Format::kBits - 1) && s.exponent > Format::kLowest;
  // rest / unit is the number, the margins are half the distances to its neighbours.
  BigNumber rest(s.fraction), unit(1), above(1), below(1);
  rest.shift_left(1 + wide_below + (s.exponent > 0 ? s.exponent : 0));
  unit.shift_left(1 + wide_below + (s.exponent < 0 ? -s.exponent : 0));
  above.shift_left(wide_below + (s.exponent > 0 ? s.exponent : 0));
  below.shift_left(s.exponent > 0 ? s.exponent : 0);
  const auto reaches_unit = [&]() {
    BigNumber end = rest;
    end.add(above);
    const int order = end.compare(unit);
    return even ? order >= 0 : order > 0;
  };
  Digits d;
  while (reaches_unit()) {
    unit.multiply(10);
    ++d.point;
  }
  const auto next_place = [&]() {
    rest.multiply(10);
    above.multiply(10);
    below.multiply(10);
  };
  for (next_place(); !reaches_unit(); next_place()) --d.point;
  for (;; next_place()) {
    int digit = 0;
    for (; rest.compare(unit) >= 0; ++digit) rest.subtract(unit);
    const int low_order = rest.compare(below);
    const bool low = even ? low_order <= 0 : low_order < 0, high = reaches_unit();
    if (!low && !high) {
      d.digits[d.count++] = char('0' + digit);
      continue;
    }
    BigNumber twice = rest;
    twice.add(rest);
    const int order = twice.compare(unit);
    const bool up = low && high ? order > 0 || (order == 0 && digit % 2 == 1) : high;
    d.digits[d.count++] = char('0' + digit + up);
    return d;
  }
}

inline void add_whole(StringBytes& text, uint64_t value) {
  char digits[20];
  int count = 0;
  do digits[count++] = char('0' + value % 10);
  while (value /= 10);
  while (count > 0) text.add(digits[--count]);
}

// Plain from 1e-4 to 1e16, else with an exponent of at least two digits, as NumPy writes numbers.
[[maybe_unused]] inline void add_digits(StringBytes& text, const Digits& d) {
  const int exponent = d.point - 1;
  if (exponent < -4 || exponent >= 16) {
    text.add(d.digits[0]);
    if (d.count > 1) text.add('.');
    for (int i = 1; i < d.count; ++i) text.add(d.digits[i]);
    text.add('e');
    text.add(exponent < 0 ? '-' : '+');
    const int size = exponent < 0 ? -exponent : exponent;
    if (size < 10) text.add('0');
    return add_whole(text, uint64_t(size));
  }
  if (d.point <= 0) text.add("0.0000", uint64_t(2 - d.point));
  for (int i = 0; i < d.count || i < d.point; ++i) {
    if (i == d.point && i > 0) text.add('.');
    text.add(i < d.count ? d.digits[i] : '0');
  }
  if (d.count <= d.point) text.add(".0", 2);
}

template <class Format>
inline void add_float(StringBytes& text, double x) {
  if (x != x) return text.add("NaN", 3);
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  if (bits >> 63) text.add('-');
  bits &= ~(uint64_t(1) << 63);
  memcpy(&x, &bits, sizeof x);
  if (x > 1.7976931348623157e308) return text.add("INF", 3);
  if (x == 0) return text.add("0.0", 3);
  add_digits(text, shortest_digits<Format>(x));
}

template <class T>
inline void add_number(StringBytes& text, T x) {
  if constexpr (kSame<T, bool>) {
    text.add(x ? "True" : "False", x ? 4 : 5);
  } else if constexpr (kSame<T, float> || kSame<T, double>) {
    add_float<Binary<T>>(text, double(x));
  } else if constexpr (kSame<T, Float16> || kSame<T, BFloat16>) {
    add_float<Binary<T>>(text, double(to_float(x)));
  } else {
    if (x < T(0)) text.add('-');
    add_whole(text, x < T(0) ? uint64_t(0) - uint64_t(int64_t(x)) : uint64_t(x));
  }
}

inline double power_of_two(int exponent) {
  const uint64_t bits =
      exponent >= -1022 ? uint64_t(exponent + 1023) << 52 : uint64_t(1) << (exponent + 1074);
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

// over * 10^exponent rounded to the nearest number of the format, as a double; `over` is below
// 10^40.
template <class Format>
inline double rounded(BigNumber over, int exponent) {
  if (over.is_zero() || exponent < -365) return 0;
  if (exponent > 310) return __builtin_inf();
  BigNumber under(1);
  over.multiply_by_power_of_ten(exponent);
  under.multiply_by_power_of_ten(-exponent);
  // over / under has one bit more than the precision, or two.
  int last = over.bits() - under.bits() - Format::kBits - 1;
  if (last < Format::kLowest - 1) last = Format::kLowest - 1;
  if (last > 0) under.shift_left(last);
  if (last < 0) over.shift_left(-last);
  uint64_t quotient = 0;
  for (int shift = over.bits() - under.bits(); shift >= 0; --shift) {
    BigNumber part = under;
    part.shift_left(shift);
    quotient <<= 1;
    if (over.compare(part) < 0) continue;
    over.subtract(part);
    quotient |= 1;
  }
  const bool rest = !over.is_zero();
  const int drop = quotient >> (Format::kBits + 1) ? 2 : 1;
  const uint64_t half = uint64_t(1) << (drop - 1), tail = quotient & (2 * half - 1);
  uint64_t fraction = quotient >> drop;
  if (tail > half || (tail == half && (rest || (fraction & 1)))) ++fraction;
  last += drop;
  if (last + (fraction >> Format::kBits ? 1 : 0) > Format::kHighest) return __builtin_inf();
  return double(int64_t(fraction)) * power_of_two(last);
}

class NumberReader {
 public:
  explicit NumberReader(String text) : text_(text) {
    while (at_ < text_.size && is_space(text_.data[at_])) ++at_;
    while (text_.size > at_ && is_space(text_.data[text_.size - 1])) --text_.size;
  }

  // NaN where the text is no number.
  template <class Format>
  double read() {
    const bool negative = eat('-');
    if (!negative) eat('+');
    const double size = magnitude<Format>();
    return negative ? -size : size;
  }

  // The number if the text is a whole one, of at most 19 digits.
  bool read_whole(int64_t* value) {
    const bool negative = eat('-');
    if (!negative) eat('+');
    const uint64_t begin = at_;
    uint64_t size = 0;
    for (; at_ < text_.size && is_digit(text_.data[at_]) && at_ - begin < 19; ++at_)
      size = size * 10 + uint64_t(text_.data[at_] - '0');
    *value = int64_t(negative ? uint64_t(0) - size : size);
    return at_ == text_.size && at_ > begin;
  }

 private:
  static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  bool eat(char c) {
    if (at_ == text_.size || text_.data[at_] != c) return false;
    ++at_;
    return true;
  }
  // The word that is left, in any case.
  bool left(const char* lower, uint64_t size) const {
    if (text_.size - at_ != size) return false;
    for (uint64_t i = 0; i < size; ++i) {
      if ((text_.data[at_ + i] | 0x20) != lower[i]) return false;
    }
    return true;
  }

  template <class Format>
  double magnitude() {
    const double not_a_number = __builtin_nan("");
    if (left("inf", 3) || left("infinity", 8)) return __builtin_inf();
    BigNumber value(0);
    int digits = 0, exponent = 0;
    bool any = false, fraction = false;
    for (; at_ < text_.size; ++at_) {
      const char c = text_.data[at_];
      if (c == '.' && !fraction) {
        fraction = true;
        continue;
      }
      if (!is_digit(c)) break;
      any = true;
      if (digits < 39) {
        value.multiply(10);
        value.add(BigNumber(uint64_t(c - '0')));
        digits += !value.is_zero();
        exponent -= fraction;
      } else {
        exponent += !fraction;
      }
    }
    if (!any) return not_a_number;
    if (eat('e') || eat('E')) {
      const bool negative = eat('-');
      if (!negative) eat('+');
      int size = 0;
      if (at_ == text_.size) return not_a_number;
      for (; at_ < text_.size && is_digit(text_.data[at_]); ++at_) {
        if (size < 10000) size = size * 10 + (text_.data[at_] - '0');
      }
      exponent += negative ? -size : size;
    }
    return at_ == text_.size ? rounded<Format>(value, exponent) : not_a_number;
  }

  String text_;
  uint64_t at_ = 0;
};

template <class T>
inline T read_number(String text) {
  if constexpr (kSame<T, float> || kSame<T, double>) {
    return T(NumberReader(text).read<Binary<T>>());
  } else if constexpr (kSame<T, Float16> || kSame<T, BFloat16>) {
    return from_float<T>(float(NumberReader(text).read<Binary<T>>()));
  } else if constexpr (kSame<T, bool>) {
    return NumberReader(text).read<Binary<double>>() != 0;
  } else {
    int64_t whole = 0;
    if (NumberReader(text).read_whole(&whole)) return T(whole);
    return convert<T>(NumberReader(text).read<Binary<double>>());
  }
}

}  // namespace text_detail

// Numbers as text: the fewest digits that read back as the same number of its type. `bytes` has
// room for kNumberTextBytes a number.
template <class T>
inline void numbers_to_text(const T* x, String* y, uint8_t* bytes, int64_t count) {
  StringBytes text(bytes, count * kNumberTextBytes);
  for (int64_t i = 0; i < count; ++i) {
    text_detail::add_number(text, x[i]);
    y[i] = text.take();
  }
}

// The nearest number to each text, of which 39 digits count; NaN (as a whole number: what NaN
// becomes) where it is none.
template <class T>
inline void text_to_numbers(const String* x, T* y, int64_t count) {
  for (int64_t i = 0; i < count; ++i) y[i] = text_detail::read_number<T>(x[i]);
}

}  // namespace onnxc

// Powers: for floats through double, for doubles with a logarithm in two doubles, for integers by
// squaring.
#pragma once

#include "templates/cpu/math_double_exp.h"
#include "templates/cpu/math_wide.h"

namespace onnxc {
namespace math {

// pow(x, y) given power = pow(|x|, y) where neither is special.
template <class V>
ONNXC_INLINE V pow_special(V x, V y, V power) {
  const V zero = V{}, one = splat<V>(1.0), infinity = splat<V>(__builtin_inf());
  const V nan = splat<V>(__builtin_nan("")), half_y = y * splat<V>(0.5);
  const V size = abs(x);
  const Mask<V> whole = round_even(y) == y;
  const Mask<V> odd = and_<Mask<V>>(whole, round_even(half_y) != half_y);
  const V at_zero = y < zero ? infinity : zero;
  const V at_infinity = y < zero ? zero : infinity;
  V result = size == zero ? at_zero : power;
  result = size == infinity ? at_infinity : result;
  const V grows = (size > one) == (y > zero) ? infinity : zero;
  result = abs(y) == infinity ? (size == one ? one : grows) : result;
  const Mask<V> no_root = and_<Mask<V>>(x < zero, not_(whole));
  result = and_<Mask<V>>(no_root, size != infinity) ? nan : result;
  const Mask<V> negative = bits_as<IntLike<V>>(x) < IntLike<V>{};
  result = and_<Mask<V>>(negative, odd) ? V(-result) : result;
  result = or_<Mask<V>>(is_nan(x), is_nan(y)) ? nan : result;
  return or_<Mask<V>>(x == one, y == zero) ? one : result;
}

// pow for x and y that came from floats; the result suits a float.
template <class V>
ONNXC_INLINE V pow_of_floats(V x, V y) {
  const LogParts<V> parts = log_parts_double(abs(x));
  const V z = parts.s * parts.s;
  const V logarithm =
      polynomial(z, 0x1.71547652b8251p+1, 0x1.ec709dc53c91bp-1, 0x1.2776c29304485p-1,
                 0x1.a61a2efd49625p-2, 0x1.47954d3a7d262p-2, 0x1.21b173e213baap-2);
  const V exponent = y * mul_add(parts.s, logarithm, parts.power);
  const V limited = limit(exponent, -200.0, 200.0);
  const V count = round_even(limited), r = limited - count;
  const V value = polynomial(r, 0x1.ffffffffab98fp-1, 0x1.62e42ff116ed8p-1, 0x1.ebfbe0a4f5e05p-3,
                             0x1.c6b08aadeb582p-5, 0x1.3b29dc11f4be8p-7, 0x1.5d8a71820ff0fp-10,
                             0x1.446a45babbc69p-13, 0x1.fe16baca22469p-17);
  return pow_special(x, y, V(value * power_of_two(count)));
}

// log(x) in two doubles, for positive finite x.
ONNXC_NOINLINE Pair<double> log_in_two(double x) {
  const LogParts<double> parts = log_parts_double(x);
  const double f = parts.f, divisor = 2.0 + f, divisor_low = f - (divisor - 2.0);
  const double s = parts.s;
  const Pair<double> back = two_product(s, divisor);
  const double s_low = (((f - back.high) - back.low) - s * divisor_low) / divisor;
  const Pair<double> square = two_product(s, s);
  const double square_low = square.low + 2.0 * s * s_low;
  const double z = square.high;
  const double tail =
      z * polynomial(z, 0x1.9999999999d11p-2, 0x1.24924924397edp-2, 0x1.c71c724b6888cp-3,
                     0x1.745ce1c81201ap-3, 0x1.3b2024a6b623bp-3, 0x1.0f6740583163bp-3,
                     0x1.0f0df9f300760p-3);
  const Pair<double> inner = two_sum(0x1.5555555555555p-1, tail);
  const double inner_low = inner.low + 0x1.5555555555555p-55;
  const Pair<double> curved = two_product(square.high, inner.high);
  const double curved_low = curved.low + square.high * inner_low + square_low * inner.high;
  const Pair<double> cubic = two_product(s, curved.high);
  const double cubic_low = cubic.low + s * curved_low + s_low * curved.high;
  const Pair<double> whole = two_sum(parts.power * 0x1.62e42feep-1, 2.0 * s);
  const Pair<double> sum = two_sum(whole.high, cubic.high);
  const Pair<double> turns = two_product(parts.power, 0x1.a39ef35793c76p-33);
  const double turns_low = turns.low + parts.power * 0x1.cc01f97b57a08p-87;
  const Pair<double> all = two_sum(sum.high, turns.high);
  const double low = all.low + sum.low + whole.low + (2.0 * s_low + cubic_low + turns_low);
  return two_sum(all.high, low);
}

ONNXC_NOINLINE double pow_double(double x, double y) {
  const double size = abs(x);
  double power = 1.0;
  if (size > 0 && !is_inf(x) && !is_inf(y) && !is_nan(x) && !is_nan(y)) {
    const Pair<double> logarithm = log_in_two(size);
    const double rough = y * logarithm.high;
    if (!(abs(rough) < 800)) {
      power = rough > 0 ? __builtin_inf() : 0.0;
    } else if (abs(rough) < 0x1p-60) {
      power = 1.0 + rough;
    } else {
      const Pair<double> product = two_product(y, logarithm.high);
      power = exp_double(product.high, product.low + y * logarithm.low, 0.0);
    }
  }
  return pow_special(x, y, power);
}

// x^y by squaring, wrapping; 0 where a negative y asks for a fraction.
template <class T>
inline T pow_integer(T x, T y) {
  if constexpr (kIsSigned<T>) {
    if (y < 0) {
      if (x == 1) return 1;
      if (x == T(-1)) return (y & 1) ? T(-1) : T(1);
      return 0;
    }
  }
  uint64_t power = 1, base = uint64_t(int64_t(x));
  if constexpr (!kIsSigned<T>) base = uint64_t(x);
  for (uint64_t rest = uint64_t(y); rest != 0; rest >>= 1, base *= base) {
    if (rest & 1) power *= base;
  }
  return T(power);
}

}  // namespace math
}  // namespace onnxc

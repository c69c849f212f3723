// Natural logarithms: log and log1p, for floats and doubles.
#pragma once

#include "templates/cpu/math_basic.h"

namespace onnxc {
namespace math {

// What log gives where its argument is not a positive finite number.
template <class V>
ONNXC_INLINE V log_special(V x, V result) {
  using T = Element<V>;
  const V infinity = splat<V>(T(__builtin_inf()));
  result = x < infinity ? result : x;
  result = x < V{} ? splat<V>(T(__builtin_nan(""))) : result;
  return x == V{} ? V(-infinity) : result;
}

template <class V>
ONNXC_INLINE V log_finite_float(V x) {
  using I = IntLike<V>;
  const V smallest = splat<V>(0x1p-126f);
  const Mask<V> subnormal = x < smallest;
  const I bits = bits_as<I>(subnormal ? V(x * splat<V>(0x1p23f)) : x);
  const I exponent = I(bits - splat<I>(0x3f3504f3)) >> 23;
  const V f = bits_as<V>(I(bits - (exponent << 23))) - splat<V>(1.0f);
  V power;
  if constexpr (kLaneCount<V> == 1) {
    power = V(exponent);
  } else {
    power = __builtin_convertvector(exponent, V);
  }
  power = power - (subnormal ? splat<V>(23.0f) : V{});
  const V square = f * f;
  V tail =
      polynomial(f, 0x1.555548p-2f, -0x1.000068p-2f, 0x1.99a52ep-3f, -0x1.553288p-3f,
                 0x1.230856p-3f, -0x1.00ca32p-3f, 0x1.ef2b06p-4f, -0x1.c19472p-4f, 0x1.bf3182p-5f);
  tail = mul_add(V(tail * f), square, V(power * splat<V>(0x1.7f7d1cp-20f)));
  tail = mul_add(square, splat<V>(-0.5f), tail);
  return mul_add(power, splat<V>(0x1.62e4p-1f), V(f + tail));
}

template <class V>
struct LogParts {
  V power;  // x = 2^power * (1 + f)
  V f;      // sqrt(1/2) - 1 .. sqrt(2) - 1
  V s;      // f / (2 + f)
};

// Takes a positive finite double apart.
template <class V>
ONNXC_INLINE LogParts<V> log_parts_double(V x) {
  using U = UintLike<V>;
  const Mask<V> subnormal = x < splat<V>(0x1p-1022);
  const U bits = bits_as<U>(subnormal ? V(x * splat<V>(0x1p54)) : x);
  const U shifted = bits + splat<U>(0x3ff0000000000000u - 0x3fe6a09e667f3bcdu);
  const V biased = bits_as<V>(U((shifted >> 52) | splat<U>(0x4330000000000000u)));
  const V offset = subnormal ? splat<V>(0x1p52 + 1023 + 54) : splat<V>(0x1p52 + 1023);
  const U fraction = (shifted & splat<U>(0x000fffffffffffffu)) + splat<U>(0x3fe6a09e667f3bcdu);
  const V f = bits_as<V>(fraction) - splat<V>(1.0);
  return {biased - offset, f, f / (splat<V>(2.0) + f)};
}

template <class V>
ONNXC_INLINE V log_finite_double(V x) {
  const LogParts<V> parts = log_parts_double(x);
  const V f = parts.f, z = parts.s * parts.s;
  const V tail = z * polynomial(z, 0x1.5555555555555p-1, 0x1.9999999999d11p-2, 0x1.24924924397edp-2,
                                0x1.c71c724b6888cp-3, 0x1.745ce1c81201ap-3, 0x1.3b2024a6b623bp-3,
                                0x1.0f6740583163bp-3, 0x1.0f0df9f300760p-3);
  const V half_square = splat<V>(0.5) * f * f;
  const V small =
      mul_add(parts.s, V(half_square + tail), V(parts.power * splat<V>(0x1.a39ef35793c76p-33)));
  return mul_add(parts.power, splat<V>(0x1.62e42feep-1), V(f - (half_square - small)));
}

template <class V>
ONNXC_INLINE V log_finite(V x) {
  if constexpr (kSame<Element<V>, float>) {
    return log_finite_float(x);
  } else {
    return log_finite_double(x);
  }
}

}  // namespace math

// Natural logarithm; -inf at 0, NaN below. Float 0.8 ulp, double 0.8 ulp.
template <class V>
ONNXC_INLINE V log(V x) {
  return math::log_special(x, math::log_finite(x));
}

// log(1 + x), accurate near 0. Float 1.5 ulp, double 1.5 ulp.
template <class V>
ONNXC_INLINE V log1p(V x) {
  using T = Element<V>;
  const V one = splat<V>(T(1));
  const V sum = one + x, added = sum - one;
  const V lost = (one - (sum - added)) + (x - added);
  const V near = math::log_finite(sum) + lost / sum;
  const V result = math::log_special(sum, near);
  const V tiny = splat<V>(kSame<T, float> ? T(0x1p-25) : T(0x1p-54));
  return abs(x) < tiny ? x : result;
}

}  // namespace onnxc

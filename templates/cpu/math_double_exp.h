// exp and the hyperbolic functions in double precision, free of branches: scalars, or vectors for
// the floats' own use.
#pragma once

#include "templates/cpu/math_exp.h"
#include "templates/cpu/math_log.h"
#include "templates/cpu/math_sqrt.h"

namespace onnxc {
namespace math {

// A number as (1 + value) * 2^power.
template <class V>
struct GrowthParts {
  V value;
  V power;
};

// exp(x + low) = (1 + value) * 2^power; |x| below 1500, low
// tiny beside x.
template <class V>
ONNXC_INLINE GrowthParts<V> expm1_parts_double(V x, V low) {
  const V power = round_even(V(x * splat<V>(0x1.71547652b82fep+0)));
  const V high = mul_add(power, splat<V>(-0x1.62e42feep-1), x);
  const V step = mul_add(power, splat<V>(-0x1.a39ef35793c76p-33), low);
  const V r = high + step;
  const V lost = (high - r) + step;
  const V tail = polynomial(r, 0x1.0000000000000p-1, 0x1.555555555555dp-3, 0x1.555555555556cp-5,
                            0x1.111111110e54ap-7, 0x1.6c16c16c0a403p-10, 0x1.a01a01b5f4497p-13,
                            0x1.a01a01e8be9adp-16, 0x1.71ddeaae27eecp-19, 0x1.27e44a3fa3b56p-22,
                            0x1.af74497d1f584p-26, 0x1.205167d4cc6a8p-29);
  return {r + mul_add(V(r * r), tail, lost), power};
}

// exp(x + low) * 2^extra.
template <class V>
ONNXC_INLINE V exp_double(V x, V low, double extra) {
  const GrowthParts<V> parts = expm1_parts_double(limit(x, -746.0, 711.0), low);
  return scale_by_power(V(splat<V>(1.0) + parts.value), V(parts.power + splat<V>(extra)));
}

// exp(x) - 1 for x in -50..50.
template <class V>
ONNXC_INLINE V expm1_double(V x) {
  const GrowthParts<V> parts = expm1_parts_double(x, V{});
  const V scale = power_of_two(parts.power), one = splat<V>(1.0);
  return mul_add(parts.value, scale, V(scale - one));
}

template <class V>
ONNXC_INLINE V sinh_double(V x) {
  const V half = splat<V>(0.5), one = splat<V>(1.0);
  const V grown = expm1_double(smaller(splat<V>(22.0), abs(x)));
  const V small = half * (grown + grown / (grown + one));
  const V size = abs(x);
  const V large = exp_double(size, V{}, -1.0);
  return copy_sign(size < splat<V>(22.0) ? small : large, x);
}

template <class V>
ONNXC_INLINE V cosh_double(V x) {
  const V half = exp_double(abs(x), V{}, -1.0);
  return half + splat<V>(0.25) / half;
}

template <class V>
ONNXC_INLINE V tanh_double(V x) {
  const V limited = smaller(splat<V>(22.0), abs(x));
  const V grown = expm1_double(V(limited + limited));
  return copy_sign(V(grown / (grown + splat<V>(2.0))), x);
}

template <class V>
ONNXC_INLINE V sigmoid_double(V x) {
  const V one = splat<V>(1.0);
  const V small = exp_double(V(-abs(x)), V{}, 0.0);
  return (x < V{} ? small : one) / (one + small);
}

template <class V>
ONNXC_INLINE V asinh_double(V x) {
  const V size = abs(x), one = splat<V>(1.0), limit = splat<V>(0x1p28);
  const Mask<V> huge = size > limit;
  const V inner = huge ? one : size, square = inner * inner;
  const V argument = inner + square / (one + sqrt(V(one + square)));
  const V near = log1p(huge ? V(size - one) : argument);
  return copy_sign(huge ? V(near + splat<V>(0x1.62e42fefa39efp-1)) : near, x);
}

template <class V>
ONNXC_INLINE V acosh_double(V x) {
  const V one = splat<V>(1.0), limit = splat<V>(0x1p28);
  const Mask<V> huge = x > limit;
  const V inner = (huge ? one : x) - one;
  const V argument = inner + sqrt(V(mul_add(inner, inner, V(inner + inner))));
  const V near = log1p(huge ? V(x - one) : argument);
  const V result = huge ? V(near + splat<V>(0x1.62e42fefa39efp-1)) : near;
  return x < one ? splat<V>(__builtin_nan("")) : result;
}

template <class V>
ONNXC_INLINE V atanh_double(V x) {
  const V size = abs(x), one = splat<V>(1.0);
  return copy_sign(V(splat<V>(0.5) * log1p(V((size + size) / (one - size)))), x);
}

}  // namespace math
}  // namespace onnxc

// The functions of generated code, for float vectors of any lanes and for float and double scalars;
// no C library.
#pragma once

#include "templates/cpu/math_arc.h"
#include "templates/cpu/math_basic.h"
#include "templates/cpu/math_convert.h"
#include "templates/cpu/math_double_exp.h"
#include "templates/cpu/math_erf.h"
#include "templates/cpu/math_exp.h"
#include "templates/cpu/math_integer.h"
#include "templates/cpu/math_log.h"
#include "templates/cpu/math_pow.h"
#include "templates/cpu/math_sqrt.h"
#include "templates/cpu/math_trig.h"

// Each function's line gives the largest error found in its test, in units in the last place. The
// domain is everything: infinities, NaN and subnormals included. Vectors are of floats; doubles are
// scalars.
namespace onnxc {

// e to the power x. Float 0.99 ulp, double 0.86 ulp.
template <class V>
ONNXC_INLINE V exp(V x) {
  if constexpr (kSame<Element<V>, float>) {
    return math::exp_float(x);
  } else {
    return math::exp_double(x, V{}, 0.0);
  }
}

// 1 / (1 + exp(-x)), accurate in both tails. Float 1.7 ulp, double 2.2 ulp.
template <class V>
ONNXC_INLINE V sigmoid(V x) {
  if constexpr (kSame<Element<V>, float>) {
    return math::sigmoid_float(x);
  } else {
    return math::sigmoid_double(x);
  }
}

// Hyperbolic tangent. Float 1.3 ulp, double 2.2 ulp.
template <class V>
ONNXC_INLINE V tanh(V x) {
  if constexpr (kSame<Element<V>, float>) {
    return math::tanh_float(x);
  } else {
    return math::tanh_double(x);
  }
}

// The error function. Float 1.2 ulp, double 1.2 ulp.
template <class V>
ONNXC_INLINE V erf(V x) {
  if constexpr (kSame<Element<V>, float>) {
    return math::erf_float(x);
  } else {
    return math::erf_double(x);
  }
}

// Sine; huge angles are reduced exactly. Float 1.5 ulp, double 0.8 ulp.
template <class V>
ONNXC_INLINE V sin(V x) {
  if constexpr (kSame<Element<V>, float>) {
    return select(eq(x, V{}), x, math::sin_turned_float(x, 0));
  } else {
    return select(eq(x, V{}), x, math::sin_turned_double(x, 0));
  }
}

// Cosine; huge angles are reduced exactly. Float 1.5 ulp, double 0.8 ulp.
template <class V>
ONNXC_INLINE V cos(V x) {
  if constexpr (kSame<Element<V>, float>) {
    return math::sin_turned_float(x, 1);
  } else {
    return math::sin_turned_double(x, 1);
  }
}

// Tangent. Float 0.5 ulp, double 2.1 ulp.
template <class V>
ONNXC_INLINE V tan(V x) {
  return math::in_double(x, [](auto wide) ONNXC_LAMBDA { return math::tan_double(wide); });
}

// Inverse sine; NaN outside -1..1. Float 0.5 ulp, double 2.2 ulp.
template <class V>
ONNXC_INLINE V asin(V x) {
  return math::in_double(x, [](auto wide) ONNXC_LAMBDA { return math::asin_double(wide); });
}

// Inverse cosine; NaN outside -1..1. Float 0.5 ulp, double 1.2 ulp.
template <class V>
ONNXC_INLINE V acos(V x) {
  return math::in_double(x, [](auto wide) ONNXC_LAMBDA { return math::acos_double(wide); });
}

// Inverse tangent. Float 0.5 ulp, double 1.8 ulp.
template <class V>
ONNXC_INLINE V atan(V x) {
  return math::in_double(x, [](auto wide) ONNXC_LAMBDA { return math::atan_double(wide); });
}

// Hyperbolic sine. Float 0.5 ulp, double 2.0 ulp.
template <class V>
ONNXC_INLINE V sinh(V x) {
  return math::in_double(x, [](auto wide) ONNXC_LAMBDA { return math::sinh_double(wide); });
}

// Hyperbolic cosine. Float 0.5 ulp, double 1.3 ulp.
template <class V>
ONNXC_INLINE V cosh(V x) {
  return math::in_double(x, [](auto wide) ONNXC_LAMBDA { return math::cosh_double(wide); });
}

// Inverse hyperbolic sine. Float 0.5 ulp, double 1.9 ulp.
template <class V>
ONNXC_INLINE V asinh(V x) {
  return math::in_double(x, [](auto wide) ONNXC_LAMBDA { return math::asinh_double(wide); });
}

// Inverse hyperbolic cosine; NaN below 1. Float 0.5 ulp, double 2.0 ulp.
template <class V>
ONNXC_INLINE V acosh(V x) {
  return math::in_double(x, [](auto wide) ONNXC_LAMBDA { return math::acosh_double(wide); });
}

// Inverse hyperbolic tangent; NaN outside -1..1. Float 0.5 ulp, double 2.3 ulp.
template <class V>
ONNXC_INLINE V atanh(V x) {
  return math::in_double(x, [](auto wide) ONNXC_LAMBDA { return math::atanh_double(wide); });
}

// x to the power y; integers wrap. Float 0.51 ulp, double 0.85 ulp.
template <class V>
ONNXC_INLINE V pow(V x, V y) {
  using T = Element<V>;
  if constexpr (kSame<T, float>) {
    return math::in_double(x, y,
                           [](auto a, auto b) ONNXC_LAMBDA { return math::pow_of_floats(a, b); });
  } else if constexpr (kSame<T, double>) {
    return math::pow_double(x, y);
  } else {
    return math::by_lane(x, y, [](T a, T b) ONNXC_LAMBDA { return math::pow_integer(a, b); });
  }
}

}  // namespace onnxc

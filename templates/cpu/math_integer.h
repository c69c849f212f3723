// Arithmetic with the standard's exact meaning on integers (wrapping, never trapping), remainders,
// bits and shifts.
#pragma once

#include "templates/cpu/math_basic.h"

namespace onnxc {

// Sums, differences and products; integers wrap, narrow ones too.
template <class V>
ONNXC_INLINE V add(V a, V b) {
  if constexpr (kIsFloat<Element<V>>) {
    return a + b;
  } else {
    return V(UintLike<V>(a) + UintLike<V>(b));
  }
}
template <class V>
ONNXC_INLINE V sub(V a, V b) {
  if constexpr (kIsFloat<Element<V>>) {
    return a - b;
  } else {
    return V(UintLike<V>(a) - UintLike<V>(b));
  }
}
template <class V>
ONNXC_INLINE V mul(V a, V b) {
  if constexpr (kIsFloat<Element<V>>) {
    return a * b;
  } else if constexpr (kLaneCount<V> == 1) {
    return V(uint64_t(a) * uint64_t(b));
  } else {
    return V(UintLike<V>(a) * UintLike<V>(b));
  }
}

namespace math {

template <class T>
ONNXC_INLINE T divide_integers(T a, T b) {
  if (b == 0) return 0;
  if constexpr (kIsSigned<T>) {
    if (b == T(-1)) return neg(a);
  }
  return T(a / b);
}

template <class T>
ONNXC_INLINE T integer_remainder(T a, T b) {
  if (b == 0) return 0;
  if constexpr (kIsSigned<T>) {
    if (b == T(-1)) return 0;
  }
  return T(a % b);
}

// The remainder of two finite numbers, b not 0, by long division in bits: exact.
template <class T>
inline T float_remainder(T x, T y) {
  using U = UintLike<T>;
  constexpr int kFraction = kSame<T, float> ? 23 : 52;
  constexpr U kHidden = U(1) << kFraction;
  const U a = bits_as<U>(abs(x)), b = bits_as<U>(abs(y));
  if (a < b) return x;
  int a_exponent = int(a >> kFraction), exponent = int(b >> kFraction);
  U rest = a_exponent ? (a & (kHidden - 1)) | kHidden : a;
  U divisor = exponent ? (b & (kHidden - 1)) | kHidden : b;
  a_exponent += a_exponent == 0;
  exponent += exponent == 0;
  for (; rest < kHidden; --a_exponent) rest += rest;
  for (; divisor < kHidden; --exponent) divisor += divisor;
  for (;; --a_exponent) {
    if (rest >= divisor) rest -= divisor;
    if (a_exponent == exponent || rest == 0) break;
    rest += rest;
  }
  if (rest == 0) return copy_sign(T(0), x);
  for (; rest < kHidden && exponent > 1; --exponent) rest += rest;
  if (exponent < 1) {
    rest >>= 1 - exponent;
  } else if (rest >= kHidden) {
    rest = (rest & (kHidden - 1)) | (U(exponent) << kFraction);
  }
  return copy_sign(bits_as<T>(rest), x);
}

template <class T>
inline T fmod_scalar(T x, T y) {
  if (is_nan(x) || is_nan(y) || is_inf(x) || y == 0) return T(__builtin_nan(""));
  if (is_inf(y)) return x;
  if constexpr (kSame<T, float>) {
    const double quotient = abs(double(x) / double(y));
    if (quotient < 0x1p29) {
      const double size = abs(double(x)), divisor = abs(double(y));
      double rest = size - double(int64_t(quotient)) * divisor;
      rest = rest < 0 ? rest + divisor : rest;
      return copy_sign(float(rest), x);
    }
  }
  return float_remainder(x, y);
}

// function(a, b) lane by lane.
template <class V, class Function>
ONNXC_INLINE V by_lane(V a, V b, Function function) {
  if constexpr (kLaneCount<V> == 1) {
    return function(a, b);
  } else {
    V result = a;
    for (int lane = 0; lane < kLaneCount<V>; ++lane) {
      result[lane] = function(Element<V>(a[lane]), Element<V>(b[lane]));
    }
    return result;
  }
}

}  // namespace math

// a / b; integers truncate, wrap for the least number over -1, and give 0 over 0.
template <class V>
ONNXC_INLINE V div(V a, V b) {
  using T = Element<V>;
  if constexpr (kIsFloat<T>) {
    return a / b;
  } else {
    return math::by_lane(a, b, [](T x, T y) ONNXC_LAMBDA { return math::divide_integers(x, y); });
  }
}

// The remainder with the sign of a, exact; integers give 0 over 0.
template <class V>
ONNXC_INLINE V fmod(V a, V b) {
  using T = Element<V>;
  if constexpr (kIsFloat<T>) {
    return math::by_lane(a, b, [](T x, T y) ONNXC_LAMBDA { return math::fmod_scalar(x, y); });
  } else {
    return math::by_lane(a, b, [](T x, T y) ONNXC_LAMBDA { return math::integer_remainder(x, y); });
  }
}

// The remainder with the sign of b, as Python's %.
template <class V>
ONNXC_INLINE V mod(V a, V b) {
  const V rest = fmod(a, b);
  if constexpr (kIsSigned<Element<V>>) {
    const Mask<V> other_side = xor_<Mask<V>>(rest < V{}, b < V{});
    const Mask<V> shifted = and_<Mask<V>>(rest != V{}, other_side);
    if constexpr (kIsFloat<Element<V>>) {
      return select(rest == V{}, copy_sign(rest, b), select(shifted, V(rest + b), rest));
    } else {
      return select(shifted, V(rest + b), rest);
    }
  } else {
    return rest;
  }
}

template <class V>
ONNXC_INLINE V bit_and(V a, V b) {
  return V(a & b);
}
template <class V>
ONNXC_INLINE V bit_or(V a, V b) {
  return V(a | b);
}
template <class V>
ONNXC_INLINE V bit_xor(V a, V b) {
  return V(a ^ b);
}
template <class V>
ONNXC_INLINE V bit_not(V a) {
  return V(~a);
}

// Shifts of scalars; 0 (or the sign, to the right) where every bit leaves.
template <class T>
ONNXC_INLINE T shift_left(T a, T by) {
  constexpr int kBits = int(8 * sizeof(T));
  return UintLike<T>(by) >= kBits ? T(0) : T(UintLike<T>(a) << by);
}
template <class T>
ONNXC_INLINE T shift_right(T a, T by) {
  constexpr int kBits = int(8 * sizeof(T));
  if (UintLike<T>(by) >= kBits) return a < T(0) ? T(-1) : T(0);
  return T(a >> by);
}

}  // namespace onnxc

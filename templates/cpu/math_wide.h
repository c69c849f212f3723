// Doubles beside floats: the two halves of a float vector as doubles and back, and sums and
// products in two doubles.
#pragma once

#include "templates/cpu/math_basic.h"

namespace onnxc {

// Whether the mask holds in any lane.
template <class M>
ONNXC_INLINE bool any(M mask) {
  if constexpr (kSame<M, bool>) {
    return mask;
  } else {
#if defined(__AVX512F__)
    if constexpr (sizeof(M) == 64) {
      return _mm512_test_epi64_mask((__m512i)mask, (__m512i)mask) != 0;
    }
#endif
#if defined(__AVX__)
    if constexpr (sizeof(M) == 32) return !_mm256_testz_si256((__m256i)mask, (__m256i)mask);
#endif
#if defined(__SSE2__)
    if constexpr (sizeof(M) == 16) return _mm_movemask_epi8((__m128i)mask) != 0;
#endif
    Element<M> bits = 0;
    for (int lane = 0; lane < kLaneCount<M>; ++lane) bits |= mask[lane];
    return bits != 0;
  }
}

namespace math {

template <class V>
using Half = Vec<Element<V>, kLaneCount<V> / 2>;
template <class V>
using WideHalf = Vec<double, kLaneCount<V> / 2>;

// The lower and upper lanes of a vector.
template <class V>
ONNXC_INLINE Half<V> low_half(V x) {
  if constexpr (kLaneCount<V> == 16) {
    return __builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7);
  } else if constexpr (kLaneCount<V> == 8) {
    return __builtin_shufflevector(x, x, 0, 1, 2, 3);
  } else {
    return __builtin_shufflevector(x, x, 0, 1);
  }
}
template <class V>
ONNXC_INLINE Half<V> high_half(V x) {
  if constexpr (kLaneCount<V> == 16) {
    return __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15);
  } else if constexpr (kLaneCount<V> == 8) {
    return __builtin_shufflevector(x, x, 4, 5, 6, 7);
  } else {
    return __builtin_shufflevector(x, x, 2, 3);
  }
}

// Two halves as one vector.
template <class V>
ONNXC_INLINE V join(Half<V> low, Half<V> high) {
  if constexpr (kLaneCount<V> == 16) {
    return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  } else if constexpr (kLaneCount<V> == 8) {
    return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7);
  } else {
    return __builtin_shufflevector(low, high, 0, 1, 2, 3);
  }
}

// The lower and upper lanes of a vector of floats as doubles.
template <class V>
ONNXC_INLINE WideHalf<V> widen_low(V x) {
  return __builtin_convertvector(low_half(x), WideHalf<V>);
}
template <class V>
ONNXC_INLINE WideHalf<V> widen_high(V x) {
  return __builtin_convertvector(high_half(x), WideHalf<V>);
}

// Two vectors of wide lanes as one of narrow lanes.
template <class V, class W>
ONNXC_INLINE V narrow(W low, W high) {
  return join<V>(__builtin_convertvector(low, Half<V>), __builtin_convertvector(high, Half<V>));
}

// function(double lanes) for the lanes of floats.
template <class V, class Function>
ONNXC_INLINE V in_double(V x, Function function) {
  if constexpr (kSame<Element<V>, double>) {
    return function(x);
  } else if constexpr (kLaneCount<V> == 1) {
    return V(function(double(x)));
  } else {
    return narrow<V>(function(widen_low(x)), function(widen_high(x)));
  }
}
template <class V, class Function>
ONNXC_INLINE V in_double(V x, V y, Function function) {
  if constexpr (kSame<Element<V>, double>) {
    return function(x, y);
  } else if constexpr (kLaneCount<V> == 1) {
    return V(function(double(x), double(y)));
  } else {
    return narrow<V>(function(widen_low(x), widen_low(y)), function(widen_high(x), widen_high(y)));
  }
}

// A number as the sum of two doubles, the second below the first's last bit.
template <class V>
struct Pair {
  V high;
  V low;
};

template <class V>
ONNXC_INLINE Pair<V> two_sum(V a, V b) {
  const V sum = a + b, part = sum - a;
  return {sum, (a - (sum - part)) + (b - part)};
}

// a * b without loss but for results near underflow.
ONNXC_INLINE Pair<double> two_product(double a, double b) {
  const double product = a * b;
#if defined(__FMA__) || defined(__FP_FAST_FMA)
  return {product, mul_add(a, b, -product)};
#else
  const uint64_t keep = 0xfffffffff8000000u;
  const double a_high = bits_as<double>(bits_as<uint64_t>(a) & keep), a_low = a - a_high;
  const double b_high = bits_as<double>(bits_as<uint64_t>(b) & keep), b_low = b - b_high;
  return {product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low};
#endif
}

}  // namespace math
}  // namespace onnxc

// Square root, correctly rounded, without the C library.
#pragma once

#include "templates/cpu/math_basic.h"

namespace onnxc {
namespace math {

// sqrt(x) for x > 0 and finite on targets without an instruction known here: one bit of the root a
// step.
template <class T>
inline T sqrt_by_bits(T x) {
  constexpr int kFraction = kSame<T, float> ? 23 : 52;
  constexpr int kBias = kSame<T, float> ? 127 : 1023;
  int extra = 0;
  if (x < (kSame<T, float> ? T(0x1p-126) : T(0x1p-1022))) {
    x *= kSame<T, float> ? T(0x1p24) : T(0x1p54);
    extra = kSame<T, float> ? 12 : 27;
  }
  using U = UintLike<T>;
  const U bits = bits_as<U>(x);
  const int exponent = int(bits >> kFraction) - kBias;
  U rest = (bits & ((U(1) << kFraction) - 1)) | (U(1) << kFraction);
  if (exponent & 1) rest += rest;
  rest += rest;
  U root = 0, sum = 0;
  for (U bit = U(1) << (kFraction + 1); bit != 0; bit >>= 1) {
    const U trial = sum + bit;
    if (trial <= rest) {
      sum = trial + bit;
      rest -= trial;
      root += bit;
    }
    rest += rest;
  }
  if (rest != 0) root += root & 1;
  const int half = (exponent & 1) ? (exponent - 1) / 2 : exponent / 2;
  return bits_as<T>(U((root >> 1) + (U(half - extra + kBias - 1) << kFraction)));
}

template <class T>
ONNXC_INLINE T sqrt_scalar(T x) {
#if defined(__SSE2__)
  if constexpr (kSame<T, float>) {
    return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x)));
  } else {
    const __m128d one = _mm_set_sd(x);
    return _mm_cvtsd_f64(_mm_sqrt_sd(one, one));
  }
#elif defined(__aarch64__)
  T root;
  if constexpr (kSame<T, float>) {
    __asm__("fsqrt %s0, %s1" : "=w"(root) : "w"(x));
  } else {
    __asm__("fsqrt %d0, %d1" : "=w"(root) : "w"(x));
  }
  return root;
#else
  if (!(x > 0)) return x == 0 ? x : T(__builtin_nan(""));
  return is_inf(x) ? x : sqrt_by_bits(x);
#endif
}

}  // namespace math

// The square root, correctly rounded; NaN below zero.
template <class V>
ONNXC_INLINE V sqrt(V x) {
  using T = Element<V>;
  static_assert(kIsFloat<T>, "sqrt is for floats and doubles");
#if defined(__AVX512F__)
  if constexpr (sizeof(V) == 64 && kSame<T, float>) {
    return (V)_mm512_maskz_sqrt_ps(-1, (__m512)x);
  } else if constexpr (sizeof(V) == 64) {
    return (V)_mm512_maskz_sqrt_pd(-1, (__m512d)x);
  }
#endif
#if defined(__AVX__)
  if constexpr (sizeof(V) == 32 && kSame<T, float>) {
    return (V)_mm256_sqrt_ps((__m256)x);
  } else if constexpr (sizeof(V) == 32) {
    return (V)_mm256_sqrt_pd((__m256d)x);
  }
#endif
#if defined(__SSE2__)
  if constexpr (sizeof(V) == 16 && kSame<T, float>) {
    return (V)_mm_sqrt_ps((__m128)x);
  } else if constexpr (sizeof(V) == 16) {
    return (V)_mm_sqrt_pd((__m128d)x);
  }
#endif
  if constexpr (kLaneCount<V> == 1) {
    return math::sqrt_scalar(x);
  } else {
    V root = x;
    for (int lane = 0; lane < kLaneCount<V>; ++lane) root[lane] = math::sqrt_scalar(T(x[lane]));
    return root;
  }
}

}  // namespace onnxc

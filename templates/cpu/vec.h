// Vectors of N lanes on the vector extensions of GCC and Clang: one source for 16, 8, 4 and 1
// lanes.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

#define ONNXC_INLINE inline __attribute__((always_inline))

namespace onnxc {

template <class T, int N>
struct VecOf {
  typedef T type __attribute__((vector_size(N * sizeof(T))));
  typedef T unaligned __attribute__((vector_size(N * sizeof(T)), aligned(sizeof(T)), may_alias));
};
template <class T>
struct VecOf<T, 1> {
  typedef T type;
  typedef T unaligned;
};

// N lanes of T; Vec<T, 1> is T itself.
template <class T, int N>
using Vec = typename VecOf<T, N>::type;

template <int N, class T>
ONNXC_INLINE Vec<T, N> load(const T* from) {
  return *reinterpret_cast<const typename VecOf<T, N>::unaligned*>(from);
}

template <int N, class T>
ONNXC_INLINE void store(T* to, Vec<T, N> value) {
  *reinterpret_cast<typename VecOf<T, N>::unaligned*>(to) = value;
}

// `x` in every lane. Written as a subtraction because that folds away where `v{} + x` costs an add.
template <int N, class T>
ONNXC_INLINE Vec<T, N> broadcast(T x) {
  if constexpr (N == 1) {
    return x;
  } else {
    return x - Vec<T, N>{};
  }
}

// a * b + c with one rounding where the target has it.
template <int N>
ONNXC_INLINE Vec<float, N> fma(Vec<float, N> a, Vec<float, N> b, Vec<float, N> c) {
#if defined(__AVX512F__)
  if constexpr (N == 16) return (Vec<float, N>)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#endif
#if defined(__FMA__)
  if constexpr (N == 8) return (Vec<float, N>)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
  if constexpr (N == 4) return (Vec<float, N>)_mm_fmadd_ps((__m128)a, (__m128)b, (__m128)c);
#endif
  return a * b + c;
}

}  // namespace onnxc

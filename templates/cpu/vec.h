// Vectors of N lanes on the vector extensions of GCC and Clang: one source for 16, 8, 4 and 1
// lanes.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

// ONNXC_INLINE: a function that is always inlined. ONNXC_LAMBDA follows a lambda's parameters and
// says the same of it. ONNXC_NOINLINE: a path kept apart, of each file its own. None throws, which
// only GCC is told: it saves the C++ runtime's exception tables there, and costs them with Clang.
#if defined(__clang__)
#define ONNXC_INLINE inline __attribute__((always_inline, unused))
#define ONNXC_LAMBDA __attribute__((always_inline))
#define ONNXC_NOINLINE static __attribute__((noinline, unused))
#else
#define ONNXC_INLINE inline __attribute__((always_inline, nothrow, unused))
#define ONNXC_LAMBDA __attribute__((always_inline, nothrow))
#define ONNXC_NOINLINE static __attribute__((noinline, nothrow, unused))
#endif

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
#if defined(__clang__)
#pragma clang fp contract(fast)
#endif
#if defined(__AVX512F__)
  if constexpr (N == 16) return (Vec<float, N>)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#endif
#if defined(__FMA__)
  if constexpr (N == 8) return (Vec<float, N>)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
  if constexpr (N == 4) return (Vec<float, N>)_mm_fmadd_ps((__m128)a, (__m128)b, (__m128)c);
#endif
#if !defined(__clang__) && (defined(__FMA__) || defined(__FP_FAST_FMAF))
  if constexpr (N == 1) return __builtin_fmaf(a, b, c);
#endif
  return a * b + c;
}

namespace vec_detail {

template <class V>
V& reference();
template <class T>
struct Value {
  typedef T type;
};
template <class T>
struct Value<T&> {
  typedef T type;
};
template <class V>
Value<decltype(reference<V>()[0])> element_of(int);
template <class V>
Value<V> element_of(...);

template <int kBytes>
struct IntegerOf;
template <>
struct IntegerOf<1> {
  typedef int8_t type;
  typedef uint8_t unsigned_type;
};
template <>
struct IntegerOf<2> {
  typedef int16_t type;
  typedef uint16_t unsigned_type;
};
template <>
struct IntegerOf<4> {
  typedef int32_t type;
  typedef uint32_t unsigned_type;
};
template <>
struct IntegerOf<8> {
  typedef int64_t type;
  typedef uint64_t unsigned_type;
};

template <class A, class B>
struct Same {
  static constexpr bool value = false;
};
template <class A>
struct Same<A, A> {
  static constexpr bool value = true;
};

}  // namespace vec_detail

template <class A, class B>
[[maybe_unused]] constexpr bool kSame = vec_detail::Same<A, B>::value;

// The type of one lane of V; V itself where V is a scalar.
template <class V>
using Element = typename decltype(vec_detail::element_of<V>(0))::type;

// How many lanes V has; 1 for a scalar.
template <class V>
[[maybe_unused]] constexpr int kLaneCount = int(sizeof(V) / sizeof(Element<V>));

// Signed and unsigned integers with as many lanes, and lanes as wide, as V.
template <class V>
using IntLike = Vec<typename vec_detail::IntegerOf<sizeof(Element<V>)>::type, kLaneCount<V>>;
template <class V>
using UintLike =
    Vec<typename vec_detail::IntegerOf<sizeof(Element<V>)>::unsigned_type, kLaneCount<V>>;

// What a comparison of two V yields: bool for scalars, else integers that are 0 or -1.
template <class V>
using Mask = decltype(vec_detail::reference<V>() < vec_detail::reference<V>());

// `x` in every lane of a V.
template <class V>
ONNXC_INLINE V splat(Element<V> x) {
  return broadcast<kLaneCount<V>>(x);
}

// The same bits as another type of the same size.
template <class To, class From>
ONNXC_INLINE To bits_as(From from) {
  static_assert(sizeof(To) == sizeof(From), "bits_as keeps the size");
  if constexpr (kLaneCount < To >> 1 && kLaneCount < From >> 1) {
    return (To)from;
  } else {
    To to;
    memcpy(&to, &from, sizeof(to));
    return to;
  }
}

// a * b + c for floats or doubles, with one rounding where the target has it.
template <class V>
ONNXC_INLINE V mul_add(V a, V b, V c) {
  constexpr int N = kLaneCount<V>;
  if constexpr (kSame<Element<V>, float>) {
    return fma<N>(a, b, c);
  } else {
#if defined(__AVX512F__)
    if constexpr (N == 8) return (V)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#endif
#if defined(__FMA__)
    if constexpr (N == 4) return (V)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
    if constexpr (N == 2) return (V)_mm_fmadd_pd((__m128d)a, (__m128d)b, (__m128d)c);
#endif
#if defined(__FMA__) || defined(__FP_FAST_FMA)
    if constexpr (N == 1) return __builtin_fma(a, b, c);
#endif
    return a * b + c;
  }
}

// c[0] + x c[1] + x^2 c[2] + ...
template <class V, class... More>
ONNXC_INLINE V polynomial(V x, Element<V> first, More... more) {
  if constexpr (sizeof...(more) == 0) {
    return splat<V>(first);
  } else {
    return mul_add(x, polynomial(x, more...), splat<V>(first));
  }
}

}  // namespace onnxc

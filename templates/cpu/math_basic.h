// Arithmetic that is exact: comparison, selection, sign, minimum, rounding, square root; vectors
// and scalars alike.
#pragma once

#include "templates/cpu/vec.h"

namespace onnxc {

template <class T>
[[maybe_unused]] constexpr bool kIsFloat = kSame<T, float> || kSame<T, double>;
template <class T>
[[maybe_unused]] constexpr bool kIsSigned = T(-1) < T(0);

// Comparisons give a Mask<V>; with NaN all but `ne` are false.
template <class V>
ONNXC_INLINE Mask<V> lt(V a, V b) {
  return a < b;
}
template <class V>
ONNXC_INLINE Mask<V> le(V a, V b) {
  return a <= b;
}
template <class V>
ONNXC_INLINE Mask<V> gt(V a, V b) {
  return a > b;
}
template <class V>
ONNXC_INLINE Mask<V> ge(V a, V b) {
  return a >= b;
}
template <class V>
ONNXC_INLINE Mask<V> eq(V a, V b) {
  return a == b;
}
template <class V>
ONNXC_INLINE Mask<V> ne(V a, V b) {
  return a != b;
}

// Logic on masks.
template <class M>
ONNXC_INLINE M and_(M a, M b) {
  return M(a & b);
}
template <class M>
ONNXC_INLINE M or_(M a, M b) {
  return M(a | b);
}
template <class M>
ONNXC_INLINE M xor_(M a, M b) {
  return M(a ^ b);
}
template <class M>
ONNXC_INLINE M not_(M a) {
  if constexpr (kSame<M, bool>) {
    return !a;
  } else {
    return ~a;
  }
}

// `yes` in the lanes where the mask holds, else `no`.
template <class V>
ONNXC_INLINE V select(Mask<V> mask, V yes, V no) {
  return mask ? yes : no;
}

template <class V>
ONNXC_INLINE Mask<V> is_nan(V x) {
  return x != x;
}

template <class V>
ONNXC_INLINE V abs(V x) {
  using T = Element<V>;
  if constexpr (kIsFloat<T>) {
    using I = IntLike<V>;
    constexpr Element<I> kAllButSign = Element<I>(~UintLike<T>(0) >> 1);
    return bits_as<V>(I(bits_as<I>(x) & splat<I>(kAllButSign)));
  } else if constexpr (kIsSigned<T>) {
    return select(lt(x, V{}), V(UintLike<V>{} - UintLike<V>(x)), x);
  } else {
    return x;
  }
}

template <class V>
ONNXC_INLINE Mask<V> is_inf(V x) {
  return abs(x) == splat<V>(Element<V>(__builtin_inf()));
}

// The magnitude of one and the sign of the other, NaN and zeros included.
template <class V>
ONNXC_INLINE V copy_sign(V magnitude, V sign) {
  using U = UintLike<V>;
  constexpr Element<U> kSign = Element<U>(1) << (8 * sizeof(Element<U>) - 1);
  return bits_as<V>(U((bits_as<U>(magnitude) & splat<U>(Element<U>(~kSign))) |
                      (bits_as<U>(sign) & splat<U>(kSign))));
}

// -x; integers wrap.
template <class V>
ONNXC_INLINE V neg(V x) {
  if constexpr (kIsFloat<Element<V>>) {
    return -x;
  } else {
    return V(UintLike<V>{} - UintLike<V>(x));
  }
}

// b where a is NaN or not above it, else a: one instruction where min and max need more.
template <class V>
ONNXC_INLINE V larger(V a, V b) {
  using T [[maybe_unused]] = Element<V>;
#if defined(__AVX512F__)
  if constexpr (sizeof(V) == 64 && kSame<T, float>) {
    return (V)_mm512_maskz_max_ps(-1, (__m512)a, (__m512)b);
  } else if constexpr (sizeof(V) == 64 && kSame<T, double>) {
    return (V)_mm512_maskz_max_pd(-1, (__m512d)a, (__m512d)b);
  }
#endif
#if defined(__AVX__)
  if constexpr (sizeof(V) == 32 && kSame<T, float>) {
    return (V)_mm256_max_ps((__m256)a, (__m256)b);
  } else if constexpr (sizeof(V) == 32 && kSame<T, double>) {
    return (V)_mm256_max_pd((__m256d)a, (__m256d)b);
  }
#endif
#if defined(__SSE2__)
  if constexpr (sizeof(V) == 16 && kSame<T, float>) {
    return (V)_mm_max_ps((__m128)a, (__m128)b);
  } else if constexpr (sizeof(V) == 16 && kSame<T, double>) {
    return (V)_mm_max_pd((__m128d)a, (__m128d)b);
  }
#endif
  return a > b ? a : b;
}

// b where a is NaN or not below it, else a.
template <class V>
ONNXC_INLINE V smaller(V a, V b) {
  using T [[maybe_unused]] = Element<V>;
#if defined(__AVX512F__)
  if constexpr (sizeof(V) == 64 && kSame<T, float>) {
    return (V)_mm512_maskz_min_ps(-1, (__m512)a, (__m512)b);
  } else if constexpr (sizeof(V) == 64 && kSame<T, double>) {
    return (V)_mm512_maskz_min_pd(-1, (__m512d)a, (__m512d)b);
  }
#endif
#if defined(__AVX__)
  if constexpr (sizeof(V) == 32 && kSame<T, float>) {
    return (V)_mm256_min_ps((__m256)a, (__m256)b);
  } else if constexpr (sizeof(V) == 32 && kSame<T, double>) {
    return (V)_mm256_min_pd((__m256d)a, (__m256d)b);
  }
#endif
#if defined(__SSE2__)
  if constexpr (sizeof(V) == 16 && kSame<T, float>) {
    return (V)_mm_min_ps((__m128)a, (__m128)b);
  } else if constexpr (sizeof(V) == 16 && kSame<T, double>) {
    return (V)_mm_min_pd((__m128d)a, (__m128d)b);
  }
#endif
  return a < b ? a : b;
}

// x limited to low..high; NaN stays.
template <class V>
ONNXC_INLINE V limit(V x, Element<V> low, Element<V> high) {
  return smaller(splat<V>(high), larger(splat<V>(low), x));
}

// Smaller and larger of two; NaN if either is NaN.
template <class V>
ONNXC_INLINE V min(V a, V b) {
  if constexpr (kIsFloat<Element<V>>) {
    return a != a ? a : smaller(a, b);
  } else {
    return a < b ? a : b;
  }
}
template <class V>
ONNXC_INLINE V max(V a, V b) {
  if constexpr (kIsFloat<Element<V>>) {
    return a != a ? a : larger(a, b);
  } else {
    return a > b ? a : b;
  }
}

// -1, 0 or 1; NaN and zeros as they are.
template <class V>
ONNXC_INLINE V sign(V x) {
  const V zero = V{}, one = splat<V>(Element<V>(1));
  if constexpr (kIsSigned<Element<V>>) {
    return x > zero ? one : (x < zero ? V(zero - one) : x);
  } else {
    return x > zero ? one : zero;
  }
}

// Nearest integer, halves to even.
template <class V>
ONNXC_INLINE V round_even(V x) {
  using T = Element<V>;
  static_assert(kIsFloat<T>, "rounding is for floats and doubles");
#if defined(__AVX512F__)
  if constexpr (sizeof(V) == 64 && kSame<T, float>) {
    return (V)_mm512_maskz_roundscale_ps(-1, (__m512)x,
                                         _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  } else if constexpr (sizeof(V) == 64) {
    return (V)_mm512_maskz_roundscale_pd(-1, (__m512d)x,
                                         _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
#endif
#if defined(__AVX__)
  if constexpr (sizeof(V) == 32 && kSame<T, float>) {
    return (V)_mm256_round_ps((__m256)x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  } else if constexpr (sizeof(V) == 32) {
    return (V)_mm256_round_pd((__m256d)x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  } else if constexpr (sizeof(V) == 16 && kSame<T, float>) {
    return (V)_mm_round_ps((__m128)x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  } else if constexpr (sizeof(V) == 16) {
    return (V)_mm_round_pd((__m128d)x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
#endif
  constexpr T kNoFraction = kSame<T, float> ? T(0x1p23) : T(0x1p52);
  const V size = abs(x), limit = splat<V>(kNoFraction);
  return select(lt(size, limit), copy_sign(V((size + limit) - limit), x), x);
}

template <class V>
ONNXC_INLINE V floor(V x) {
  const V near = round_even(x);
  return select(gt(near, x), V(near - splat<V>(1)), near);
}

template <class V>
ONNXC_INLINE V ceil(V x) {
  const V near = round_even(x);
  return select(lt(near, x), copy_sign(V(near + splat<V>(1)), x), near);
}

template <class V>
ONNXC_INLINE V trunc(V x) {
  return copy_sign(floor(abs(x)), x);
}

}  // namespace onnxc

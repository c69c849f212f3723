// Walking a row in full vectors and a scalar tail, with loads and stores that convert, and
// reductions.
#pragma once

#include "templates/common/narrow_float.h"
#include "templates/cpu/math_wide.h"

namespace onnxc {
namespace lanes_detail {

// 8-bit and 16-bit integers as int32 lanes.
template <int N, class T>
ONNXC_INLINE Vec<int32_t, N> widen_integers(const T* from) {
#if defined(__AVX512F__)
  if constexpr (N == 16 && sizeof(T) == 1) {
    const __m128i raw = _mm_loadu_si128((const __m128i*)from);
    return (Vec<int32_t, N>)(kIsSigned<T> ? _mm512_maskz_cvtepi8_epi32(-1, raw)
                                          : _mm512_maskz_cvtepu8_epi32(-1, raw));
  } else if constexpr (N == 16 && sizeof(T) == 2) {
    const __m256i raw = _mm256_loadu_si256((const __m256i*)from);
    return (Vec<int32_t, N>)(kIsSigned<T> ? _mm512_maskz_cvtepi16_epi32(-1, raw)
                                          : _mm512_maskz_cvtepu16_epi32(-1, raw));
  }
#endif
#if defined(__AVX2__)
  if constexpr (N == 8 && sizeof(T) == 1) {
    const __m128i raw = _mm_loadl_epi64((const __m128i*)from);
    return (Vec<int32_t, N>)(kIsSigned<T> ? _mm256_cvtepi8_epi32(raw) : _mm256_cvtepu8_epi32(raw));
  } else if constexpr (N == 8 && sizeof(T) == 2) {
    const __m128i raw = _mm_loadu_si128((const __m128i*)from);
    return (Vec<int32_t, N>)(kIsSigned<T> ? _mm256_cvtepi16_epi32(raw)
                                          : _mm256_cvtepu16_epi32(raw));
  }
#endif
  Vec<int32_t, N> wide = {};
  for (int lane = 0; lane < N; ++lane) wide[lane] = from[lane];
  return wide;
}

// The low bits of int32 lanes as narrower integers.
template <int N, class T>
ONNXC_INLINE void store_integers(T* to, Vec<int32_t, N> value) {
#if defined(__AVX512F__)
  if constexpr (N == 16 && sizeof(T) == 1) {
    _mm_storeu_si128((__m128i*)to, _mm512_maskz_cvtepi32_epi8(-1, (__m512i)value));
    return;
  } else if constexpr (N == 16 && sizeof(T) == 2) {
    _mm256_storeu_si256((__m256i*)to, _mm512_maskz_cvtepi32_epi16(-1, (__m512i)value));
    return;
  }
#endif
#if defined(__AVX2__)
  if constexpr (N == 8) {
    const __m256i low = _mm256_and_si256((__m256i)value, _mm256_set1_epi32(0xffff));
    const __m256i pairs = _mm256_permute4x64_epi64(_mm256_packus_epi32(low, low), 0x08);
    const __m128i words = _mm256_castsi256_si128(pairs);
    if constexpr (sizeof(T) == 2) {
      _mm_storeu_si128((__m128i*)to, words);
      return;
    } else if constexpr (sizeof(T) == 1) {
      const __m128i bytes = _mm_and_si128(words, _mm_set1_epi16(0xff));
      _mm_storel_epi64((__m128i*)to, _mm_packus_epi16(bytes, bytes));
      return;
    }
  }
#endif
  for (int lane = 0; lane < N; ++lane) to[lane] = T(value[lane]);
}

template <int N>
ONNXC_INLINE Vec<float, N> load_float16(const Float16* from) {
#if defined(__AVX512F__)
  if constexpr (N == 16) {
    return (Vec<float, N>)_mm512_maskz_cvtph_ps(-1, _mm256_loadu_si256((const __m256i*)from));
  }
#endif
#if defined(__F16C__)
  if constexpr (N == 8) {
    return (Vec<float, N>)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i*)from));
  }
  if constexpr (N == 4) {
    return (Vec<float, N>)_mm_cvtph_ps(_mm_loadl_epi64((const __m128i*)from));
  }
#endif
  Vec<float, N> wide = {};
  for (int lane = 0; lane < N; ++lane) wide[lane] = to_float(from[lane]);
  return wide;
}

template <int N>
ONNXC_INLINE void store_float16(Float16* to, Vec<float, N> value) {
#if defined(__AVX512F__)
  if constexpr (N == 16) {
    _mm256_storeu_si256((__m256i*)to, _mm512_maskz_cvtps_ph(-1, (__m512)value, 0));
    return;
  }
#endif
#if defined(__F16C__)
  if constexpr (N == 8) {
    _mm_storeu_si128((__m128i*)to, _mm256_cvtps_ph((__m256)value, 0));
    return;
  }
  if constexpr (N == 4) {
    _mm_storel_epi64((__m128i*)to, _mm_cvtps_ph((__m128)value, 0));
    return;
  }
#endif
  for (int lane = 0; lane < N; ++lane) to[lane] = from_float<Float16>(value[lane]);
}

template <int N>
ONNXC_INLINE void store_bfloat16(BFloat16* to, Vec<float, N> value) {
  using U = Vec<uint32_t, N>;
  const U bits = (U)value;
  const U rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  const U kept = value != value ? U((bits >> 16) | 0x40) : rounded;
  store_integers<N>((uint16_t*)to, (Vec<int32_t, N>)kept);
}

}  // namespace lanes_detail

// A block of N neighbouring elements; Lanes<1> is the scalar tail. Pointers need no alignment.
template <int N>
struct Lanes {
  static constexpr int count = N;

  template <class T>
  ONNXC_INLINE static Vec<T, N> load(const T* from) {
    return onnxc::load<N>(from);
  }
  template <class T, class V>
  ONNXC_INLINE static void store(T* to, V value) {
    onnxc::store<N, T>(to, value);
  }
  template <class T>
  ONNXC_INLINE static Vec<T, N> broadcast(T x) {
    return onnxc::broadcast<N>(x);
  }

  // Every `stride`-th element.
  template <class T>
  ONNXC_INLINE static Vec<T, N> load_strided(const T* from, int64_t stride) {
    if constexpr (N == 1) {
      return *from;
    } else {
      Vec<T, N> value = {};
      for (int lane = 0; lane < N; ++lane) value[lane] = from[lane * stride];
      return value;
    }
  }
  template <class T, class V>
  ONNXC_INLINE static void store_strided(T* to, int64_t stride, V value) {
    if constexpr (N == 1) {
      *to = value;
    } else {
      for (int lane = 0; lane < N; ++lane) to[lane * stride] = value[lane];
    }
  }

  // start, start + 1, ...
  template <class T>
  ONNXC_INLINE static Vec<T, N> ramp(T start) {
    if constexpr (N == 1) {
      return start;
    } else {
      Vec<T, N> value = {};
      for (int lane = 0; lane < N; ++lane) value[lane] = T(start + T(lane));
      return value;
    }
  }

  // Elements of any number type, narrow floats included, as To (float or int32_t).
  template <class To, class From>
  ONNXC_INLINE static Vec<To, N> load_as(const From* from) {
    if constexpr (kSame<To, From>) {
      return onnxc::load<N>(from);
    } else if constexpr (kSame<From, Float16> || kSame<From, BFloat16>) {
      static_assert(kSame<To, float>, "narrow floats load as float");
      if constexpr (N == 1) {
        return to_float(*from);
      } else if constexpr (kSame<From, Float16>) {
        return lanes_detail::load_float16<N>(from);
      } else {
        const auto wide = lanes_detail::widen_integers<N>((const uint16_t*)from);
        return (Vec<float, N>)(wide << 16);
      }
    } else if constexpr (N == 1) {
      return To(*from);
    } else if constexpr (kSame<From, bool>) {
      return load_as<To>((const uint8_t*)from);
    } else if constexpr (sizeof(From) <= 2) {
      const auto wide = lanes_detail::widen_integers<N>(from);
      if constexpr (kSame<To, int32_t>) {
        return wide;
      } else {
        return __builtin_convertvector(wide, Vec<To, N>);
      }
    } else if constexpr (sizeof(From) == 4) {
      const auto value = onnxc::load<N>(from);
      return __builtin_convertvector(value, Vec<To, N>);
    } else {
      Vec<To, N> value = {};
      for (int lane = 0; lane < N; ++lane) value[lane] = To(from[lane]);
      return value;
    }
  }
  template <class From>
  ONNXC_INLINE static Vec<float, N> load_float(const From* from) {
    return load_as<float>(from);
  }

  // Float or int32 lanes as elements of any number type: floats towards zero, integers by their low
  // bits, bool as not 0. The caller has limited floats to the range of int32 where To is an
  // integer.
  template <class To, class V>
  ONNXC_INLINE static void store_as(To* to, V value) {
    using From = Element<V>;
    if constexpr (kSame<To, From>) {
      onnxc::store<N, To>(to, value);
    } else if constexpr (kSame<To, Float16> || kSame<To, BFloat16>) {
      static_assert(kSame<From, float>, "narrow floats are stored from float");
      if constexpr (N == 1) {
        *to = from_float<To>(value);
      } else if constexpr (kSame<To, Float16>) {
        lanes_detail::store_float16<N>(to, value);
      } else {
        lanes_detail::store_bfloat16<N>(to, value);
      }
    } else if constexpr (kSame<To, bool>) {
      store_mask(to, value != V{});
    } else if constexpr (N == 1) {
      if constexpr (kSame<From, float> && sizeof(To) <= 2) {
        *to = To(int32_t(value));
      } else {
        *to = To(value);
      }
    } else if constexpr (sizeof(To) == 4) {
      onnxc::store<N, To>(to, __builtin_convertvector(value, Vec<To, N>));
    } else if constexpr (sizeof(To) <= 2) {
      if constexpr (kSame<From, float>) {
        lanes_detail::store_integers<N>(to, __builtin_convertvector(value, Vec<int32_t, N>));
      } else {
        lanes_detail::store_integers<N>(to, (Vec<int32_t, N>)value);
      }
    } else {
      for (int lane = 0; lane < N; ++lane) to[lane] = To(value[lane]);
    }
  }

  // Bools in memory as the mask of float or int32 lanes, and back.
  template <class B>
  ONNXC_INLINE static Mask<Vec<float, N>> load_mask(const B* from) {
    static_assert(sizeof(B) == 1, "bools are bytes in memory");
    if constexpr (N == 1) {
      return *from != 0;
    } else {
      return lanes_detail::widen_integers<N>((const uint8_t*)from) != Vec<int32_t, N>{};
    }
  }
  template <class B, class M>
  ONNXC_INLINE static void store_mask(B* to, M mask) {
    static_assert(sizeof(B) == 1, "bools are bytes in memory");
    if constexpr (N == 1) {
      *to = B(mask ? 1 : 0);
    } else {
      lanes_detail::store_integers<N>((uint8_t*)to, (Vec<int32_t, N>)(mask & 1));
    }
  }
};

// f(Lanes<L>{}, i) for the full blocks of 0..n-1, then f(Lanes<1>{}, i) for each that is left.
template <int L, class F>
ONNXC_INLINE void for_lanes(size_t n, F f) {
  size_t i = 0;
  if constexpr (L > 1) {
    for (; i + L <= n; i += L) f(Lanes<L>{}, i);
  }
  for (; i < n; ++i) f(Lanes<1>{}, i);
}

// All lanes of v combined in a fixed order: halves, quarters, ...
template <class V, class Combine>
ONNXC_INLINE Element<V> reduce_vector(V v, Combine combine) {
  if constexpr (kLaneCount<V> == 1) {
    return v;
  } else if constexpr (kLaneCount<V> == 2) {
    return combine(Element<V>(v[0]), Element<V>(v[1]));
  } else {
    return reduce_vector(combine(math::low_half(v), math::high_half(v)), combine);
  }
}

template <class V>
ONNXC_INLINE Element<V> reduce_add(V v) {
  return reduce_vector(v, [](auto a, auto b) ONNXC_LAMBDA { return a + b; });
}
template <class V>
ONNXC_INLINE Element<V> reduce_max(V v) {
  return reduce_vector(v, [](auto a, auto b) ONNXC_LAMBDA { return max(a, b); });
}
template <class V>
ONNXC_INLINE Element<V> reduce_min(V v) {
  return reduce_vector(v, [](auto a, auto b) ONNXC_LAMBDA { return min(a, b); });
}

// combine over f(Lanes<N>, i) for i in 0..n-1, in an order that depends on n and L alone.
// `identity` changes nothing when combined; `combine` takes two vectors or two scalars. Blocks are
// combined by themselves first, so that the rounding errors of long sums stay small.
template <int L, class T, class Combine, class F>
ONNXC_INLINE T reduce_lanes(size_t n, T identity, Combine combine, F f) {
  constexpr size_t kBlock = 256;
  T total = identity;
  size_t i = 0;
  if constexpr (L > 1) {
    if (n >= L) {
      Vec<T, L> sum = broadcast<L>(identity);
      while (n - i >= 4 * L) {
        const size_t end = n - i < kBlock * L ? n - 4 * L : i + (kBlock - 4) * L;
        Vec<T, L> a = f(Lanes<L>{}, i), b = f(Lanes<L>{}, i + L);
        Vec<T, L> c = f(Lanes<L>{}, i + 2 * L), d = f(Lanes<L>{}, i + 3 * L);
        for (i += 4 * L; i <= end; i += 4 * L) {
          a = combine(a, f(Lanes<L>{}, i));
          b = combine(b, f(Lanes<L>{}, i + L));
          c = combine(c, f(Lanes<L>{}, i + 2 * L));
          d = combine(d, f(Lanes<L>{}, i + 3 * L));
        }
        sum = combine(sum, combine(combine(a, b), combine(c, d)));
      }
      for (; i + L <= n; i += L) sum = combine(sum, f(Lanes<L>{}, i));
      total = reduce_vector(sum, combine);
    }
  }
  for (; i < n; ++i) total = combine(total, f(Lanes<1>{}, i));
  return total;
}

}  // namespace onnxc

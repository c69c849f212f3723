// exp and what follows from it, for floats: sigmoid, tanh. The error bounds hold for every float,
// with and without fused multiply-add.
#pragma once

#include "templates/cpu/math_basic.h"

namespace onnxc {
namespace math {

// 2^n for a whole n in -126..127, made from its bits.
template <class V>
ONNXC_INLINE V power_of_two(V n) {
  if constexpr (kSame<Element<V>, float>) {
    using U = UintLike<V>;
    const U bits = bits_as<U>(V(n + splat<V>(0x1.8p23f)));
    return bits_as<V>(U((bits + splat<U>(127)) << 23));
  } else {
    using U = UintLike<V>;
    const U bits = bits_as<U>(V(n + splat<V>(0x1.8p52)));
    return bits_as<V>(U((bits + splat<U>(1023)) << 52));
  }
}

// x * 2^n for a whole n whose half is still a power of two, rounded once.
template <class V>
ONNXC_INLINE V scale_by_power(V x, V n) {
#if defined(__AVX512F__)
  if constexpr (sizeof(V) == 64 && kSame<Element<V>, float>) {
    return (V)_mm512_maskz_scalef_ps(-1, (__m512)x, (__m512)n);
  } else if constexpr (sizeof(V) == 64) {
    return (V)_mm512_maskz_scalef_pd(-1, (__m512d)x, (__m512d)n);
  }
#endif
  const V half = round_even(V(n * splat<V>(0.5f)));
  return x * power_of_two(half) * power_of_two(V(n - half));
}

// exp(x) = value * 2^power, and the bits of 2^(power - 1) before their shift by 23.
template <class V>
struct ExpParts {
  V value;
  V power;
  UintLike<V> half;
};

// For x in -105..105; value is in 0.7..1.5.
template <class V>
ONNXC_INLINE ExpParts<V> exp_parts_float(V x) {
  const V magic = splat<V>(0x1.8p23f + 126.0f);
  const V turned = mul_add(x, splat<V>(0x1.715476p0f), magic);
  const V power = turned - magic;
  const V near = mul_add(power, splat<V>(-0x1.62e4p-1f), x);
  const V r = mul_add(power, splat<V>(-0x1.7f7d1cp-20f), near);
  const V tail = polynomial(r, 0x1.fffffcp-2f, 0x1.55548cp-3f, 0x1.55585ap-5f, 0x1.123d5cp-7f,
                            0x1.6ab6bep-10f);
  return {splat<V>(1.0f) + mul_add(V(r * r), tail, r), power, bits_as<UintLike<V>>(turned)};
}

// value * 2^power where the result may be subnormal, zero or infinite.
template <class V>
ONNXC_INLINE V scale_exp_float(ExpParts<V> parts) {
#if defined(__AVX512F__)
  if constexpr (sizeof(V) == 64) return scale_by_power(parts.value, parts.power);
#endif
  using U = UintLike<V>;
  const Mask<V> small = parts.power < splat<V>(-124.0f);
  const U raised = parts.half + (small ? splat<U>(65) : U{});
  return parts.value * bits_as<V>(U(raised << 23)) * (small ? splat<V>(0x1p-64f) : splat<V>(2.0f));
}

template <class V>
ONNXC_INLINE V exp_float(V x) {
  return scale_exp_float(exp_parts_float(limit(x, -104.0f, 89.0f)));
}

// exp(x) / 2 where the result is neither subnormal nor infinite: x in -86..88.
template <class V>
ONNXC_INLINE V half_exp_float(V x) {
  const ExpParts<V> parts = exp_parts_float(x);
  return parts.value * bits_as<V>(UintLike<V>(parts.half << 23));
}

template <class V>
ONNXC_INLINE V sigmoid_float(V x) {
  const V one = splat<V>(1.0f);
  const V small = scale_exp_float(exp_parts_float(larger(splat<V>(-104.0f), V(-abs(x)))));
  const V base = x < V{} ? small : one;
  return mul_add(V(-base), V(small / (one + small)), base);
}

template <class V>
ONNXC_INLINE V tanh_float(V x) {
  const V size = abs(x), one = splat<V>(1.0f), half = splat<V>(0.5f);
  const V limited = smaller(splat<V>(10.0f), size);
  const V large = one - one / (half_exp_float(V(limited + limited)) + half);
  const V square = size * size;
  const V tail = polynomial(square, -0x1.555532p-2f, 0x1.1106f6p-3f, -0x1.b835a4p-5f,
                            0x1.51f8cep-6f, -0x1.750ce2p-8f);
  const V small = mul_add(V(size * square), tail, size);
  return copy_sign(size < splat<V>(0.625f) ? small : large, x);
}

}  // namespace math
}  // namespace onnxc

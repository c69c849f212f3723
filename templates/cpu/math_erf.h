// The error function, for floats and doubles.
#pragma once

#include "templates/cpu/math_exp.h"

namespace onnxc {
namespace math {

template <class V>
ONNXC_INLINE V erf_float(V x) {
  const V size = abs(x), square = x * x;
  const V small_tail =
      polynomial(square, 0x1.06eba8p-3f, -0x1.812742p-2f, 0x1.ce2e28p-4f, -0x1.b81488p-6f,
                 0x1.55124ep-8f, -0x1.ad1ff8p-11f, 0x1.66e198p-14f);
  const V small = mul_add(x, small_tail, x);
  const V exponent = polynomial(smaller(splat<V>(4.0f), size), 0x1.62d8b4p-13f, -0x1.212626p+0f,
                                -0x1.444d26p-1f, -0x1.bb44d6p-4f, 0x1.9ae9fcp-6f, -0x1.105ebap-8f,
                                0x1.c4492cp-12f, -0x1.5d54d8p-16f);
  const V large = mul_add(half_exp_float(exponent), splat<V>(-2.0f), splat<V>(1.0f));
  return size < splat<V>(0.92f) ? small : copy_sign(large, x);
}

// Coefficients of erf(middle + t) in t for 1..2, 2..3, 3..4 and 4..6.
[[maybe_unused]] constexpr double kErfPieces[4][19] = {
    {0x1.eea5557137ae0p-1, 0x1.e723726b824aap-4, -0x1.6d5a95d0a1b7ep-3, 0x1.1c2a02beb6a4fp-3,
     -0x1.6d5a95d0a1c03p-5, -0x1.e723726b6547dp-7, 0x1.3ca3d72c4aefdp-6, -0x1.36d73a692273dp-8,
     -0x1.35ae4e3bab6dep-9, 0x1.c0380e33fc714p-10, -0x1.85b5f124e6b8ep-14, -0x1.0acf49740480ap-12,
     0x1.45dae46c9fd25p-14, 0x1.2d5cbbc17c231p-16, -0x1.d8d73537be2d5p-17, 0x1.3127f2b4cc6b8p-21,
     0x1.9ad12c6f6a78bp-20, -0x1.2d711a232caa4p-22, -0x1.b0790436003cdp-24},
    {0x1.ffcaa8f4c9beap-1, 0x1.1d83170fbf6fep-9, -0x1.64e3dcd3af4b7p-8, 0x1.119da0c46cc26p-7,
     -0x1.1a89b97cead40p-7, 0x1.90e81283ff786p-8, -0x1.6ecdbf67bf903p-9, 0x1.1c610bc6cc164p-11,
     0x1.11551debe252ap-12, -0x1.0671781fb6783p-12, 0x1.4a8449fe2f98ap-14, 0x1.58bb60749a1ffp-18,
     -0x1.d872d5da13506p-17, 0x1.3ad84880a3e58p-18, 0x1.86110912ea877p-23, -0x1.597ddd371c0d5p-21,
     0x1.7f07b56b3c600p-23, 0x1.8725588695844p-26, -0x1.7d963c2a73fc8p-26},
    {0x1.ffffe710d565ep-1, 0x1.6a597219a93a3p-18, -0x1.3d0e43d674107p-16, 0x1.62ccea63cb739p-15,
     -0x1.1c07721ac8a34p-14, 0x1.586bafc9ab562p-14, -0x1.46153fb96b0fap-14, 0x1.e827fafe2dfdfp-15,
     -0x1.1f6304e3d3a0cp-15, 0x1.0135257d60065p-16, -0x1.3774113c27e3ep-18, 0x1.dd80720d3543bp-22,
     0x1.dc7e530d7f1efp-22, -0x1.43f1c8f955016p-22, 0x1.8c9a3b1107131p-24, -0x1.8326b417c75ffp-28,
     -0x1.1ec8f5892e21bp-27, 0x1.0855e2e424d0ap-28, -0x1.30d1b4ebca24dp-31},
    {0x1.fffffffffc9e8p-1, 0x1.13af273d9ec51p-36, -0x1.589af1d11d324p-34, 0x1.196e352e9ed56p-32,
     -0x1.516df4c2ac4bcp-31, 0x1.3c4f4828a2f99p-30, -0x1.e2314d671d38dp-30, 0x1.32d12ce2f5419p-29,
     -0x1.4bdb528a36b90p-29, 0x1.34db57be64b18p-29, -0x1.f3ba60c11dceep-30, 0x1.624d022be80ccp-30,
     -0x1.b7094399f3439p-31, 0x1.d4f2ca8e2bc77p-32, -0x1.b681ae0286265p-33, 0x1.7891bce72f0efp-34,
     -0x1.099cdbf829f67p-35, 0x1.891dc49177086p-38, 0x1.30c30798e438ep-45}};

ONNXC_NOINLINE double erf_double(double x) {
  const double size = abs(x);
  if (size < 1.0) {
    const double z = x * x;
    const double tail =
        polynomial(z, 0x1.06eba8214db68p-3, -0x1.812746b0379a9p-2, 0x1.ce2f21a040748p-4,
                   -0x1.b82ce311f8df5p-6, 0x1.565bccfaeb215p-8, -0x1.c02db0b4e3870p-11,
                   0x1.f9a2c91127775p-14, -0x1.f4cb4c7179073p-17, 0x1.b98a81de9e255p-20,
                   -0x1.5c4bdee4b5ef0p-23, 0x1.d90435ab6830bp-27, -0x1.b1788484f5ad9p-31);
    return mul_add(x, tail, x);
  }
  if (!(size < 6.0)) return is_nan(x) ? x : copy_sign(1.0, x);
  const int piece = size < 4.0 ? int(size) - 1 : 3;
  const double t = size - (piece < 3 ? piece + 1.5 : 5.0);
  double result = 0;
  for (int power = 18; power >= 0; --power) result = mul_add(result, t, kErfPieces[piece][power]);
  return copy_sign(result, x);
}

}  // namespace math
}  // namespace onnxc

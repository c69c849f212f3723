// Floats of 8 and fewer bits as storage: converted to float to compute, rounded to nearest even on
// the way back.
#pragma once

#include "templates/common/narrow_float.h"

namespace onnxc {

// One byte an element; the fields are sign, exponent and fraction from the highest bit down. FNUZ
// types have neither infinities nor a negative zero.
struct Float8E4M3FN {
  uint8_t bits;
};
struct Float8E4M3FNUZ {
  uint8_t bits;
};
struct Float8E5M2 {
  uint8_t bits;
};
struct Float8E5M2FNUZ {
  uint8_t bits;
};
// Four bits in the lower half of the byte: 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives.
struct Float4E2M1 {
  uint8_t bits;
};
// Powers of two: 2^(bits - 127); 255 is NaN.
struct Float8E8M0 {
  uint8_t bits;
};

namespace narrow {

// A format with a sign, `kSign` being its bit, and `kFraction` bits of fraction.
template <int kFraction, int kBias, uint32_t kSign>
struct Format {
  static constexpr uint32_t kRebias = uint32_t(127 - kBias) << 23;

  // The value of a finite pattern.
  static float value(uint32_t bits) {
    const uint32_t sign = (bits & kSign) != 0 ? 0x80000000u : 0, size = bits & (kSign - 1);
    if (size >> kFraction == 0) return float_of(sign | bits_of(float(int32_t(size)) * step()));
    return float_of(sign | ((size << (23 - kFraction)) + kRebias));
  }

  // The pattern nearest to |x|, which may lie beyond the largest finite one; 0x100 for what is far
  // beyond.
  static uint32_t nearest(float x) {
    uint32_t size = bits_of(x) & 0x7fffffff;
    if (size >= 0x4b000000) return 0x100;
    if (size < kRebias + (1u << 23)) {
      // Adding a number whose last bit counts for one step rounds to steps.
      const float magic = step() * 0x1p23f;
      return bits_of(float_of(size) + magic) - bits_of(magic);
    }
    size += (1u << (22 - kFraction)) - 1 + (size >> (23 - kFraction) & 1);
    return (size - kRebias) >> (23 - kFraction);
  }

  static constexpr float step() {
    float value = 1;
    for (int i = 0; i < kBias - 1 + kFraction; ++i) value *= 0.5f;
    return value;
  }
};

// What lies beyond `largest` becomes `overflow`.
template <class Format, uint32_t kSign>
inline uint8_t rounded(float x, uint32_t largest, uint32_t overflow) {
  const uint32_t sign = bits_of(x) >> 31 ? kSign : 0, size = Format::nearest(x);
  return uint8_t(sign | (size > largest ? overflow : size));
}

[[maybe_unused]] inline float nan_float() { return float_of(0x7fc00000); }
[[maybe_unused]] inline bool is_nan_float(float x) {
  return (bits_of(x) & 0x7fffffff) > 0x7f800000;
}

using E4M3 = Format<3, 7, 0x80>;
using E4M3Uz = Format<3, 8, 0x80>;
using E5M2 = Format<2, 15, 0x80>;
using E5M2Uz = Format<2, 16, 0x80>;
using E2M1 = Format<1, 1, 0x8>;

}  // namespace narrow

[[maybe_unused]] inline float to_float(Float8E4M3FN x) {
  return (x.bits & 0x7f) == 0x7f ? narrow::nan_float() : narrow::E4M3::value(x.bits);
}
[[maybe_unused]] inline float to_float(Float8E4M3FNUZ x) {
  return x.bits == 0x80 ? narrow::nan_float() : narrow::E4M3Uz::value(x.bits);
}
[[maybe_unused]] inline float to_float(Float8E5M2 x) {
  if ((x.bits & 0x7f) > 0x7c) return narrow::nan_float();
  if ((x.bits & 0x7f) == 0x7c) return narrow::float_of(x.bits & 0x80 ? 0xff800000u : 0x7f800000u);
  return narrow::E5M2::value(x.bits);
}
[[maybe_unused]] inline float to_float(Float8E5M2FNUZ x) {
  return x.bits == 0x80 ? narrow::nan_float() : narrow::E5M2Uz::value(x.bits);
}
[[maybe_unused]] inline float to_float(Float4E2M1 x) { return narrow::E2M1::value(x.bits); }
[[maybe_unused]] inline float to_float(Float8E8M0 x) {
  if (x.bits == 0xff) return narrow::nan_float();
  return narrow::float_of(x.bits ? uint32_t(x.bits) << 23 : 0x400000);
}

// Beyond the largest finite number: that number; infinity only for infinity where the type has one.
// NaN where the type has one, else -0.
template <>
[[maybe_unused]] inline Float8E4M3FN from_float<Float8E4M3FN>(float x) {
  if (narrow::is_nan_float(x)) return {0x7f};
  return {narrow::rounded<narrow::E4M3, 0x80>(x, 0x7e, 0x7e)};
}
template <>
[[maybe_unused]] inline Float8E4M3FNUZ from_float<Float8E4M3FNUZ>(float x) {
  if (narrow::is_nan_float(x)) return {0x80};
  const uint8_t bits = narrow::rounded<narrow::E4M3Uz, 0x80>(x, 0x7f, 0x7f);
  return {uint8_t(bits == 0x80 ? 0 : bits)};
}
template <>
[[maybe_unused]] inline Float8E5M2 from_float<Float8E5M2>(float x) {
  if (narrow::is_nan_float(x)) return {0x7f};
  if ((narrow::bits_of(x) & 0x7fffffff) == 0x7f800000)
    return {uint8_t((narrow::bits_of(x) >> 24 & 0x80) | 0x7c)};
  return {narrow::rounded<narrow::E5M2, 0x80>(x, 0x7b, 0x7b)};
}
template <>
[[maybe_unused]] inline Float8E5M2FNUZ from_float<Float8E5M2FNUZ>(float x) {
  if (narrow::is_nan_float(x)) return {0x80};
  const uint8_t bits = narrow::rounded<narrow::E5M2Uz, 0x80>(x, 0x7f, 0x7f);
  return {uint8_t(bits == 0x80 ? 0 : bits)};
}
template <>
[[maybe_unused]] inline Float4E2M1 from_float<Float4E2M1>(float x) {
  if (narrow::is_nan_float(x)) return {0x8};
  return {narrow::rounded<narrow::E2M1, 0x8>(x, 0x7, 0x7)};
}
// To the nearest power of two, the larger one from 1.5 times the smaller one on; negative numbers
// and infinity have no counterpart and become NaN.
template <>
[[maybe_unused]] inline Float8E8M0 from_float<Float8E8M0>(float x) {
  const uint32_t bits = narrow::bits_of(x);
  if (bits == 0 || bits == 0x80000000) return {0};
  if (bits >= 0x7f800000) return {0xff};
  const uint32_t power = (bits + 0x400000) >> 23;
  return {uint8_t(power > 0xfe ? 0xfe : bits < 0x800000 ? bits > 0x5fffff : power)};
}

}  // namespace onnxc

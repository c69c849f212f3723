// Floats of 16 bits as storage: converted to float to compute, rounded to nearest even on the way
// back.
#pragma once

#include <stdint.h>
#include <string.h>

namespace onnxc {

// IEEE binary16.
struct Float16 {
  uint16_t bits;
};

// The upper half of a float.
struct BFloat16 {
  uint16_t bits;
};

namespace narrow {

inline uint32_t bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof(bits));
  return bits;
}

[[maybe_unused]] inline float float_of(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof(x));
  return x;
}

// Towards zero, but with the last bit set where x is not representable: rounding the result to a
// type of at most 22 bits of precision rounds x itself, once.
[[maybe_unused]] inline float to_odd(double x) {
  const float near = float(x);
  const uint32_t bits = bits_of(near);
  if (double(near) == x || x != x || (bits & 1)) return near;
  const bool below = x < 0 ? double(near) > x : double(near) < x;
  return float_of(below ? bits + 1 : bits - 1);
}

}  // namespace narrow

[[maybe_unused]] inline float to_float(Float16 x) {
  const uint32_t sign = uint32_t(x.bits & 0x8000) << 16, size = x.bits & 0x7fff;
  if (size >= 0x7c00) return narrow::float_of(sign | 0x7f800000u | (size & 0x3ff) << 13);
  if (size >= 0x400) return narrow::float_of(sign | ((size << 13) + (112u << 23)));
  return narrow::float_of(sign | narrow::bits_of(float(int32_t(size)) * 0x1p-24f));
}

[[maybe_unused]] inline float to_float(BFloat16 x) {
  return narrow::float_of(uint32_t(x.bits) << 16);
}

[[maybe_unused]] inline float to_float(float x) { return x; }

// The nearest T; beyond its range infinity. T is Float16, BFloat16 or float.
template <class T>
inline T from_float(float x);

template <>
[[maybe_unused]] inline Float16 from_float<Float16>(float x) {
  const uint32_t bits = narrow::bits_of(x), sign = bits >> 16 & 0x8000;
  uint32_t size = bits & 0x7fffffff;
  if (size > 0x7f800000) return {uint16_t(sign | 0x7e00 | (size >> 13 & 0x3ff))};
  if (size >= 0x477ff000) return {uint16_t(sign | 0x7c00)};
  if (size < 0x38800000) {
    const float shifted = narrow::float_of(size) + 0.5f;
    return {uint16_t(sign | (narrow::bits_of(shifted) - 0x3f000000))};
  }
  size += 0xfff + (size >> 13 & 1);
  return {uint16_t(sign | (size - (112u << 23)) >> 13)};
}

template <>
[[maybe_unused]] inline BFloat16 from_float<BFloat16>(float x) {
  const uint32_t bits = narrow::bits_of(x);
  if ((bits & 0x7fffffff) > 0x7f800000) return {uint16_t(bits >> 16 | 0x40)};
  return {uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}

template <>
[[maybe_unused]] inline float from_float<float>(float x) {
  return x;
}

}  // namespace onnxc

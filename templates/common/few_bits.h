// Elements of 4 and 2 bits: packed as the caller gives and wants them, one a byte to compute.
#pragma once

#include <stdint.h>

namespace onnxc {

// The low bits of x as a signed or unsigned number.
template <int kBits>
inline int8_t low_signed(int8_t x) {
  return int8_t(int8_t(uint8_t(x) << (8 - kBits)) >> (8 - kBits));
}
template <int kBits>
inline uint8_t low_unsigned(uint8_t x) {
  return uint8_t(x & ((1 << kBits) - 1));
}

// `count` elements from `packed`, where the first of a byte lies in its lowest bits. T is int8_t
// for signed elements, uint8_t for unsigned ones and patterns.
template <int kBits, class T>
inline void unpack_bits(T* to, const void* packed, int64_t count) {
  const uint8_t* bytes = static_cast<const uint8_t*>(packed);
  constexpr bool kSigned = T(-1) < T(0);
  constexpr int kEach = 8 / kBits;
  for (int64_t i = 0; i < count; ++i) {
    const uint8_t pattern = uint8_t(bytes[i / kEach] >> (i % kEach * kBits));
    if constexpr (kSigned) {
      to[i] = low_signed<kBits>(int8_t(pattern));
    } else {
      to[i] = low_unsigned<kBits>(pattern);
    }
  }
}

// The reverse; bits past the last element are 0.
template <int kBits, class T>
inline void pack_bits(void* packed, const T* from, int64_t count) {
  uint8_t* bytes = static_cast<uint8_t*>(packed);
  constexpr int kEach = 8 / kBits;
  for (int64_t i = 0; i < count; i += kEach) {
    int byte = 0;
    for (int64_t k = 0; k < kEach && i + k < count; ++k)
      byte |= low_unsigned<kBits>(uint8_t(from[i + k])) << (k * kBits);
    bytes[i / kEach] = uint8_t(byte);
  }
}

}  // namespace onnxc

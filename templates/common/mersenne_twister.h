// NumPy's legacy stream of uniform numbers (MT19937): what networks that train with recorded masks
// expect.
#pragma once

#include <stdint.h>

namespace onnxc {

// `count` numbers on [0, 1) as numpy.random.seed(seed) and numpy.random.random_sample(count) give
// them. `scratch` is 2496 bytes.
[[maybe_unused]] inline void mersenne_twister(double* out, void* scratch, int64_t seed,
                                              int64_t count) {
  constexpr int kSize = 624, kShift = 397;
  uint32_t* state = static_cast<uint32_t*>(scratch);
  state[0] = uint32_t(seed);
  for (uint32_t i = 1; i < kSize; ++i)
    state[i] = 1812433253u * (state[i - 1] ^ (state[i - 1] >> 30)) + i;
  int at = kSize;
  const auto next = [&]() {
    if (at == kSize) {
      at = 0;
      for (int i = 0; i < kSize; ++i) {
        const uint32_t y = (state[i] & 0x80000000u) | (state[(i + 1) % kSize] & 0x7fffffffu);
        state[i] = state[(i + kShift) % kSize] ^ (y >> 1) ^ (y & 1 ? 0x9908b0dfu : 0u);
      }
    }
    uint32_t y = state[at++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
  };
  for (int64_t i = 0; i < count; ++i) {
    const uint32_t high = next() >> 5, low = next() >> 6;
    out[i] = (double(high) * 67108864.0 + double(low)) * 0x1p-53;
  }
}

}  // namespace onnxc

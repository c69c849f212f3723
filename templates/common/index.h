// Integer division and clamping as sizes and indices need them.
#pragma once

#include <stdint.h>

namespace onnxc {

// The largest integer not above a / b; b is not 0.
[[maybe_unused]] constexpr int64_t floor_div(int64_t a, int64_t b) {
  return a / b - (a % b != 0 && (a % b < 0) != (b < 0));
}

// a - b * floor_div(a, b): has the sign of b.
[[maybe_unused]] constexpr int64_t floor_mod(int64_t a, int64_t b) {
  return a % b != 0 && (a % b < 0) != (b < 0) ? a % b + b : a % b;
}

// The smallest integer not below a / b; b is not 0.
[[maybe_unused]] constexpr int64_t ceil_div(int64_t a, int64_t b) {
  return a / b + (a % b != 0 && (a % b < 0) == (b < 0));
}

// x limited to low..high; low where low > high.
[[maybe_unused]] constexpr int64_t clamp(int64_t x, int64_t low, int64_t high) {
  const int64_t below = x < high ? x : high;
  return below > low ? below : low;
}

// An index that may count from the end, as ONNX allows: -1 is size - 1.
[[maybe_unused]] constexpr int64_t wrap_index(int64_t index, int64_t size) {
  return index < 0 ? index + size : index;
}

}  // namespace onnxc

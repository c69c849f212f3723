// Sizes that are either compile-time constants or run-time values, told apart by their type.
#pragma once

#include "templates/cpu/vec.h"

// A function that is called, not inlined, and has internal linkage also as a template.
#define ONNXC_KERNEL static __attribute__((noinline))

namespace onnxc {

// A size known at compile time; converts to size_t wherever a run-time size would do.
template <size_t V>
struct Fixed {
  constexpr operator size_t() const { return V; }
};

template <size_t V>
[[maybe_unused]] constexpr Fixed<V> fixed{};

// The value of a size type where it is a constant, otherwise `otherwise`.
template <class Size>
struct SizeOr {
  static constexpr size_t value(size_t otherwise) { return otherwise; }
};
template <size_t V>
struct SizeOr<Fixed<V>> {
  static constexpr size_t value(size_t) { return V; }
};

[[maybe_unused]] constexpr size_t ceil_div(size_t a, size_t b) { return (a + b - 1) / b; }
[[maybe_unused]] constexpr size_t round_up(size_t a, size_t b) { return ceil_div(a, b) * b; }
[[maybe_unused]] constexpr size_t min_size(size_t a, size_t b) { return a < b ? a : b; }
[[maybe_unused]] constexpr size_t max_size(size_t a, size_t b) { return a < b ? b : a; }

// Where a unit of work lies in N nested loops, the last one innermost.
template <int N>
struct LoopPosition {
  size_t at[N];
  size_t size[N];

  template <class... Sizes>
  ONNXC_INLINE LoopPosition(size_t unit, Sizes... sizes) : at(), size{size_t(sizes)...} {
    for (int loop = N - 1; loop > 0; --loop) {
      at[loop] = unit % size[loop];
      unit /= size[loop];
    }
    at[0] = unit;
  }
  ONNXC_INLINE void next() {
    for (int loop = N - 1; ++at[loop] == size[loop] && loop > 0; --loop) at[loop] = 0;
  }
};

// Channels in one block of an activation, whatever the lane count.
[[maybe_unused]] constexpr size_t kBlock = 16;

}  // namespace onnxc

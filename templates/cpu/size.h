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

// Channels in one block of an activation, whatever the lane count.
[[maybe_unused]] constexpr size_t kBlock = 16;

}  // namespace onnxc

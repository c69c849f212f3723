// Reading a tensor at fractional positions.
#pragma once

#include <functional>
#include <vector>

#include "compiler/ops/lowering.h"

namespace onnxc {

enum class SampleMode { kNearest, kLinear, kCubic };

// `x` rounded down (or already whole) as an index that may lie anywhere.
Dim whole_index(const E& x);

// Interpolates at fractional `positions`, one an axis, between the elements around them. `fetch`
// gives the element at whole positions and decides what lies outside. Nearest rounds halves to
// even; cubic is the convolution kernel with coefficient -0.75.
E sample(SampleMode mode, const std::vector<E>& positions,
         const std::function<E(const std::vector<Dim>&)>& fetch);

}  // namespace onnxc

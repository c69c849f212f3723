// Reading a tensor at fractional positions.
#pragma once

#include <functional>
#include <vector>

#include "compiler/ops/lowering.h"

namespace onnxc {

// `x` rounded down (or already whole) as an index that may lie anywhere.
Dim whole_index(const E& x);

// Linear interpolation at fractional `positions` over axes of the given sizes: the 2^n neighbours
// weighted. `load` gives the element at whole positions that are inside; those outside count as
// zero.
E interpolate_zero_outside(const std::vector<E>& positions, const Shape& sizes,
                           const std::function<E(const std::vector<Dim>&)>& load);

}  // namespace onnxc

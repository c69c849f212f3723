// From a scalar expression to a program over lanes.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/eval/lanes.h"

namespace onnxc {

// The program for `x` at every point of `extents` (all positive), whose loop indices it mentions;
// no symbols. `accumulated` is the type of the register that holds an accumulator. Neighbouring
// axes that are walked as one become one, but never axes on both sides of `boundary`. CompileError
// for an operation that its type does not know.
LaneProgram compile_lanes(const E& x, const std::vector<int64_t>& extents, size_t boundary,
                          const std::vector<Tensor>& inputs);

// `index` as base + coefficients * loop indices, if it is that; false otherwise.
bool is_affine(const Dim& index);
Affine affine_of(const Dim& index, size_t axes);

// True if the index is proven to lie in [0, extent) at every point of the extents.
bool is_within(const Dim& index, const std::vector<int64_t>& extents, int64_t extent);

}  // namespace onnxc

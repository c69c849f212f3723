// What steps cost, independent of any machine.
#pragma once

#include "compiler/plan/program.h"

namespace onnxc {

// Multiply-adds of convolutions, matrix products and sums of products, as an expression of the
// symbols; other steps count nothing, of a choice the costlier body counts.
Dim multiply_adds(const Node& node);
// Of all steps; sizes that steps find out are taken at their upper bound.
Dim multiply_adds(const Program& program);

}  // namespace onnxc

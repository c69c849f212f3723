// Derivatives of scalar expressions.
#pragma once

#include "compiler/ir/expr.h"

namespace onnxc {

// The derivative of `x` with respect to the leaf `leaf` (a load or the accumulator), which is
// compared by address; null where it is zero everywhere. Steps (floor, comparisons) count as flat,
// and corners (abs, min, max) take the derivative of one side. CompileError for an operation that
// has none.
E derivative(const E& x, const Expr* leaf);

}  // namespace onnxc

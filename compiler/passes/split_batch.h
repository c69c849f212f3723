// Splitting the one batch loop of a matrix product in two.
#pragma once

#include "compiler/ir/graph.h"

namespace onnxc {

// The same product with `outer` times `inner` batches, for one whose outer batch is 1 and whose
// inner one is their product.
MatMul split_batch(MatMul product, const Dim& outer, const Dim& inner);

}  // namespace onnxc

// Averages over windows, for the pooling operators of all kinds of elements.
#pragma once

#include "compiler/ops/lowering.h"

namespace onnxc {

// The mean over each window of the node's attributes; `input` has the shape of the node's input 0.
Value* averaged(Lowering& x, Value* input);
// The mean over all spatial axes, which stay as size 1.
Value* averaged_globally(Lowering& x, Value* input);

}  // namespace onnxc

// Averages over windows, for the pooling operators of all kinds of elements.
#pragma once

#include "compiler/ops/lowering.h"

namespace onnxc {

// An image with its channels last as one with its channels second, and back.
Value* channels_second(Lowering& x, Value* image);
Value* channels_last(Lowering& x, Value* image);
// The mean over each window of the node's attributes, channels second.
Value* averaged(Lowering& x, Value* input);
// The mean over all spatial axes, which stay as size 1.
Value* averaged_globally(Lowering& x, Value* input);

}  // namespace onnxc

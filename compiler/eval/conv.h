// The reference convolution.
#pragma once

#include <vector>

#include "compiler/eval/evaluate.h"

namespace onnxc {

// A convolution of plain tensors into a result of `dims`. The sum is taken in double for floating
// types and rounded once before `finish`. CompileError for packed weights (conv.method is set).
Tensor evaluate_conv(const Conv& conv, const std::vector<Tensor>& inputs,
                     const std::vector<int64_t>& dims, const SymbolValues& symbols);

}  // namespace onnxc

// The reference of matrix products whose method is chosen.
#pragma once

#include <vector>

#include "compiler/eval/evaluate.h"

namespace onnxc {

// C of MatMul as a tensor of `dims`; places that C's strides do not reach are zero.
Tensor evaluate_matmul(const MatMul& product, const std::vector<Tensor>& inputs, DType type,
                       const std::vector<int64_t>& dims, const SymbolValues& symbols);

}  // namespace onnxc

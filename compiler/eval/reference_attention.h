// Reference of attention with a state.
#pragma once

#include "compiler/eval/kernels.h"

namespace onnxc {

std::vector<Tensor> reference_linear_attention(const KernelContext& context);

}  // namespace onnxc

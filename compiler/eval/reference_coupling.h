// Reference of class probabilities from pairs.
#pragma once

#include "compiler/eval/kernels.h"

namespace onnxc {

std::vector<Tensor> reference_pairwise_coupling(const KernelContext& context);

}  // namespace onnxc

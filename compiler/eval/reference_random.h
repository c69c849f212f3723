// Reference of the sequential random stream.
#pragma once

#include "compiler/eval/kernels.h"

namespace onnxc {

std::vector<Tensor> reference_mersenne_twister(const KernelContext& context);

}  // namespace onnxc

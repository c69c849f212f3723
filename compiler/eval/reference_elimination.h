// Reference of inverses and determinants.
#pragma once

#include "compiler/eval/kernels.h"

namespace onnxc {

std::vector<Tensor> reference_matrix_inverse(const KernelContext& context);
std::vector<Tensor> reference_matrix_determinant(const KernelContext& context);

}  // namespace onnxc

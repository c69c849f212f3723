// The meaning of scatters and running sums, the kernels of templates/cpu/scatter.h and cumulate.h.
#pragma once

#include "compiler/eval/kernels.h"

namespace onnxc {

std::vector<Tensor> reference_scatter_elements(const KernelContext& context);
std::vector<Tensor> reference_scatter_nd(const KernelContext& context);
std::vector<Tensor> reference_cumulate(const KernelContext& context);

}  // namespace onnxc

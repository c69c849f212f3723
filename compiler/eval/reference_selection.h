// The meaning of selections: the kernels of templates/cpu/top_k.h, select_positions.h, unique.h and
// non_max_suppression.h.
#pragma once

#include "compiler/eval/kernels.h"

namespace onnxc {

std::vector<Tensor> reference_top_k(const KernelContext& context);
std::vector<Tensor> reference_nonzero(const KernelContext& context);
std::vector<Tensor> reference_compress(const KernelContext& context);
std::vector<Tensor> reference_unique(const KernelContext& context);
std::vector<Tensor> reference_non_max_suppression(const KernelContext& context);

}  // namespace onnxc

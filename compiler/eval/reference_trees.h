// The meaning of templates/cpu/tree_ensemble.h.
#pragma once

#include "compiler/eval/kernels.h"

namespace onnxc {

std::vector<Tensor> reference_tree_ensemble(const KernelContext& context);

}  // namespace onnxc

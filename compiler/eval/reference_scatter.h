// The meaning of copies, scatters and running sums: the kernels of templates/common/copy_rows.h,
// templates/cpu/scatter.h and cumulate.h.
#pragma once

#include "compiler/eval/kernels.h"

namespace onnxc {

// Of all bytes as one row.
std::vector<Tensor> reference_copy_rows(const KernelContext& context);
std::vector<Tensor> reference_scatter_elements(const KernelContext& context);
std::vector<Tensor> reference_scatter_nd(const KernelContext& context);
std::vector<Tensor> reference_cumulate(const KernelContext& context);

}  // namespace onnxc

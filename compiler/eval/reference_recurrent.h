// The meaning of the recurrent layers of templates/cpu/recurrent_layer.h.
#pragma once

#include "compiler/eval/kernels.h"

namespace onnxc {

std::vector<Tensor> reference_lstm(const KernelContext& context);
std::vector<Tensor> reference_gru(const KernelContext& context);
std::vector<Tensor> reference_rnn(const KernelContext& context);

}  // namespace onnxc

// The activation that an optimiser has put into a convolution or matrix product.
#pragma once

#include <functional>

#include "compiler/ops/lowering.h"

namespace onnxc {

// What the node's attributes activation and activation_params (or activation_alpha, ...) say;
// the identity where there is none.
std::function<E(E)> fused_activation(const Lowering& x);

}  // namespace onnxc

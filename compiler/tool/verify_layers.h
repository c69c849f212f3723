// Where a compiled model first departs from what it should compute.
#pragma once

#include <string>
#include <vector>

#include "compiler/ir/onnx_graph.h"
#include "compiler/tool/verify_model.h"

namespace onnxc {

// Runs the model with every step's result kept, beside its reference, and names the first step
// whose result differs by more than the tolerance: `first to depart: Conv "conv1": ...`, or says
// that none does. Results that an optimisation left without a counterpart are passed over.
std::string first_departure(const OnnxModel& model, const std::vector<Tensor>& inputs,
                            const VerifyOptions& options);

}  // namespace onnxc

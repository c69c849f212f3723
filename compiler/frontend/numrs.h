// NumRs `.onnx.json` models and checkpoints.
#pragma once

#include <string_view>

#include "compiler/ir/onnx_graph.h"

namespace onnxc {

// An ONNX model of operator set 18 that computes what NumRs computes: all values float32, axis 0 of
// the inputs the symbol "batch" where the operators allow any. `text` need not outlive the result.
OnnxModel load_numrs(std::string_view text);

}  // namespace onnxc

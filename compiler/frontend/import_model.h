// Decoded ONNX messages to a checked model.
#pragma once

#include "compiler/frontend/import_tensor.h"
#include "compiler/frontend/onnx_proto.h"
#include "compiler/ir/onnx_graph.h"

namespace onnxc {

// Versions of the standard operator set that are understood.
inline constexpr int kMinOpset = 1;
inline constexpr int kMaxOpset = 28;

// Functions inlined, names resolved, nodes sorted, tensors and types checked, the attribute
// `sparse_value` of Constant turned into `value`. `path`, `sha256` and `file_size` are left to the
// caller. Throws CompileError.
OnnxModel import_model(ProtoModel proto, const TensorSource& source);

}  // namespace onnxc

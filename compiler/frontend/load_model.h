// A model file of any accepted format to a checked OnnxModel.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "compiler/ir/onnx_graph.h"

namespace onnxc {

// Formats are told by content: binary ONNX, ONNX text, protobuf text and JSON, NumRs models and
// checkpoints. Large tensors are views into the mapped file, which the model keeps mapped. Throws
// CompileError starting with `path`.
OnnxModel load_model(const std::string& path);

// ONNX text; `name` stands in messages and in OnnxModel::path.
OnnxModel load_model_text(std::string_view onnx_text, const std::string& name = "model");

// A file's content in any accepted format; copies the bytes. External data is refused.
OnnxModel load_model_bytes(std::span<const std::byte> bytes, const std::string& name = "model");

}  // namespace onnxc

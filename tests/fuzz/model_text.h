// Models as ONNX text.
#pragma once

#include <map>
#include <string>

#include "compiler/ir/onnx_graph.h"

namespace onnxc::fuzz {

// What load_model_text reads back as the same model: numbers, strings, tensors and lists of them as
// attributes, no sub-graphs.
std::string model_text(const OnnxModel& model, const std::map<std::string, std::string>& metadata);

}  // namespace onnxc::fuzz

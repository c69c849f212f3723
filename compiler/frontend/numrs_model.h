// A NumRs `.onnx.json` file as plain data, before it is given ONNX's meaning.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/ir/onnx_graph.h"
#include "compiler/ir/tensor.h"

namespace onnxc {

struct NumrsNode {
  std::string name, op_type;
  std::vector<std::string> inputs, outputs;
  std::map<std::string, OnnxAttributeValue> attributes;
};

struct NumrsInput {
  std::string name;
  std::vector<int64_t> shape;
};

struct NumrsModel {
  std::map<std::string, std::string>
      metadata;  // numbers as text; "metadata.KEY" for the user's own entries
  std::string graph_name;
  std::vector<NumrsNode> nodes;
  std::vector<NumrsInput> inputs;
  std::vector<std::string> outputs;
  std::map<std::string, Tensor> initializers;  // in the type they are stored in
};

// Streams the text of a model or a checkpoint; a tensor's bytes go straight to where they stay.
// Throws CompileError where the JSON is broken or is not laid out as NumRs writes it.
NumrsModel read_numrs(std::string_view text);

// Whether the model's operators accept every size of axis 0 of the inputs in `batch_inputs` (one
// shared size), so far as their shapes can be followed.
bool accepts_any_batch(const NumrsModel& model, const std::vector<std::string>& batch_inputs);

}  // namespace onnxc

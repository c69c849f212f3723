// An ONNX model as plain data: what the frontends produce and the operators read. Names are ONNX's.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "compiler/ir/dtype.h"
#include "compiler/ir/tensor.h"

namespace onnxc {

struct OnnxGraph;
struct OnnxType;

using OnnxAttributeValue =
    std::variant<float, int64_t, std::string, Tensor, std::shared_ptr<OnnxGraph>,
                 std::vector<float>, std::vector<int64_t>, std::vector<std::string>,
                 std::vector<Tensor>, std::vector<std::shared_ptr<OnnxGraph>>,
                 std::shared_ptr<OnnxType>>;

struct OnnxNode {
  std::string name;    // as given; may be empty
  std::string domain;  // "" for ai.onnx (the spelling "ai.onnx" is normalised to "")
  std::string op_type;
  std::vector<std::string> inputs;   // "" = optional input left out
  std::vector<std::string> outputs;  // "" = output not wanted
  std::map<std::string, OnnxAttributeValue> attributes;
  int opset = 0;  // version of `domain` that applies to this node
};

// The node as messages call it: `Conv "layer1/conv1"`, or `Conv producing "y"` when it has no name.
std::string describe(const OnnxNode& node);

// One axis as the file declares it: a number, a symbol's name, or neither (unknown).
struct OnnxDim {
  std::optional<int64_t> value;
  std::string symbol;
};

// Type of a graph input or output.
struct OnnxType {
  enum class Kind { kTensor, kSequence, kOptional, kMap, kUnknown };
  Kind kind = Kind::kUnknown;
  DType dtype = DType::kUndefined;            // element type (of a map: its key type)
  std::optional<std::vector<OnnxDim>> shape;  // nothing = rank unknown
  std::shared_ptr<OnnxType> element;          // of a sequence, optional or map value
};

struct OnnxValueInfo {
  std::string name;
  OnnxType type;
};

struct OnnxGraph {
  std::string name;
  std::vector<OnnxNode> nodes;        // topologically sorted by the frontend
  std::vector<OnnxValueInfo> inputs;  // without those that only give an initializer's type
  std::vector<OnnxValueInfo> outputs;
  std::map<std::string, Tensor>
      initializers;  // sparse ones made dense; large ones are views into the mapped file
  std::vector<OnnxValueInfo> value_info;
};

struct OnnxModel {
  OnnxGraph graph;   // model-local functions are already inlined
  std::string path;  // as given by the user
  std::string producer, producer_version, domain, description;
  int64_t ir_version = 0;
  std::map<std::string, int> opsets;  // domain ("" = ai.onnx) -> version
  std::map<std::string, std::string> metadata;
  std::string sha256;  // of the model file's bytes, hexadecimal
  size_t file_size = 0;
  // Declared sizes of axis 0 of the inputs are trace-time hints, not facts (NumRs files).
  bool batch_is_hint = false;
  std::vector<std::string> warnings;  // what the user should know though the model compiles
};

}  // namespace onnxc

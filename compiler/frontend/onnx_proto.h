// ONNX's messages as plain structs: what the binary and the text reader produce and the importer
// checks and converts. Nothing here is validated beyond its encoding. Field names are those of
// onnx.proto.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/frontend/wire.h"
#include "compiler/ir/onnx_graph.h"
#include "compiler/ir/tensor.h"

namespace onnxc {

// Payloads are views into the file; each list holds runs of packed elements.
struct ProtoTensor {
  std::string name;
  std::vector<int64_t> dims;
  int data_type = 0;
  bool has_segment = false;
  std::optional<Bytes> raw_data;
  std::vector<Bytes> float_data, int32_data, int64_data, double_data, uint64_data;
  std::vector<std::string> string_data;
  bool is_external = false;
  std::map<std::string, std::string> external_data;
  std::optional<Tensor>
      value;  // already complete (from text); the data fields above are then unused
};

struct ProtoSparseTensor {
  ProtoTensor values, indices;
  std::vector<int64_t> dims;
};

struct ProtoGraph;

enum class ProtoAttributeType {
  kUndefined = 0,
  kFloat = 1,
  kInt = 2,
  kString = 3,
  kTensor = 4,
  kGraph = 5,
  kFloats = 6,
  kInts = 7,
  kStrings = 8,
  kTensors = 9,
  kGraphs = 10,
  kSparseTensor = 11,
  kSparseTensors = 12,
  kTypeProto = 13,
  kTypeProtos = 14,
};

struct ProtoAttribute {
  std::string name;
  std::string ref_attr_name;  // within a function: the attribute of the call whose value this is
  ProtoAttributeType type = ProtoAttributeType::kUndefined;
  std::optional<float> f;
  std::optional<int64_t> i;
  std::optional<std::string> s;
  std::vector<float> floats;
  std::vector<int64_t> ints;
  std::vector<std::string> strings;
  std::vector<ProtoTensor> tensors;                 // `t` too
  std::vector<std::shared_ptr<ProtoGraph>> graphs;  // `g` too
  std::vector<ProtoSparseTensor> sparse_tensors;    // `sparse_tensor` too
  std::vector<OnnxType> types;                      // `tp` and `type_protos`
};

struct ProtoNode {
  std::string name, domain, op_type, overload;
  std::vector<std::string> inputs, outputs;
  std::vector<ProtoAttribute> attributes;
  int opset = 0;  // set by the importer
};

struct ProtoGraph {
  std::string name;
  std::vector<ProtoNode> nodes;
  std::vector<OnnxValueInfo> inputs, outputs, value_info;
  std::vector<ProtoTensor> initializers;
  std::vector<ProtoSparseTensor> sparse_initializers;  // named by their `values`
};

struct ProtoOpset {
  std::string domain;
  int64_t version = 0;
};

struct ProtoFunction {
  std::string name, domain, overload;
  std::vector<std::string> inputs, outputs, attributes;
  std::vector<ProtoAttribute> attribute_defaults;
  std::vector<ProtoNode> nodes;
  std::vector<ProtoOpset> opset_imports;
};

struct ProtoModel {
  int64_t ir_version = 0;
  std::string producer_name, producer_version, domain, doc_string;
  std::vector<ProtoOpset> opset_imports;
  std::optional<ProtoGraph> graph;
  std::vector<ProtoFunction> functions;
  std::map<std::string, std::string> metadata_props;
};

// Deepest nesting of graphs, function calls and of types that is accepted.
inline constexpr int kMaxGraphDepth = 64;
inline constexpr int kMaxTypeDepth = 32;

}  // namespace onnxc

// Operator sets, graphs, attributes and types of an ONNX model.
#include "compiler/frontend/import_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "compiler/frontend/inline_functions.h"
#include "compiler/frontend/resolve_names.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

using Opsets = std::map<std::string, int>;

// Before IR version 3 a model had no opset_import and meant operator set 1.
constexpr int64_t kFirstIrVersionWithOpsets = 3;

std::string normalised_domain(const std::string& domain) {
  return domain == "ai.onnx" ? "" : domain;
}

Opsets import_opsets(const std::vector<ProtoOpset>& imports) {
  Opsets opsets;
  for (const ProtoOpset& import : imports) {
    const std::string domain = normalised_domain(import.domain);
    if (domain.empty() && (import.version < kMinOpset || import.version > kMaxOpset)) {
      throw CompileError("operator set {} of ONNX is not supported; versions {} to {} are",
                         import.version, kMinOpset, kMaxOpset)
          .note(
              "export the model with a supported opset_version, or convert it with "
              "onnx.version_converter");
    }
    if (import.version < 0 || import.version > std::numeric_limits<int>::max()) {
      throw CompileError("domain \"{}\" is imported with the absurd version {}", domain,
                         import.version);
    }
    const auto [entry, is_new] = opsets.emplace(domain, static_cast<int>(import.version));
    if (!is_new && entry->second != import.version) {
      throw CompileError("domain \"{}\" is imported with the versions {} and {}",
                         domain.empty() ? "ai.onnx" : domain, entry->second, import.version);
    }
  }
  return opsets;
}

Opsets model_opsets(const ProtoModel& proto) {
  Opsets opsets = import_opsets(proto.opset_imports);
  if (!opsets.empty()) return opsets;
  if (proto.ir_version >= kFirstIrVersionWithOpsets) {
    throw CompileError("the model imports no operator set (opset_import is empty)");
  }
  return {{"", 1}};
}

// Normalises domains and notes each node's operator set; `outer` serves domains that `opsets`
// lacks.
void set_opsets(std::vector<ProtoNode>& nodes, const Opsets& opsets, const Opsets& outer,
                const std::set<std::string>& function_domains) {
  for (ProtoNode& node : nodes) {
    node.domain = normalised_domain(node.domain);
    const auto own = opsets.find(node.domain);
    const auto inherited = outer.find(node.domain);
    if (own != opsets.end()) {
      node.opset = own->second;
    } else if (inherited != outer.end()) {
      node.opset = inherited->second;
    } else if (node.domain.empty() && function_domains.count("") == 0) {
      throw CompileError(
          "node \"{}\" is the standard operator {}, but the model imports no operator set for it",
          node.name, node.op_type);
    } else {
      node.opset = 1;
    }
    for (ProtoAttribute& attribute : node.attributes) {
      for (const auto& graph : attribute.graphs)
        set_opsets(graph->nodes, opsets, outer, function_domains);
    }
  }
}

void set_opsets(ProtoModel& proto, const Opsets& opsets) {
  std::set<std::string> function_domains;
  for (ProtoFunction& function : proto.functions) {
    function.domain = normalised_domain(function.domain);
    function_domains.insert(function.domain);
  }
  set_opsets(proto.graph->nodes, opsets, {}, function_domains);
  for (ProtoFunction& function : proto.functions) {
    in_context(fmt::format("function {}", function.name), [&] {
      set_opsets(function.nodes, import_opsets(function.opset_imports), opsets, function_domains);
    });
  }
}

void check_sizes(const OnnxValueInfo& info) {
  if (!info.type.shape) return;
  int64_t bytes = std::max<int64_t>(1, static_cast<int64_t>(byte_size(info.type.dtype)));
  for (const OnnxDim& dim : *info.type.shape) {
    if (dim.value.value_or(1) == 0) return;
    if (__builtin_mul_overflow(bytes, dim.value.value_or(1), &bytes)) {
      throw CompileError("value \"{}\" has a shape of more bytes than any memory holds", info.name);
    }
  }
}

std::vector<OnnxValueInfo> checked_values(const std::vector<OnnxValueInfo>& infos,
                                          const char* what) {
  for (size_t i = 0; i < infos.size(); ++i) {
    if (infos[i].name.empty()) throw CompileError("{} {} has no name", what, i);
    check_sizes(infos[i]);
  }
  return infos;
}

class Importer {
 public:
  explicit Importer(const TensorSource& source) : source_(source) {}

  OnnxGraph graph(const ProtoGraph& proto) const {
    OnnxGraph graph;
    graph.name = proto.name;
    graph.initializers = initializers(proto);
    graph.inputs = checked_values(proto.inputs, "graph input");
    std::erase_if(graph.inputs, [&](const OnnxValueInfo& info) {
      return graph.initializers.count(info.name) > 0;
    });
    graph.outputs = checked_values(proto.outputs, "graph output");
    graph.value_info = proto.value_info;
    graph.nodes.reserve(proto.nodes.size());
    for (const ProtoNode& proto_node : proto.nodes) graph.nodes.push_back(node(proto_node));
    return graph;
  }

 private:
  std::map<std::string, Tensor> initializers(const ProtoGraph& proto) const {
    std::map<std::string, Tensor> result;
    const auto add = [&](const std::string& name, const auto& import) {
      if (name.empty()) throw CompileError("an initializer has no name");
      in_context(fmt::format("initializer \"{}\"", name), [&] {
        if (!result.emplace(name, import()).second)
          throw CompileError("there are two of this name");
      });
    };
    for (const ProtoTensor& tensor : proto.initializers) {
      add(tensor.name, [&] { return import_tensor(tensor, source_); });
    }
    for (const ProtoSparseTensor& tensor : proto.sparse_initializers) {
      add(tensor.values.name, [&] { return import_sparse_tensor(tensor, source_); });
    }
    return result;
  }

  OnnxNode node(const ProtoNode& proto) const {
    OnnxNode node;
    node.name = proto.name;
    node.domain = proto.domain;
    node.op_type = proto.op_type;
    node.inputs = proto.inputs;
    node.outputs = proto.outputs;
    node.opset = proto.opset;
    in_context(describe(node), [&] {
      if (node.op_type.empty()) throw CompileError("the node has no op_type");
      for (const ProtoAttribute& attribute : proto.attributes) {
        in_context(fmt::format("attribute \"{}\"", attribute.name), [&] {
          if (!node.attributes.emplace(attribute.name, value(attribute)).second) {
            throw CompileError("the node has two of this name");
          }
        });
      }
    });
    rename_sparse_value(node);
    return node;
  }

  static void rename_sparse_value(OnnxNode& node) {
    if (node.op_type != "Constant" || !node.domain.empty()) return;
    auto sparse = node.attributes.extract("sparse_value");
    if (sparse.empty()) return;
    sparse.key() = "value";
    node.attributes.insert(std::move(sparse));
  }

  OnnxAttributeValue value(const ProtoAttribute& proto) const {
    if (!proto.ref_attr_name.empty()) {
      throw CompileError(
          "it refers to the attribute \"{}\" of a function, but stands in no function",
          proto.ref_attr_name);
    }
    switch (type_of(proto)) {
      case ProtoAttributeType::kFloat:
        return proto.f.value_or(0.0f);
      case ProtoAttributeType::kInt:
        return proto.i.value_or(0);
      case ProtoAttributeType::kString:
        return proto.s.value_or("");
      case ProtoAttributeType::kTensor:
        return tensor(only(proto.tensors));
      case ProtoAttributeType::kGraph:
        return subgraph(only(proto.graphs));
      case ProtoAttributeType::kFloats:
        return proto.floats;
      case ProtoAttributeType::kInts:
        return proto.ints;
      case ProtoAttributeType::kStrings:
        return proto.strings;
      case ProtoAttributeType::kTensors: {
        std::vector<Tensor> tensors;
        for (const ProtoTensor& item : proto.tensors) tensors.push_back(tensor(item));
        return tensors;
      }
      case ProtoAttributeType::kGraphs: {
        std::vector<std::shared_ptr<OnnxGraph>> graphs;
        for (const auto& item : proto.graphs) graphs.push_back(subgraph(item));
        return graphs;
      }
      case ProtoAttributeType::kSparseTensor:
        return import_sparse_tensor(only(proto.sparse_tensors), source_);
      case ProtoAttributeType::kSparseTensors: {
        std::vector<Tensor> tensors;
        for (const auto& item : proto.sparse_tensors)
          tensors.push_back(import_sparse_tensor(item, source_));
        return tensors;
      }
      case ProtoAttributeType::kTypeProto:
        return std::make_shared<OnnxType>(only(proto.types));
      case ProtoAttributeType::kTypeProtos:
      case ProtoAttributeType::kUndefined:
        break;
    }
    throw CompileError("it has no value of a known type");
  }

  // The earliest models leave the type out: it is that of the field in use.
  static ProtoAttributeType type_of(const ProtoAttribute& proto) {
    if (proto.type != ProtoAttributeType::kUndefined) return proto.type;
    if (proto.f) return ProtoAttributeType::kFloat;
    if (proto.i) return ProtoAttributeType::kInt;
    if (proto.s) return ProtoAttributeType::kString;
    if (!proto.tensors.empty()) return ProtoAttributeType::kTensor;
    if (!proto.graphs.empty()) return ProtoAttributeType::kGraph;
    if (!proto.floats.empty()) return ProtoAttributeType::kFloats;
    if (!proto.ints.empty()) return ProtoAttributeType::kInts;
    if (!proto.strings.empty()) return ProtoAttributeType::kStrings;
    if (!proto.sparse_tensors.empty()) return ProtoAttributeType::kSparseTensor;
    if (!proto.types.empty()) return ProtoAttributeType::kTypeProto;
    return ProtoAttributeType::kUndefined;
  }

  template <class T>
  static const T& only(const std::vector<T>& values) {
    if (values.size() != 1)
      throw CompileError("it should have one value but has {}", values.size());
    return values.front();
  }

  Tensor tensor(const ProtoTensor& proto) const { return import_tensor(proto, source_); }
  std::shared_ptr<OnnxGraph> subgraph(const std::shared_ptr<ProtoGraph>& proto) const {
    return std::make_shared<OnnxGraph>(graph(*proto));
  }

  const TensorSource& source_;
};

}  // namespace

OnnxModel import_model(ProtoModel proto, const TensorSource& source) {
  if (!proto.graph) throw CompileError("the model holds no graph");
  OnnxModel model;
  model.ir_version = proto.ir_version;
  model.producer = proto.producer_name;
  model.producer_version = proto.producer_version;
  model.domain = proto.domain;
  model.description = proto.doc_string;
  model.metadata = proto.metadata_props;
  model.opsets = model_opsets(proto);
  set_opsets(proto, model.opsets);
  inline_functions(proto);
  model.graph = Importer(source).graph(*proto.graph);
  if (model.graph.outputs.empty()) throw CompileError("the graph has no outputs");
  resolve_names(model.graph);
  return model;
}

}  // namespace onnxc

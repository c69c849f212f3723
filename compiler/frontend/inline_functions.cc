// Copies of function bodies, with names made unique and attribute references resolved.
#include "compiler/frontend/inline_functions.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

using FunctionKey = std::tuple<std::string, std::string, std::string>;  // domain, name, overload

constexpr size_t kMaxInlinedNodes = 1 << 18;

void collect_names(const ProtoGraph& graph, std::unordered_set<std::string>& names) {
  for (const OnnxValueInfo& info : graph.inputs) names.insert(info.name);
  for (const ProtoTensor& tensor : graph.initializers) names.insert(tensor.name);
  for (const ProtoSparseTensor& tensor : graph.sparse_initializers)
    names.insert(tensor.values.name);
  for (const ProtoNode& node : graph.nodes) {
    names.insert(node.outputs.begin(), node.outputs.end());
    for (const ProtoAttribute& attribute : node.attributes) {
      for (const auto& subgraph : attribute.graphs) collect_names(*subgraph, names);
    }
  }
}

std::string display_name(const ProtoFunction& function) {
  return function.domain.empty() ? function.name : function.domain + "." + function.name;
}

class Inliner {
 public:
  explicit Inliner(const ProtoModel& model) {
    for (const ProtoFunction& function : model.functions) {
      const FunctionKey key{function.domain, function.name, function.overload};
      if (!functions_.emplace(key, &function).second) {
        throw CompileError("function {} is defined twice", display_name(function));
      }
    }
    collect_names(*model.graph, names_);
  }

  void inline_graph(ProtoGraph& graph, int depth) {
    check_depth(depth);
    std::vector<ProtoNode> nodes = std::move(graph.nodes);
    graph.nodes.clear();
    for (ProtoNode& node : nodes) inline_node(std::move(node), depth, graph.nodes);
  }

 private:
  // Names of one expansion: the function's to the caller's.
  struct Expansion {
    const ProtoFunction& function;
    const ProtoNode& call;
    std::string prefix;
    std::unordered_map<std::string, std::string> names;
  };

  static void check_depth(int depth) {
    if (depth > kMaxGraphDepth) {
      throw CompileError("graphs and function calls are nested more than {} deep", kMaxGraphDepth);
    }
  }

  void inline_node(ProtoNode node, int depth, std::vector<ProtoNode>& nodes) {
    const auto found = functions_.find({node.domain, node.op_type, node.overload});
    if (found != functions_.end()) return expand(node, *found->second, depth + 1, nodes);
    for (ProtoAttribute& attribute : node.attributes) {
      for (const auto& graph : attribute.graphs) inline_graph(*graph, depth + 1);
    }
    nodes.push_back(std::move(node));
  }

  void expand(const ProtoNode& call, const ProtoFunction& function, int depth,
              std::vector<ProtoNode>& nodes) {
    check_depth(depth);
    if (std::find(active_.begin(), active_.end(), &function) != active_.end()) {
      throw CompileError("function {} calls itself", display_name(function));
    }
    if (call.inputs.size() > function.inputs.size() ||
        call.outputs.size() > function.outputs.size()) {
      throw CompileError(
          "a call of function {} has {} inputs and {} outputs, but the function has {} and {}",
          display_name(function), call.inputs.size(), call.outputs.size(), function.inputs.size(),
          function.outputs.size());
    }
    active_.push_back(&function);
    Expansion expansion{function, call, (call.name.empty() ? function.name : call.name) + "/", {}};
    for (size_t i = 0; i < function.inputs.size(); ++i) {
      expansion.names[function.inputs[i]] = i < call.inputs.size() ? call.inputs[i] : "";
    }
    const std::vector<ProtoNode> copies = bind_outputs(expansion);
    for (const ProtoNode& node : function.nodes) inline_node(copied(node, expansion), depth, nodes);
    nodes.insert(nodes.end(), copies.begin(), copies.end());
    active_.pop_back();
  }

  // Gives the function's outputs the caller's names; returns Identity nodes for those that already
  // have a name because they are inputs or other outputs of the function too.
  std::vector<ProtoNode> bind_outputs(Expansion& expansion) {
    std::vector<ProtoNode> copies;
    for (size_t i = 0; i < expansion.call.outputs.size(); ++i) {
      const std::string& inner = expansion.function.outputs[i];
      const std::string& outer = expansion.call.outputs[i];
      if (outer.empty() || expansion.names.emplace(inner, outer).second) continue;
      ProtoNode copy;
      copy.name = expansion.prefix + inner;
      copy.op_type = "Identity";
      copy.inputs = {expansion.names.at(inner)};
      copy.outputs = {outer};
      copy.opset = 13;
      copies.push_back(std::move(copy));
    }
    return copies;
  }

  std::string renamed(const std::string& name, Expansion& expansion) {
    if (name.empty()) return name;
    const auto found = expansion.names.find(name);
    if (found != expansion.names.end()) return found->second;
    const std::string wanted = expansion.prefix + name;
    std::string unique = wanted;
    for (int& suffix = suffixes_[wanted]; !names_.insert(unique).second;) {
      unique = fmt::format("{}_{}", wanted, ++suffix);
    }
    expansion.names.emplace(name, unique);
    return unique;
  }

  ProtoNode copied(const ProtoNode& node, Expansion& expansion) {
    if (++inlined_nodes_ > kMaxInlinedNodes) {
      throw CompileError("the model's functions expand to more than {} nodes", kMaxInlinedNodes);
    }
    ProtoNode copy = node;
    copy.name = expansion.prefix + (node.name.empty() ? node.op_type : node.name);
    for (std::string& name : copy.inputs) name = renamed(name, expansion);
    for (std::string& name : copy.outputs) name = renamed(name, expansion);
    copy.attributes.clear();
    for (const ProtoAttribute& attribute : node.attributes) {
      if (!attribute.ref_attr_name.empty()) {
        add_referenced(attribute, expansion, copy.attributes);
        continue;
      }
      copy.attributes.push_back(attribute);
      for (auto& graph : copy.attributes.back().graphs) graph = copied(*graph, expansion);
    }
    return copy;
  }

  // An attribute that neither the call nor the function gives a value is left out.
  void add_referenced(const ProtoAttribute& reference, const Expansion& expansion,
                      std::vector<ProtoAttribute>& attributes) {
    for (const auto* candidates :
         {&expansion.call.attributes, &expansion.function.attribute_defaults}) {
      for (const ProtoAttribute& value : *candidates) {
        if (value.name != reference.ref_attr_name) continue;
        attributes.push_back(value);
        attributes.back().name = reference.name;
        for (auto& graph : attributes.back().graphs) graph = cloned(*graph);
        return;
      }
    }
  }

  std::shared_ptr<ProtoGraph> copied(const ProtoGraph& graph, Expansion& expansion) {
    auto copy = std::make_shared<ProtoGraph>(graph);
    for (auto* infos : {&copy->inputs, &copy->outputs, &copy->value_info}) {
      for (OnnxValueInfo& info : *infos) info.name = renamed(info.name, expansion);
    }
    for (ProtoTensor& tensor : copy->initializers) tensor.name = renamed(tensor.name, expansion);
    for (ProtoSparseTensor& tensor : copy->sparse_initializers) {
      tensor.values.name = renamed(tensor.values.name, expansion);
    }
    for (ProtoNode& node : copy->nodes) node = copied(node, expansion);
    return copy;
  }

  std::shared_ptr<ProtoGraph> cloned(const ProtoGraph& graph) {
    auto copy = std::make_shared<ProtoGraph>(graph);
    for (ProtoNode& node : copy->nodes) {
      if (++inlined_nodes_ > kMaxInlinedNodes) {
        throw CompileError("the model's functions expand to more than {} nodes", kMaxInlinedNodes);
      }
      for (ProtoAttribute& attribute : node.attributes) {
        for (auto& subgraph : attribute.graphs) subgraph = cloned(*subgraph);
      }
    }
    return copy;
  }

  std::map<FunctionKey, const ProtoFunction*> functions_;
  std::unordered_set<std::string> names_;
  std::unordered_map<std::string, int> suffixes_;
  std::vector<const ProtoFunction*> active_;
  size_t inlined_nodes_ = 0;
};

}  // namespace

void inline_functions(ProtoModel& model) {
  if (model.functions.empty()) return;
  Inliner(model).inline_graph(*model.graph, 0);
}

}  // namespace onnxc

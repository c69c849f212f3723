// Walks an ONNX graph in order and lets each operator rewrite its node into core steps.
#include "compiler/ops/lower_model.h"

#include <limits>
#include <map>
#include <set>

#include "compiler/ops/declared_shape.h"
#include "compiler/ops/lowering.h"
#include "compiler/ops/op.h"
#include "compiler/ops/scope.h"

namespace onnxc {
namespace {

constexpr int kNewestOpset = 28;

void count_unsupported(const OnnxGraph& graph, std::map<std::string, int>& counts) {
  for (const OnnxNode& node : graph.nodes) {
    const Op* op = find_op(node.domain, node.op_type);
    if (!op) {
      ++counts[node.domain.empty() ? node.op_type : node.domain + "::" + node.op_type];
    } else if (node.domain.empty() && (node.opset < op->since || node.opset > kNewestOpset)) {
      ++counts[fmt::format("{} of opset {} (known: {} to {})", node.op_type, node.opset, op->since,
                           kNewestOpset)];
    }
    for (const auto& [name, value] : node.attributes) {
      if (const auto* body = std::get_if<std::shared_ptr<OnnxGraph>>(&value))
        count_unsupported(**body, counts);
    }
  }
}

void require_support(const OnnxGraph& graph) {
  std::map<std::string, int> counts;
  count_unsupported(graph, counts);
  if (counts.empty()) return;
  CompileError error("{} operator{} not supported", counts.size(),
                     counts.size() == 1 ? " is" : "s are");
  for (const auto& [name, count] : counts)
    error.note(fmt::format("{}: {} node{}", name, count, count == 1 ? "" : "s"));
  error.note("`onnxc --print-operators` lists what is supported");
  throw error;
}

// Declares the model's inputs, turning named or unknown sizes into symbols.
class InputDeclarer {
 public:
  InputDeclarer(Graph& graph, const Options& options, bool batch_is_hint)
      : graph_(graph), options_(options), batch_is_hint_(batch_is_hint) {}

  Value* declare(const OnnxValueInfo& input) {
    if (input.type.kind != OnnxType::Kind::kTensor)
      throw CompileError("input \"{}\": only tensors are supported as inputs of a model",
                         input.name);
    if (!input.type.shape)
      throw CompileError("input \"{}\": its rank is not declared", input.name)
          .note("give the input a shape with named sizes when exporting");
    Shape shape;
    for (size_t axis = 0; axis < input.type.shape->size(); ++axis)
      shape.push_back(size((*input.type.shape)[axis], input.name, axis));
    return graph_.add_input(input.name, input.type.dtype, std::move(shape));
  }

  void check_all_used() const {
    for (const auto& [name, bounds] : options_.dims) {
      if (used_.count(name)) continue;
      CompileError error("--dim {}: the model has no size of that name", name);
      std::string known;
      for (const auto& [symbol, ref] : graph_.symbols)
        known += (known.empty() ? "" : ", ") + symbol;
      for (const auto& symbol : used_) {
        if (!graph_.symbols.count(symbol)) known += (known.empty() ? "" : ", ") + symbol;
      }
      throw error.note(known.empty() ? "all its sizes are fixed" : "its sizes are " + known);
    }
  }

 private:
  Dim size(const OnnxDim& dim, const std::string& input, size_t axis) {
    if (dim.value && *dim.value >= 0 && !(batch_is_hint_ && axis == 0)) return *dim.value;
    std::string name =
        dim.symbol == "?" ? "" : dim.symbol;  // exporters write ? for each size they do not know
    if (name.empty())
      name = batch_is_hint_ && axis == 0 ? "batch" : fmt::format("{}_{}", input, axis);
    used_.insert(name);
    Symbol symbol{name, 1, int64_t{1} << 31, fmt::format("axis {} of input \"{}\"", axis, input)};
    if (const auto it = options_.dims.find(name); it != options_.dims.end()) {
      symbol.min = it->second.min;
      symbol.max = it->second.max;
      if (symbol.min == symbol.max) return symbol.min;
    } else if (name.find("past") != std::string::npos) {
      symbol.min = 0;
    }
    return Dim(graph_.add_symbol(symbol));
  }

  Graph& graph_;
  const Options& options_;
  bool batch_is_hint_;
  std::set<std::string> used_;
};

void require_sizes(const Value& value) {
  for (const Dim& size : value.shape) {
    if (size.constant().value_or(0) < 0)
      throw CompileError("output \"{}\" would have shape {}, sizes must not be negative",
                         value.name, text(value.shape));
  }
}

}  // namespace

Value* Scope::find(const std::string& name) {
  if (const auto it = values_.find(name); it != values_.end()) return it->second;
  if (const auto it = source_.initializers.find(name); it != source_.initializers.end()) {
    Value* v = graph_.add_constant(name, it->second);
    values_[name] = v;
    return v;
  }
  if (sequences_.count(name))
    throw CompileError("\"{}\" is a sequence, a tensor is expected here", name);
  if (outer_) return outer_->find(name);
  throw CompileError("\"{}\" is not defined", name);
}

const std::vector<Value*>* Scope::find_sequence(const std::string& name) const {
  if (const auto it = sequences_.find(name); it != sequences_.end()) return &it->second;
  return outer_ && !values_.count(name) ? outer_->find_sequence(name) : nullptr;
}

std::optional<Shape> Scope::declared_shape(const std::string& name) const {
  return onnxc::declared_shape(source_, name, [&](const std::string& other) {
    const auto it = values_.find(other);
    return it != values_.end() && it->second->shape.empty();
  });
}

void Scope::lower_nodes() {
  for (const OnnxNode& node : source_.nodes) {
    Lowering lowering(graph_, node, *this);
    in_context(lowering.origins()[0], [&] {
      find_op(node.domain, node.op_type)->lower(lowering);
      for (const std::string& output : node.outputs) {
        if (const auto it = values_.find(output); it != values_.end()) require_sizes(*it->second);
      }
    });
  }
}

std::vector<Value*> Scope::outputs() {
  std::vector<Value*> result;
  for (const OnnxValueInfo& output : source_.outputs) result.push_back(find(output.name));
  return result;
}

std::vector<Value*> Scope::lower_subgraph(const OnnxGraph& body,
                                          const std::vector<Value*>& inputs) {
  if (inputs.size() != body.inputs.size())
    throw CompileError("its body has {} inputs, {} are given", body.inputs.size(), inputs.size());
  Scope inner(graph_, body, this);
  for (size_t i = 0; i < inputs.size(); ++i) inner.define(body.inputs[i].name, inputs[i]);
  inner.lower_nodes();
  return inner.outputs();
}

Graph lower_model(const OnnxModel& model, const Options& options) {
  require_support(model.graph);
  Graph graph;
  graph.name = model.graph.name;
  Scope scope(graph, model.graph, nullptr);
  InputDeclarer declarer(graph, options, model.batch_is_hint);
  for (const OnnxValueInfo& input : model.graph.inputs)
    scope.define(input.name, declarer.declare(input));
  declarer.check_all_used();
  scope.lower_nodes();
  graph.outputs = scope.outputs();
  for (const OnnxValueInfo& output : model.graph.outputs) graph.output_names.push_back(output.name);
  return graph;
}

}  // namespace onnxc

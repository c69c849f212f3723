// Walks an ONNX graph in order and lets each operator rewrite its node into core steps.
#include "compiler/ops/lower_model.h"

#include <limits>
#include <map>
#include <set>

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
  InputDeclarer(Graph& graph, const Options& options, const DataSizes& sizes, bool batch_is_hint)
      : graph_(graph), options_(options), sizes_(sizes), batch_is_hint_(batch_is_hint) {}

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
      if (used_.count(name) || graph_.symbols.count(name)) continue;
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
    if (const auto bounds = sizes_.stated(name)) {
      symbol.min = bounds->min;
      symbol.max = bounds->max;
      if (symbol.min == symbol.max) return symbol.min;
    } else if (name.find("past") != std::string::npos) {
      symbol.min = 0;
    }
    return Dim(graph_.add_symbol(symbol));
  }

  Graph& graph_;
  const Options& options_;
  const DataSizes& sizes_;
  bool batch_is_hint_;
  std::set<std::string> used_;
};

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
  if (outer_) return capture_ ? capture_(outer_->find(name)) : outer_->find(name);
  throw CompileError("\"{}\" is not defined", name);
}

const std::vector<Value*>* Scope::find_sequence(const std::string& name) {
  if (const auto it = sequences_.find(name); it != sequences_.end()) return &it->second;
  if (!outer_ || values_.count(name)) return nullptr;
  const std::vector<Value*>* elements = outer_->find_sequence(name);
  if (!elements || !capture_) return elements;
  std::vector<Value*>& inner = sequences_[name];
  for (Value* v : *elements) inner.push_back(capture_(v));
  return &inner;
}

std::optional<size_t> Scope::declared_rank(const std::string& name) const {
  for (const auto* list : {&source_.outputs, &source_.value_info}) {
    for (const OnnxValueInfo& info : *list) {
      if (info.name == name && info.type.shape) return info.type.shape->size();
    }
  }
  return std::nullopt;
}

std::optional<Shape> Scope::declared_shape(const std::string& name) const {
  for (const auto* list : {&source_.outputs, &source_.value_info}) {
    for (const OnnxValueInfo& info : *list) {
      if (info.name != name || !info.type.shape) continue;
      Shape shape;
      for (const OnnxDim& d : *info.type.shape) {
        if (!d.value || *d.value < 0) return std::nullopt;
        shape.push_back(*d.value);
      }
      return shape;
    }
  }
  return std::nullopt;
}

void Scope::lower_nodes(size_t from) {
  for (size_t i = from; i < source_.nodes.size() && !finished_; ++i) {
    const OnnxNode& node = source_.nodes[i];
    Lowering lowering(graph_, node, *this);
    in_context(lowering.origins()[0], [&] { find_op(node.domain, node.op_type)->lower(lowering); });
  }
}

size_t Scope::position(const OnnxNode& node) const {
  return static_cast<size_t>(&node - source_.nodes.data());
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

namespace {

// Lowers with the bounds that `sizes` knows, and lets it learn more.
Graph lower_with(const OnnxModel& model, const Options& options, DataSizes& sizes) {
  Graph graph;
  graph.name = model.graph.name;
  Scope scope(graph, model.graph, nullptr);
  scope.set_sizes(&sizes);
  InputDeclarer declarer(graph, options, sizes, model.batch_is_hint);
  for (const OnnxValueInfo& input : model.graph.inputs)
    scope.define(input.name, declarer.declare(input));
  scope.lower_nodes();
  declarer.check_all_used();
  graph.outputs = scope.outputs();
  for (const OnnxValueInfo& output : model.graph.outputs) graph.output_names.push_back(output.name);
  return graph;
}

// The open sizes on which the memory of a value depends.
void require_bounds(const Graph& graph, const DataSizes& sizes) {
  for (const auto& v : graph.values()) {
    for (const Dim& d : v->shape) {
      for (const SymbolRef& s : d.symbols()) {
        if (!sizes.is_open(s->name)) continue;
        throw CompileError("size \"{}\", which {} finds out when it runs, has no bound", s->name,
                           s->origin)
            .note(fmt::format("state the largest one to plan for: --dim {}=0..MAX", s->name));
      }
    }
  }
  for (const auto& node : graph.nodes()) {
    for (const Graph* body : bodies_of(*node)) require_bounds(*body, sizes);
  }
}

}  // namespace

Graph lower_model(const OnnxModel& model, const Options& options) {
  require_support(model.graph);
  DataSizes sizes(options.dims);
  Graph graph = lower_with(model, options, sizes);
  if (!sizes.has_open() && !sizes.learned_any()) return graph;
  if (sizes.learned_any()) {
    DataSizes learned = sizes.with_learned();
    graph = lower_with(model, options, learned);
    sizes = learned;
  }
  graph.remove_dead();
  require_bounds(graph, sizes);
  return graph;
}

}  // namespace onnxc

// Walks an ONNX graph in order and lets each operator rewrite its node into core steps.
#include "compiler/ops/lower_model.h"

#include <limits>
#include <map>
#include <set>

#include "compiler/ops/declared_shape.h"
#include "compiler/ops/entity_form.h"
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

  Entity declare(const OnnxValueInfo& input) {
    const OnnxType& type = input.type;
    if (type.kind == OnnxType::Kind::kOptional && type.element) {
      Entity entity = content(input.name, *type.element);
      entity.present = graph_.add_input(input.name + "_present", DType::kBool, {});
      return entity;
    }
    return content(input.name, type);
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
  Entity content(const std::string& name, const OnnxType& type) {
    if (type.kind == OnnxType::Kind::kTensor)
      return graph_.add_input(name, type.dtype, shape(name, type));
    if (type.kind != OnnxType::Kind::kSequence || !type.element ||
        type.element->kind != OnnxType::Kind::kTensor)
      throw CompileError("input \"{}\": maps and nested containers are not supported as inputs",
                         name);
    return sequence(name, *type.element);
  }

  Shape shape(const std::string& name, const OnnxType& type) {
    if (!type.shape)
      throw CompileError("input \"{}\": its rank is not declared", name)
          .note("give the input a shape with named sizes when exporting");
    Shape sizes;
    for (size_t axis = 0; axis < type.shape->size(); ++axis)
      sizes.push_back(size((*type.shape)[axis], name, axis));
    return sizes;
  }

  // Elements in boxes, and their shapes where the type leaves sizes open. Of elements whose rank is
  // not declared there can be none.
  Entity sequence(const std::string& name, const OnnxType& element) {
    if (!element.shape) {
      graph_.add_input(name, element.dtype, {0});
      return Sequence{element.dtype, {}, nullptr, nullptr};
    }
    Shape boxes = shape(name, element);
    const bool fixed = constant_shape(boxes).has_value();
    const Dim length = size({}, name, "length", 0);
    const auto rank = static_cast<int64_t>(boxes.size());
    boxes.insert(boxes.begin(), length);
    Sequence sequence{element.dtype, {}, nullptr, nullptr};
    sequence.boxes = graph_.add_input(name, element.dtype, boxes);
    if (!fixed) sequence.shapes = graph_.add_input(name + "_shapes", DType::kInt64, {length, rank});
    return sequence;
  }

  Dim size(const OnnxDim& dim, const std::string& input, size_t axis) {
    if (dim.value && *dim.value >= 0 && !(batch_is_hint_ && axis == 0)) return *dim.value;
    OnnxDim named = dim;
    if (dim.symbol == "?") named.symbol.clear();  // exporters write ? for sizes they do not know
    if (named.symbol.empty() && batch_is_hint_ && axis == 0) named.symbol = "batch";
    return size(named, input, std::to_string(axis), 1);
  }

  Dim size(const OnnxDim& dim, const std::string& input, const std::string& axis, int64_t least) {
    const std::string name = dim.symbol.empty() ? input + "_" + axis : dim.symbol;
    used_.insert(name);
    Symbol symbol{name, least, int64_t{1} << 31,
                  fmt::format("axis {} of input \"{}\"", axis, input)};
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

void require_sizes(const Lowering& x, const Value& value) {
  for (const Dim& size : value.shape) {
    if (size.constant().value_or(0) < 0)
      throw CompileError("output \"{}\" would have shape {}, sizes must not be negative",
                         value.name, text(value.shape));
    x.require_nonnegative(size);
  }
}

}  // namespace

const Entity& Scope::find(const std::string& name) {
  if (const auto it = entities_.find(name); it != entities_.end()) return it->second;
  if (const auto it = source_.initializers.find(name); it != source_.initializers.end())
    return entities_[name] = graph_.add_constant(name, it->second);
  if (!outer_) throw CompileError("\"{}\" is not defined", name);
  const Entity& outer = outer_->find(name);
  return capture_ ? entities_[name] = captured(outer, capture_) : outer;
}

Entity captured(const Entity& outer, const Scope::Capture& capture) {
  Entity inner = outer;
  if (inner.tensor) inner.tensor = capture(inner.tensor);
  if (inner.present) inner.present = capture(inner.present);
  if (!inner.sequence) return inner;
  Sequence& sequence = *inner.sequence;
  for (Value*& v : sequence.elements) v = capture(v);
  if (sequence.boxes) sequence.boxes = capture(sequence.boxes);
  if (sequence.shapes) sequence.shapes = capture(sequence.shapes);
  return inner;
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
  return onnxc::declared_shape(source_, name, [&](const std::string& other) {
    const auto it = entities_.find(other);
    return it != entities_.end() && it->second.tensor && it->second.tensor->shape.empty();
  });
}

void Scope::lower_nodes(size_t from) {
  for (size_t i = from; i < source_.nodes.size() && !finished_; ++i) {
    const OnnxNode& node = source_.nodes[i];
    Lowering lowering(graph_, node, *this);
    in_context(lowering.origins()[0], [&] {
      find_op(node.domain, node.op_type)->lower(lowering);
      for (const std::string& output : node.outputs) {
        const auto it = entities_.find(output);
        if (it != entities_.end() && it->second.tensor) require_sizes(lowering, *it->second.tensor);
      }
    });
  }
}

size_t Scope::position(const OnnxNode& node) const {
  return static_cast<size_t>(&node - source_.nodes.data());
}

std::vector<Entity> Scope::outputs() {
  std::vector<Entity> result;
  for (const OnnxValueInfo& output : source_.outputs) result.push_back(find(output.name));
  return result;
}

std::vector<Entity> Scope::lower_subgraph(const OnnxGraph& body,
                                          const std::vector<Entity>& inputs) {
  if (inputs.size() != body.inputs.size())
    throw CompileError("its body has {} inputs, {} are given", body.inputs.size(), inputs.size());
  Scope inner(graph_, body, this);
  for (size_t i = 0; i < inputs.size(); ++i) inner.define(body.inputs[i].name, inputs[i]);
  inner.lower_nodes();
  return inner.outputs();
}

namespace {

// The model's results as outputs of the graph: containers as the tensors that they consist of.
class OutputDeclarer {
 public:
  OutputDeclarer(Graph& graph, Scope& scope) : graph_(graph), scope_(scope) {}

  void declare(const OnnxValueInfo& output, Entity entity) {
    node_.op_type = "output";
    node_.name = output.name;
    node_.outputs = {output.name};
    Lowering x(graph_, node_, scope_);
    const bool optional = output.type.kind == OnnxType::Kind::kOptional;
    if (!optional) entity.present = nullptr;
    Form form = form_of(x, entity);
    form.optional = optional;
    if (!form.has_content()) form.sequence = true;
    entity = in_form(x, entity, form);
    if (entity.sequence && !entity.sequence->boxes)
      entity.sequence->boxes =
          x.constant_value(Tensor(known_type(form.boxes.type, output.type), {0}));
    if (entity.tensor && output.type.shape &&
        output.type.shape->size() < entity.tensor->shape.size())
      scope_.sizes()->fix_kept();
    if (entity.tensor) add(output.name, entity.tensor);
    if (entity.sequence) add(output.name, entity.sequence->boxes);
    if (entity.sequence && entity.sequence->shapes)
      add(output.name + "_shapes", entity.sequence->shapes);
    if (optional) add(output.name + "_present", entity.present);
  }

 private:
  static DType known_type(DType type, const OnnxType& declared) {
    if (type != DType::kUndefined) return type;
    const OnnxType* inner = &declared;
    while (inner->element) inner = inner->element.get();
    return inner->dtype;
  }

  void add(const std::string& name, Value* value) {
    graph_.outputs.push_back(value);
    graph_.output_names.push_back(name);
  }

  Graph& graph_;
  Scope& scope_;
  OnnxNode node_;
};

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
  OutputDeclarer outputs(graph, scope);
  const std::vector<Entity> results = scope.outputs();
  for (size_t k = 0; k < results.size(); ++k) outputs.declare(model.graph.outputs[k], results[k]);
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
  if (sizes.learned_any() || options.open_size_bound > 0) {
    DataSizes learned = sizes.with_learned(options.open_size_bound);
    graph = lower_with(model, options, learned);
    sizes = learned;
  }
  graph.remove_dead();
  require_bounds(graph, sizes);
  return graph;
}

}  // namespace onnxc

// Bodies: graphs with inputs of their own.
#include "compiler/ops/body.h"

#include <algorithm>

#include "compiler/eval/fold.h"
#include "compiler/eval/symbolic.h"

namespace onnxc {

Body::Body(Lowering& around, const OnnxGraph& source)
    : around_(around.graph()),
      source_(source),
      graph_(std::make_shared<Graph>()),
      scope_(*graph_, source, &around.scope(), [this](Value* outer) { return read(outer); }),
      lowering_(*graph_, around.node(), scope_) {
  graph_->name = source.name;
  graph_->symbols = around_.symbols;
}

Value* Body::add_input(const std::string& name, DType type, Shape shape) {
  return graph_->add_input(name, type, std::move(shape));
}

Value* Body::read(Value* outer) {
  Value*& inner = seen_[outer];
  if (inner) return inner;
  if (auto tensor = folded(*outer)) return inner = graph_->add_constant(outer->name, tensor);
  if (is_integer(outer->type)) {
    const auto sizes = symbolic_integers(*outer, read_elements());
    if (sizes && !sizes->empty())
      return inner = add_dims(*graph_, outer->name, outer->type, *sizes, outer->shape);
  }
  captured_.push_back(outer);
  return inner = graph_->add_input(outer->name, outer->type, outer->shape);
}

const ReadElements& Body::read_elements() const {
  static const ReadElements kNone;
  return scope_.sizes() ? scope_.sizes()->read_elements() : kNone;
}

void Body::set_captured(const std::vector<Value*>& all) {
  std::vector<Value*> inputs(graph_->inputs.begin(),
                             graph_->inputs.end() - static_cast<std::ptrdiff_t>(captured_.size()));
  for (Value* outer : all) {
    const bool known = std::find(captured_.begin(), captured_.end(), outer) != captured_.end();
    inputs.push_back(known ? seen_.at(outer)
                           : graph_->add_input(outer->name, outer->type, outer->shape));
  }
  graph_->inputs = std::move(inputs);
  captured_ = all;
}

Entity Body::read(const Entity& outer) {
  return onnxc::captured(outer, [this](Value* v) { return read(v); });
}

std::vector<Entity> Body::lower(const std::vector<Entity>& inputs) {
  if (inputs.size() != source_.inputs.size())
    throw CompileError("its body has {} inputs, {} are given", source_.inputs.size(),
                       inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) scope_.define(source_.inputs[i].name, inputs[i]);
  scope_.lower_nodes();
  std::vector<Entity> results = scope_.outputs();
  for (size_t k = 0; k < results.size(); ++k) {
    if (results[k].tensor) results[k].tensor = declared(results[k].tensor, source_.outputs[k]);
  }
  return results;
}

std::vector<Entity> Body::lower_rest(const OnnxGraph& branch) {
  const OnnxNode& node = lowering_.node();
  const std::vector<Entity> taken = scope_.lower_subgraph(branch, {});
  for (size_t k = 0; k < taken.size(); ++k) lowering_.output(k, taken[k]);
  scope_.lower_nodes(scope_.position(node) + 1);
  return scope_.outputs();
}

// Sizes that the model declares are facts where the steps leave them open.
Value* Body::declared(Value* value, const OnnxValueInfo& info) {
  if (!info.type.shape || info.type.shape->size() != value->shape.size()) return value;
  Shape shape = value->shape;
  for (size_t k = 0; k < shape.size(); ++k) {
    const auto& size = (*info.type.shape)[k].value;
    if (size && *size >= 0 && !shape[k].is_constant()) shape[k] = *size;
  }
  return lowering_.reshape(value, shape);
}

void Body::set_outputs(const std::vector<Value*>& outputs) {
  graph_->outputs = outputs;
  graph_->output_names.clear();
  for (const Value* v : outputs) graph_->output_names.push_back(v->name);
}

Value* add_dims(Graph& graph, const std::string& name, DType type, const std::vector<Dim>& elements,
                Shape shape) {
  Map map;
  map.space = {static_cast<int64_t>(elements.size())};
  map.body = integer(elements.back());
  const Dim at = Dim::index(0, map.space[0]);
  for (size_t k = elements.size() - 1; k-- > 0;)
    map.body =
        select(eq(integer(at), integer(static_cast<int64_t>(k))), integer(elements[k]), map.body);
  map.body = cast(type, map.body);
  Value* list = graph.add_map(std::move(map), {}, name, {"sizes"});
  if (text(list->shape) == text(shape)) return list;
  return graph.add_node(Reshape{}, {list}, {{name, type, std::move(shape)}}, {"sizes"})->output();
}

}  // namespace onnxc

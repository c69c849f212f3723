// Substituting a map's definition for loads of its result.
#include "compiler/passes/inline_map.h"

#include <map>
#include <string>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

bool has_division(const Dim& d) {
  for (const auto& t : d.terms()) {
    for (const auto& f : t.factors) {
      if (f->kind == Dim::Kind::kFloorDiv || f->kind == Dim::Kind::kFloorMod) return true;
    }
  }
  return false;
}

// The index in `from` of the element that stands at `index` in `to`, both row-major over the same
// elements.
std::optional<std::vector<Dim>> reshaped_index(const std::vector<Dim>& index, const Shape& to,
                                               const Shape& from) {
  const Shape to_strides = row_major_strides(to), from_strides = row_major_strides(from);
  Dim flat = 0;
  bool divided = false;
  for (size_t i = 0; i < index.size(); ++i) {
    flat = flat + index[i] * to_strides[i];
    divided |= has_division(index[i]);
  }
  std::vector<Dim> result;
  for (size_t i = 0; i < from.size(); ++i) {
    if (from[i].is(1)) {
      result.push_back(0);
      continue;
    }
    Dim at = floor_div(flat, from_strides[i]);
    if (i > 0) at = floor_mod(at, from[i]);
    if (has_division(at) && !divided) return std::nullopt;
    result.push_back(at);
  }
  return result;
}

std::vector<E*> expressions(Node& node) {
  std::vector<E*> list;
  if (Map* m = node.as<Map>()) {
    list.push_back(&m->body);
    if (m->finish) list.push_back(&m->finish);
  }
  if (Conv* c = node.as<Conv>(); c && c->finish) list.push_back(&c->finish);
  return list;
}

}  // namespace

bool is_pure_load(const Map& map) {
  return map.reduction == Reduction::kNone && map.body->kind == Expr::Kind::kLoad;
}

bool is_identity_load(const Expr& x, const Shape& space) {
  if (x.index.size() != space.size()) return false;
  for (size_t i = 0; i < space.size(); ++i) {
    if (x.index[i] != Dim::index(static_cast<int>(i), space[i])) return false;
  }
  return true;
}

const Map* elementwise_producer(const Value& value) {
  const Node* node = value.producer;
  while (node && node->as<Reshape>()) node = node->inputs[0]->producer;
  const Map* map = node ? node->as<Map>() : nullptr;
  return map && map->reduction == Reduction::kNone ? map : nullptr;
}

std::optional<Element> through_reshapes(Value& value, const std::vector<Dim>& index) {
  Element at{&value, index};
  while (at.value->producer && at.value->producer->as<Reshape>()) {
    Value* from = at.value->producer->inputs[0];
    auto mapped = reshaped_index(at.index, at.value->shape, from->shape);
    if (!mapped) return std::nullopt;
    at = {from, std::move(*mapped)};
  }
  return at;
}

std::optional<Inlined> inline_element(Value& value, const std::vector<Dim>& index,
                                      int first_input) {
  const auto source = through_reshapes(value, index);
  if (!source) return std::nullopt;
  const Node* producer = source->value->producer;
  const Map* map = producer ? producer->as<Map>() : nullptr;
  if (!map || map->reduction != Reduction::kNone) return std::nullopt;
  // Renumbered first: the index may itself hold loads, which are numbered already.
  E element = renumber_inputs(map->body, [&](int i) { return i + first_input; });
  element = substitute_indices(element, [&](int axis) { return source->index.at(axis); });
  return Inlined{element, producer->inputs};
}

bool inline_input(Graph& graph, Node& node, int number,
                  const std::function<bool(const Map&, const std::vector<Dim>&)>& wanted) {
  Value& value = *node.inputs[number];
  const Map* producer = elementwise_producer(value);
  if (!producer) return false;
  std::vector<Value*> inputs = node.inputs;
  bool changed = false;
  std::map<std::string, E> elements;  // by index, so that equal loads stay one element
  for (E* e : expressions(node)) {
    *e = rewrite(*e, [&](const Expr& x) -> std::optional<E> {
      if (x.kind != Expr::Kind::kLoad || x.input != number || !wanted(*producer, x.index))
        return std::nullopt;
      E& element = elements[text(x.index)];
      if (!element) {
        auto inlined = inline_element(value, x.index, static_cast<int>(inputs.size()));
        if (!inlined) return std::nullopt;
        inputs.insert(inputs.end(), inlined->inputs.begin(), inlined->inputs.end());
        element = inlined->element;
      }
      changed = true;
      return element;
    });
  }
  if (!changed) return false;
  graph.set_inputs(&node, std::move(inputs));
  graph.compact_inputs(&node);
  return true;
}

}  // namespace onnxc

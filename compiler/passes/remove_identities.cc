// Drops steps that give their input back, joins reshapes, and sees through what is no work:
//   y = map in0[i0] (x)             ->   x
//   y = reshape (reshape (x))       ->   y = reshape (x)
//   y = map in0[i1, 0, i0] (x), only moving axes of size 1   ->   y = reshape (x)
//   y = map sum over [1] in0[i0]    ->   y = map in0[i0]
#include <algorithm>

#include "compiler/passes/inline_map.h"
#include "compiler/passes/pass.h"

namespace onnxc {
namespace {

bool is_plain(const Value& v) { return !v.layout.blocked; }

// The value that the node gives back unchanged, or null.
Value* source_of(const Node& node) {
  if (node.inputs.size() != 1 || node.outputs.size() != 1) return nullptr;
  Value* input = node.inputs[0];
  const Value& output = *node.output();
  if (input->type != output.type || input->layout != output.layout || input->shape != output.shape)
    return nullptr;
  if (node.as<Reshape>() || node.as<Concat>()) return input;
  const Map* map = node.as<Map>();
  const bool loads = map && map->reduction == Reduction::kNone && !map->finish &&
                     map->body->kind == Expr::Kind::kLoad;
  return loads && is_identity_load(*map->body, map->space) ? input : nullptr;
}

bool join_reshapes(Graph& graph, Node& node) {
  if (!node.as<Reshape>() || !node.inputs[0]->producer) return false;
  const Node& before = *node.inputs[0]->producer;
  if (!before.as<Reshape>() || !is_plain(*before.inputs[0])) return false;
  graph.set_inputs(&node, {before.inputs[0]});
  return true;
}

bool drop_empty_parts(Graph& graph, Node& node) {
  const Concat* concat = node.as<Concat>();
  if (!concat || node.inputs.size() < 2) return false;
  std::vector<Value*> kept;
  for (Value* v : node.inputs) {
    if (!v->shape[static_cast<size_t>(concat->axis)].is(0)) kept.push_back(v);
  }
  if (kept.size() == node.inputs.size() || kept.empty()) return false;
  graph.set_inputs(&node, std::move(kept));
  return true;
}

bool drop_reduction_of_one(Node& node) {
  Map* map = node.as<Map>();
  if (!map || map->reduction == Reduction::kNone || map->reduction >= Reduction::kArgMaxFirst)
    return false;
  if (!std::all_of(map->reduced.begin(), map->reduced.end(), [](const Dim& d) { return d.is(1); }))
    return false;
  const E body = map->body;
  E whole = body;
  if (map->finish) {
    whole = rewrite(map->finish, [&](const Expr& e) -> std::optional<E> {
      if (e.kind == Expr::Kind::kAccumulator) return body;
      return std::nullopt;
    });
  }
  *map = Map{map->space, {}, Reduction::kNone, whole, E()};
  return true;
}

Dim flat(const std::vector<Dim>& index, const Shape& shape) {
  const Shape strides = row_major_strides(shape);
  Dim offset = 0;
  for (size_t k = 0; k < shape.size(); ++k) offset = offset + index[k] * strides[k];
  return offset;
}

// Maps that read it would rather see its index than a reshape.
bool becomes_reshape(const Graph& graph, Node& node) {
  const Map* map = node.as<Map>();
  if (!map || map->reduction != Reduction::kNone || map->finish ||
      map->body->kind != Expr::Kind::kLoad || node.inputs.size() != 1)
    return false;
  if (node.inputs.size() != 1) return false;
  const Value &input = *node.inputs[0], &output = *node.output();
  const bool feeds_maps = std::any_of(output.users.begin(), output.users.end(),
                                      [](const Node* n) { return n->as<Map>() != nullptr; });
  if (feeds_maps && !graph.is_output(&output)) return false;
  if (!is_plain(input) || !is_plain(output) || product(input.shape) != product(output.shape) ||
      flat(map->body->index, input.shape) != flat(identity_index(map->space), map->space))
    return false;
  node.op = Reshape{};
  return true;
}

}  // namespace

bool remove_identities(Graph& graph, const Options&) {
  bool changed = false;
  std::vector<Node*> gone;
  for (const auto& node : graph.nodes()) {
    changed |= join_reshapes(graph, *node);
    changed |= drop_empty_parts(graph, *node);
    changed |= drop_reduction_of_one(*node);
    changed |= becomes_reshape(graph, *node);
    if (Value* source = source_of(*node)) {
      graph.replace_uses(node->output(), source);
      gone.push_back(node.get());
    }
  }
  for (auto it = gone.rbegin(); it != gone.rend(); ++it) graph.erase(*it);
  return changed || !gone.empty();
}

}  // namespace onnxc

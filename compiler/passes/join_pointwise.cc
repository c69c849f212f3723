// Joins element-wise steps that compute the same elements, so that a whole activation can follow
// the contraction that feeds it.
//   t = map erf(in0[i0]) (x); y = map in0[i0] * in1[i0] (x, t)   ->   y = map in0[i0] *
//   erf(in0[i0])
#include <algorithm>
#include <set>

#include "compiler/passes/inline_cost.h"
#include "compiler/passes/inline_map.h"
#include "compiler/passes/pass.h"

namespace onnxc {
namespace {

// Steps whose results may be finished before they are stored.
std::set<const Node*> unfinished_sources(const Node& node) {
  std::set<const Node*> sources;
  for (const Value* v : node.inputs) {
    if (!v->producer) continue;
    const Map* map = v->producer->as<Map>();
    if (v->producer->as<Conv>() || (map && map->reduction != Reduction::kNone))
      sources.insert(v->producer);
  }
  return sources;
}

bool reads_same_elements(const Map& map, int input) {
  bool same = true;
  visit(map.body, [&](const Expr& x) {
    if (x.kind == Expr::Kind::kLoad && x.input == input) same &= is_identity_load(x, map.space);
  });
  return same;
}

// Each of two contractions keeps what follows it.
bool may_join(const Graph& graph, const Node& node, int input) {
  const Map& map = *node.as<Map>();
  const Value& value = *node.inputs[input];
  const Map* producer = value.producer ? value.producer->as<Map>() : nullptr;
  if (!producer || producer->reduction != Reduction::kNone || is_pure_load(map)) return false;
  if (value.shape != map.space || !reads_same_elements(map, input) ||
      !has_single_user(graph, value))
    return false;
  std::set<const Node*> sources = unfinished_sources(node);
  sources.merge(unfinished_sources(*value.producer));
  return sources.size() <= 1;
}

}  // namespace

bool join_pointwise(Graph& graph, const Options&) {
  bool changed = false;
  std::vector<Node*> maps;
  for (const auto& node : graph.nodes()) {
    const Map* map = node->as<Map>();
    if (map && map->reduction == Reduction::kNone) maps.push_back(node.get());
  }
  for (Node* node : maps) {
    for (size_t i = 0; i < node->inputs.size();) {
      const int input = static_cast<int>(i);
      Value* value = node->inputs[i];
      const bool joined =
          may_join(graph, *node, input) &&
          inline_input(graph, *node, input, [](const auto&, const auto&) { return true; });
      if (joined && value->users.empty()) graph.erase(value->producer);
      changed |= joined;
      i = joined ? 0 : i + 1;
    }
  }
  return changed;
}

}  // namespace onnxc

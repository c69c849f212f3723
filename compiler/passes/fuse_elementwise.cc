// Joins element-wise steps with the step that reads them, when no element would be computed twice
// or it costs next to nothing.
//   t = map exp(in0[i0]) (x); y = map in0[i0] * 2 (t)   ->   y = map exp(in0[i0]) * 2 (x)
#include <algorithm>

#include "compiler/passes/inline_cost.h"
#include "compiler/passes/inline_map.h"
#include "compiler/passes/pass.h"

namespace onnxc {
namespace {

Dim work_of(const Map& map) { return product(map.space) * product(map.reduced); }

// A step that follows a reduction row by row; a copy in another order that reads it stays apart.
bool follows_reduction(const Value& value) {
  return value.producer &&
         std::any_of(value.producer->inputs.begin(), value.producer->inputs.end(),
                     [](const Value* v) {
                       const Map* map = v->producer ? v->producer->as<Map>() : nullptr;
                       return map && map->reduction != Reduction::kNone && !is_contraction(*map);
                     });
}

bool worth_inlining(const Graph& graph, const Node& user, const Value& value, const Map& producer) {
  const Map* map = user.as<Map>();
  const int cost = cost_of(producer.body);
  if (cost <= 1) return true;
  if (!map) return cost <= 2;
  if (is_contraction(*map) || (is_pure_load(*map) && follows_reduction(value))) return false;
  const bool once = proves_le(work_of(*map), product(producer.space));
  return has_single_user(graph, value) && (once || cost <= 3);
}

}  // namespace

bool fuse_elementwise(Graph& graph, const Options&) {
  bool changed = false;
  for (const auto& node : graph.nodes()) {
    if (!node->as<Map>() && !node->as<Conv>()) continue;
    for (size_t i = 0; i < node->inputs.size();) {
      const Value& value = *node->inputs[i];
      const bool inlined =
          inline_input(graph, *node, static_cast<int>(i), [&](const Map& producer, const auto&) {
            return worth_inlining(graph, *node, value, producer);
          });
      changed |= inlined;
      if (!inlined) ++i;
    }
  }
  return changed;
}

}  // namespace onnxc

// Reads through transposes, slices and broadcasts: a step loads from their source instead.
//   t = map in0[i1, i0] (x); y = map relu(in0[i0, i1]) (t)   ->   y = map relu(in0[i1, i0]) (x)
#include "compiler/passes/inline_map.h"
#include "compiler/passes/pass.h"

namespace onnxc {

bool absorb_views(Graph& graph, const Options&) {
  bool changed = false;
  for (const auto& node : graph.nodes()) {
    for (size_t i = 0; i < node->inputs.size(); ++i) {
      const Value* v = node->inputs[i];
      if (v->producer == nullptr) continue;
      while (i < node->inputs.size() &&
             inline_input(graph, *node, static_cast<int>(i),
                          [](const Map& m, const auto&) { return is_pure_load(m); })) {
        changed = true;
      }
    }
  }
  return changed;
}

}  // namespace onnxc

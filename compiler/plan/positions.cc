// Numbering of steps.
#include "compiler/plan/positions.h"

namespace onnxc {

void Positions::number(const Graph& graph) {
  for (const auto& node : graph.nodes()) {
    begin_[node.get()] = next_++;
    for (const Graph* body : bodies_of(*node)) number(*body);
    end_[node.get()] = next_ - 1;
  }
  graph_end_[&graph] = next_++;
}

}  // namespace onnxc

// When things happen: steps in one order, bodies within their step.
#pragma once

#include <unordered_map>

#include "compiler/ir/graph.h"

namespace onnxc {

class Positions {
 public:
  explicit Positions(const Graph& graph) { number(graph); }

  // A step without bodies begins and ends at once.
  int begin(const Node* node) const { return begin_.at(node); }
  int end(const Node* node) const { return end_.at(node); }
  // When the graph's outputs are handed over: after all its steps; for a loop's body the loop's
  // end.
  int end(const Graph* graph) const { return graph_end_.at(graph); }
  int count() const { return next_; }

 private:
  void number(const Graph& graph);

  int next_ = 0;
  std::unordered_map<const Node*, int> begin_, end_;
  std::unordered_map<const Graph*, int> graph_end_;
};

}  // namespace onnxc

// The names that nodes of a graph or subgraph see while it is lowered.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/graph.h"
#include "compiler/ir/onnx_graph.h"

namespace onnxc {

class Scope {
 public:
  Scope(Graph& graph, const OnnxGraph& source, Scope* outer)
      : graph_(graph), source_(source), outer_(outer) {}

  // The value of that name, here or in an outer graph. Initializers become constants on first use.
  Value* find(const std::string& name);
  void define(const std::string& name, Value* value) { values_[name] = value; }
  // The elements of the sequence of that name; null if there is none. Sequences exist at compile
  // time only: their lengths and the positions used are known.
  const std::vector<Value*>* find_sequence(const std::string& name) const;
  void define_sequence(const std::string& name, std::vector<Value*> elements) {
    sequences_[name] = std::move(elements);
  }
  std::optional<Shape> declared_shape(const std::string& name) const;
  // Lowers all nodes of this scope's graph in order.
  void lower_nodes();
  std::vector<Value*> outputs();
  // Lowers a subgraph in place, its inputs being `inputs`; its outputs.
  std::vector<Value*> lower_subgraph(const OnnxGraph& body, const std::vector<Value*>& inputs);

 private:
  Graph& graph_;
  const OnnxGraph& source_;
  Scope* outer_;
  std::map<std::string, Value*> values_;
  std::map<std::string, std::vector<Value*>> sequences_;
};

}  // namespace onnxc

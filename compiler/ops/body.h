// A sub-program under construction: the body of a choice or of a loop.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "compiler/ops/lowering.h"
#include "compiler/ops/scope.h"

namespace onnxc {

// Builds a graph of its own. What it reads of the graph around becomes a constant or an expression
// of sizes where it is one, and an input of the body otherwise.
class Body {
 public:
  // A body whose nodes are those of `source`, for the node that `around` lowers.
  Body(Lowering& around, const OnnxGraph& source);

  // Builds steps of the body.
  Lowering& lowering() { return lowering_; }
  Scope& scope() { return scope_; }
  Graph& graph() { return *graph_; }
  std::shared_ptr<Graph> take_graph() { return graph_; }

  // A further input of the body, before any that reads of the graph around.
  Value* add_input(const std::string& name, DType type, Shape shape);
  // A value of the graph around, as the body sees it.
  Value* read(Value* outer);
  Entity read(const Entity& outer);
  // The values around that became inputs, in the inputs' order.
  const std::vector<Value*>& captured() const { return captured_; }
  // Lets the body have these values around as its last inputs, in this order.
  void set_captured(const std::vector<Value*>& all);

  // Lowers the nodes; the results, with sizes as far as the model declares them.
  std::vector<Entity> lower(const std::vector<Entity>& inputs);
  // For a body whose source is the graph around: lowers `branch` as the node being lowered, then
  // all nodes after it; the results are those of the graph around.
  std::vector<Entity> lower_rest(const OnnxGraph& branch);
  void set_outputs(const std::vector<Value*>& outputs);
  // Tells the graph around of the sizes that the body's steps define.
  void publish_symbols() { around_.symbols = graph_->symbols; }

 private:
  Value* declared(Value* value, const OnnxValueInfo& info);
  const ReadElements& read_elements() const;

  Graph& around_;
  const OnnxGraph& source_;
  std::shared_ptr<Graph> graph_;
  Scope scope_;
  Lowering lowering_;
  std::vector<Value*> captured_;
  std::map<Value*, Value*> seen_;
};

// An integer tensor of these elements as a step of the graph.
Value* add_dims(Graph& graph, const std::string& name, DType type, const std::vector<Dim>& elements,
                Shape shape);

}  // namespace onnxc

// The names that nodes of a graph or subgraph see while it is lowered.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/graph.h"
#include "compiler/ir/onnx_graph.h"
#include "compiler/ops/container.h"
#include "compiler/ops/data_sizes.h"

namespace onnxc {

class Scope {
 public:
  // How a body sees a value of the graph around it.
  using Capture = std::function<Value*(Value*)>;

  // Names that are not found here are those of `outer`; `capture` stands between them where the
  // graph is a body of its own.
  Scope(Graph& graph, const OnnxGraph& source, Scope* outer, Capture capture = nullptr)
      : graph_(graph), source_(source), outer_(outer), capture_(std::move(capture)) {
    if (outer) sizes_ = outer->sizes_;
  }

  // Whether the graph is that of a branch or a loop.
  bool is_body() const { return capture_ || (outer_ && outer_->is_body()); }

  // Bounds of sizes that data decides, stated or found; shared by all scopes of a model.
  void set_sizes(DataSizes* sizes) { sizes_ = sizes; }
  DataSizes* sizes() const { return sizes_; }

  // What stands under that name, here or in an outer graph; CompileError if there is nothing.
  // Initializers become constants on first use.
  const Entity& find(const std::string& name);
  void define(const std::string& name, Entity entity) { entities_[name] = std::move(entity); }
  std::optional<Shape> declared_shape(const std::string& name) const;
  std::optional<size_t> declared_rank(const std::string& name) const;
  const OnnxGraph& source() const { return source_; }
  // Lowers the nodes of this scope's graph in order, from that one on.
  void lower_nodes(size_t from = 0);
  size_t position(const OnnxNode& node) const;  // of a node of this scope's graph
  // The outputs are defined and no further node is lowered.
  void finish() { finished_ = true; }
  std::vector<Entity> outputs();
  // Lowers a subgraph in place, its inputs being `inputs`; its outputs.
  std::vector<Entity> lower_subgraph(const OnnxGraph& body, const std::vector<Entity>& inputs);

 private:
  Graph& graph_;
  const OnnxGraph& source_;
  Scope* outer_;
  Capture capture_;
  DataSizes* sizes_ = nullptr;
  bool finished_ = false;
  std::map<std::string, Entity> entities_;
};

// The entity as a body sees it.
Entity captured(const Entity& outer, const Scope::Capture& capture);

}  // namespace onnxc

// Computes steps whose inputs are all constant.
//   y = map in0[i0] * 2 (c)   ->   constant y
// A step that would make much data out of little (a large fill or broadcast, see eval/fold.h) is
// left to be read through or to run time.
#include <algorithm>
#include <vector>

#include "compiler/eval/fold.h"
#include "compiler/passes/pass.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

bool is_needed(const Graph& graph, const Value& value) {
  return !value.users.empty() || graph.is_output(&value);
}

// Contents of those outputs that something needs; empty where one cannot be computed.
std::vector<std::shared_ptr<const Tensor>> needed_contents(const Graph& graph, const Node& node,
                                                           ConstantFolder& folder) {
  std::vector<std::shared_ptr<const Tensor>> contents;
  for (const Value* v : node.outputs) {
    contents.push_back(is_needed(graph, *v) ? folder.contents(*v) : nullptr);
    if (is_needed(graph, *v) && !contents.back()) return {};
  }
  return contents;
}

// Constants that a step hands to its bodies become the bodies' own.
bool sink_into_bodies(Graph& graph, Node& node) {
  const std::vector<Graph*> bodies = bodies_of(node);
  if (bodies.empty()) return false;
  const Loop* loop = node.as<Loop>();
  const size_t first = first_body_input(node);
  std::vector<Value*> kept;
  std::vector<size_t> gone;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const bool fixed = i < first + (loop ? loop->carried : 0) || !node.inputs[i]->is_constant();
    if (fixed) kept.push_back(node.inputs[i]);
    if (!fixed) gone.push_back(i);
  }
  for (Graph* body : bodies) {
    for (auto it = gone.rbegin(); it != gone.rend(); ++it) {
      Value* inner = body->inputs[*it - first];
      const Value* outer = node.inputs[*it];
      Value* constant = body->add_constant(inner->name, outer->constant);
      constant->shape = outer->shape;
      constant->layout = outer->layout;
      body->replace_uses(inner, constant);
      body->remove_input(*it - first);
    }
  }
  if (!gone.empty()) graph.set_inputs(&node, std::move(kept));
  return !gone.empty();
}

}  // namespace

bool fold_constants(Graph& graph, const Options&) {
  ConstantFolder folder;
  std::vector<Node*> foldable;
  for (const auto& node : graph.nodes()) {
    const bool constant = std::all_of(node->outputs.begin(), node->outputs.end(),
                                      [&](const Value* v) { return folder.is_constant(*v); });
    if (constant) foldable.push_back(node.get());
  }
  bool changed = false;
  for (const auto& node : graph.nodes()) changed |= sink_into_bodies(graph, *node);
  for (auto it = foldable.rbegin(); it != foldable.rend(); ++it) {
    Node* node = *it;
    const auto contents = needed_contents(graph, *node, folder);
    if (contents.empty()) continue;
    for (size_t k = 0; k < contents.size(); ++k) {
      if (!contents[k]) continue;
      Value* constant = graph.add_constant(node->outputs[k]->name, *contents[k]);
      constant->layout = node->outputs[k]->layout;
      graph.take_name(constant, node->outputs[k]);
      graph.replace_uses(node->outputs[k], constant);
    }
    graph.erase(node);
    changed = true;
  }
  return changed;
}

}  // namespace onnxc

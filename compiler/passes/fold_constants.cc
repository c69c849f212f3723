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

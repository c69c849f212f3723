// Removes steps that give their input back and joins chains of reshapes.
#include "compiler/passes/remove_identities.h"

#include <vector>

#include "compiler/passes/inline_map.h"

namespace onnxc {
namespace {

// The value that `node` merely repeats, or null.
Value* repeated_value(const Node& node) {
  Value* in = node.inputs.empty() ? nullptr : node.inputs[0];
  const Value* out = node.output();
  if (node.as<Reshape>() && text(in->shape) == text(out->shape)) return in;
  if (node.as<Concat>() && node.inputs.size() == 1) return in;
  if (const Map* m = node.as<Map>(); m && is_pure_load(*m)) {
    Value* source = node.inputs[m->body->input];
    if (text(source->shape) == text(out->shape) && source->layout == out->layout &&
        is_identity_load(*m->body, m->space))
      return source;
  }
  return nullptr;
}

}  // namespace

bool remove_identities(Graph& graph, const Options&) {
  std::vector<Node*> nodes;
  for (const auto& n : graph.nodes()) nodes.push_back(n.get());
  bool changed = false;
  for (Node* n : nodes) {
    if (n->as<Reshape>() && n->inputs[0]->producer && n->inputs[0]->producer->as<Reshape>()) {
      graph.set_inputs(n, {n->inputs[0]->producer->inputs[0]});
      changed = true;
    }
    Value* repeated = repeated_value(*n);
    if (!repeated) continue;
    graph.replace_uses(n->output(), repeated);
    graph.erase(n);
    changed = true;
  }
  return changed;
}

}  // namespace onnxc

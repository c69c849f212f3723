// Replaces steps whose inputs are all constant by their contents.
#include "compiler/passes/fold_constants.h"

#include <algorithm>
#include <vector>

#include "compiler/eval/fold.h"
#include "compiler/ir/graph.h"

namespace onnxc {

bool fold_constants(Graph& graph, const Options&) {
  std::vector<Node*> nodes;
  for (const auto& n : graph.nodes()) nodes.push_back(n.get());
  bool changed = false;
  for (Node* n : nodes) {
    if (n->outputs.size() != 1 || n->as<MatMul>()) continue;
    if (const Conv* c = n->as<Conv>(); c && !c->method.empty()) continue;
    if (!std::all_of(n->inputs.begin(), n->inputs.end(),
                     [](const Value* v) { return v->is_constant(); }))
      continue;
    Value* out = n->output();
    if (out->users.empty() && !graph.is_output(out)) continue;
    const auto contents = folded(*out);
    if (!contents) continue;
    Value* constant = graph.add_constant(out->name, *contents);
    constant->layout = out->layout;
    graph.replace_uses(out, constant);
    graph.take_name(constant, out);
    graph.erase(n);
    changed = true;
  }
  return changed;
}

}  // namespace onnxc

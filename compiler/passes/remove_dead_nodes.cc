// Removes steps and constants that no output needs.
#include "compiler/passes/remove_dead_nodes.h"

#include "compiler/ir/graph.h"

namespace onnxc {

bool remove_dead_nodes(Graph& graph, const Options&) { return graph.remove_dead(); }

}  // namespace onnxc

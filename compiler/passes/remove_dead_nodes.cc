// Drops steps and constants that no output needs.
#include "compiler/passes/pass.h"

namespace onnxc {

bool remove_dead_nodes(Graph& graph, const Options&) { return graph.remove_dead(); }

}  // namespace onnxc

// Who produces each name: single assignment, nothing undefined, no cycles, nodes in order.
#pragma once

#include "compiler/ir/onnx_graph.h"

namespace onnxc {

// Sorts the nodes of `graph` and its subgraphs so that every value is defined before it is used,
// keeping the given order where it already is. A subgraph may use names of the graphs around it; an
// output of a subgraph that is such a name gets an Identity node. Throws CompileError naming node
// and value when a value is defined twice or nowhere, or when nodes form a cycle.
void resolve_names(OnnxGraph& graph);

}  // namespace onnxc

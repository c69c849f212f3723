// Preparing loops for planning.
#pragma once

#include "compiler/ir/graph.h"

namespace onnxc {

// Lets a body copy, as a step, what it hands on under another number than it came in: the places of
// carried values are then written in any order.
void copy_exchanged_values(Graph& graph);

}  // namespace onnxc

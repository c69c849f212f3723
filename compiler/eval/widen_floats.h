// A graph computed in double instead of float: what outputs of networks are compared with.
#pragma once

#include "compiler/ir/graph.h"

namespace onnxc {

// Every float becomes a double: values, inputs and outputs included, constants, scalars of steps
// and kernels' types. Other types stay.
void widen_floats(Graph& graph);

}  // namespace onnxc

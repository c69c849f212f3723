// Which steps are worth sharing among threads.
#pragma once

#include "compiler/ir/graph.h"

namespace onnxc {

// How many threads a step's work is worth at most, as an expression of the symbols, from an
// estimate of its time: a share should take longer than handing it over. 1 where it cannot be
// split.
Dim threads_worth(const Node& node);

}  // namespace onnxc

// What computing an element again costs, for passes that weigh it against storing the element.
#pragma once

#include "compiler/ir/graph.h"

namespace onnxc {

// Loads and simple arithmetic count 1, functions 8; what is shared counts once.
int cost_of(const E& e);
// A sum of products of two different elements: its operands are loaded many times.
bool is_contraction(const Map& map);
// Whether `value` is read by one node alone, also where that node reads it through reshapes.
bool has_single_user(const Graph& graph, const Value& value);

}  // namespace onnxc

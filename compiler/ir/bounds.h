// What must be kept where a step finds out a size.
#pragma once

#include <map>
#include <string>

#include "compiler/ir/graph.h"

namespace onnxc {

// The sizes that steps find out, bodies included, by name.
std::map<std::string, SymbolRef> found_sizes(const Graph& graph);

bool mentions_any(const Dim& size, const std::map<std::string, SymbolRef>& found);

// A bound of the size that mentions none of the sizes found out by steps: they are taken where the
// size is largest. Equal to the size where it mentions none.
Dim upper_bound(const Dim& size, const std::map<std::string, SymbolRef>& found);

}  // namespace onnxc

// Replaces steps whose inputs are all constant by their contents.
#pragma once

namespace onnxc {

class Graph;
struct Options;

// Gives true if the graph changed.
bool fold_constants(Graph& graph, const Options& options);

}  // namespace onnxc

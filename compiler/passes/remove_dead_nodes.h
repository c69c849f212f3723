// Removes steps and constants that no output needs.
#pragma once

namespace onnxc {

class Graph;
struct Options;

// Gives true if the graph changed.
bool remove_dead_nodes(Graph& graph, const Options& options);

}  // namespace onnxc

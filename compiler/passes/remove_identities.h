// Removes steps that give their input back and joins chains of reshapes.
#pragma once

namespace onnxc {

class Graph;
struct Options;

// Gives true if the graph changed.
bool remove_identities(Graph& graph, const Options& options);

}  // namespace onnxc

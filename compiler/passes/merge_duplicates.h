// Lets equal steps on equal inputs, and equal constants, be one value.
#pragma once

namespace onnxc {

class Graph;
struct Options;

// Gives true if the graph changed.
bool merge_duplicates(Graph& graph, const Options& options);

}  // namespace onnxc

// A pass changes a graph and says whether it did.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "compiler/ir/graph.h"
#include "compiler/options.h"

namespace onnxc {

struct Pass {
  std::string_view name;     // = file = function = test = --disable-pass word
  std::string_view summary;  // one line, printed by --print-passes and in the README
  std::string_view after;    // names, separated by spaces, that must stand earlier in the list
  bool cleanup;  // run to a fixed point at the start and after every pass that changed something
  bool (*run)(Graph&, const Options&);
};

// In running order: the clean-ups first.
std::span<const Pass> all_passes();

// Runs one pass on the graph and on the bodies of its steps, inner ones first.
bool run_everywhere(const Pass& pass, Graph& graph, const Options& options);

// Runs the list on the graph and on the bodies of its steps. After every pass that changed it the
// graph is verified and, with Options::dump_ir, written as NN-name.txt. An InternalError names the
// pass that made it.
void run_passes(Graph& graph, const Options& options);

}  // namespace onnxc

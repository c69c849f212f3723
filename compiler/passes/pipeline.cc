// Runs the pass list: clean-ups to a fixed point, verification and listings after every change.
#include <filesystem>
#include <fstream>

#include "compiler/passes/pass.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {

#define PASS(name, summary, after) bool name(Graph&, const Options&);
#define CLEANUP(name, summary) bool name(Graph&, const Options&);
#include "compiler/passes/pass_list.def"
#undef PASS
#undef CLEANUP

namespace {

constexpr Pass kPasses[] = {
#define PASS(name, summary, after) {#name, summary, after, false, name},
#define CLEANUP(name, summary) {#name, summary, "", true, name},
#include "compiler/passes/pass_list.def"
#undef PASS
#undef CLEANUP
};

constexpr int kMostRounds = 20;

class Pipeline {
 public:
  Pipeline(Graph& graph, const Options& options) : graph_(graph), options_(options) {}

  void run() {
    dump("lower");
    clean_up();
    for (const Pass& pass : kPasses) {
      if (!pass.cleanup && run_one(pass)) clean_up();
    }
  }

 private:
  void clean_up() {
    for (int round = 0; round < kMostRounds; ++round) {
      bool changed = false;
      for (const Pass& pass : kPasses) changed |= pass.cleanup && run_one(pass);
      if (!changed) return;
    }
  }

  bool run_one(const Pass& pass) {
    if (options_.disabled_passes.count(std::string(pass.name))) return false;
    return in_context(fmt::format("pass {}", pass.name), [&] {
      if (!run_everywhere(pass, graph_, options_)) return false;
      try {
        verify(graph_);
      } catch (const InternalError& error) {
        throw InternalError(__FILE__, __LINE__,
                            fmt::format("pass {} broke the graph: {}", pass.name, error.what()));
      }
      dump(pass.name);
      return true;
    });
  }

  void dump(std::string_view name) {
    if (options_.dump_ir.empty()) return;
    std::filesystem::create_directories(options_.dump_ir);
    const std::string path = fmt::format("{}/{:02}-{}.txt", options_.dump_ir, number_++, name);
    std::ofstream out(path);
    out << text(graph_);
    if (!out.flush()) throw CompileError("{}: cannot write the listing", path);
  }

  Graph& graph_;
  const Options& options_;
  int number_ = 0;
};

}  // namespace

std::span<const Pass> all_passes() { return kPasses; }

bool run_everywhere(const Pass& pass, Graph& graph, const Options& options) {
  bool changed = false;
  for (const auto& node : graph.nodes()) {
    for (Graph* body : bodies_of(*node)) changed |= run_everywhere(pass, *body, options);
  }
  return pass.run(graph, options) || changed;
}

void run_passes(Graph& graph, const Options& options) { Pipeline(graph, options).run(); }

}  // namespace onnxc

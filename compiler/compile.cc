// The stages in order.
#include "compiler/compile.h"

#include <filesystem>

#include "codegen/names.h"
#include "compiler/ops/lower_model.h"
#include "compiler/passes/pass.h"
#include "compiler/plan/plan.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

Identity identify(const OnnxModel& model, const Options& options) {
  Identity id;
  const std::filesystem::path path(model.path);
  id.name = identifier(options.name.empty() ? path.stem().string() : options.name);
  id.model_file = path.filename().string();
  id.model_sha256 = model.sha256;
  id.options = describe(options);
  return id;
}

}  // namespace

Compiled compile(const OnnxModel& model, const Options& options, const Progress& progress) {
  return in_context(model.path, [&] {
    progress("Optimising");
    Graph graph = lower_model(model, options);
    verify(graph);
    run_passes(graph, options);
    progress("Planning");
    Compiled result{plan(std::move(graph)), identify(model, options), {}};
    progress("Emitting");
    result.files = emit_cpp(result.program, result.identity, options);
    return result;
  });
}

}  // namespace onnxc

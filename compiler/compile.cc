// The stages in order.
#include "compiler/compile.h"

#include <filesystem>

#include "codegen/names.h"
#include "compiler/eval/widen_floats.h"
#include "compiler/ops/lower_model.h"
#include "compiler/passes/pass.h"
#include "compiler/plan/plan.h"
#include "compiler/support/diagnostics.h"
#include "compiler/support/plain_text.h"

namespace onnxc {
namespace {

Identity identify(const OnnxModel& model, const Options& options) {
  Identity id;
  const std::filesystem::path path(model.path);
  id.name = identifier(options.name.empty() ? path.stem().string() : options.name);
  id.header_file = options.header_file.empty() ? id.name + ".h" : options.header_file;
  id.model_file = plain_text(path.filename().string());
  id.model_sha256 = model.sha256;
  id.options = plain_text(describe(options));
  return id;
}

// A channel-blocked value as the model sees it: [N, C, spatial...].
Value* plain_view(Graph& graph, Value* value) {
  if (!value->layout.blocked) return value;
  Shape space = {value->shape[0], value->layout.channels};
  space.insert(space.end(), value->shape.begin() + 2, value->shape.end() - 1);
  std::vector<Dim> index = identity_index(space);
  index.push_back(floor_mod(index[1], Layout::kBlock));
  index[1] = floor_div(index[1], Layout::kBlock);
  Map map;
  map.space = space;
  map.body = load(0, value->type, index);
  return graph.add_map(map, {value}, value->name + "_plain", {"plain " + value->name});
}

}  // namespace

std::string name_in_model(const Value& value) {
  constexpr std::string_view kBlocked = "/blocked";
  const std::string& name = value.name;
  const bool renamed = value.layout.blocked && name.size() > kBlocked.size() &&
                       name.compare(name.size() - kBlocked.size(), kBlocked.size(), kBlocked) == 0;
  return renamed ? name.substr(0, name.size() - kBlocked.size()) : name;
}

namespace {

void keep_as_outputs(Graph& graph, const Keep& keep) {
  std::vector<Value*> kept;
  for (const auto& node : graph.nodes()) {
    for (Value* value : node->outputs) {
      if (keep(*value)) kept.push_back(value);
    }
  }
  for (Value* value : kept) {
    graph.output_names.push_back(name_in_model(*value));
    graph.outputs.push_back(plain_view(graph, value));
  }
}

Compiled plan_and_emit(Graph graph, const OnnxModel& model, const Options& options,
                       const Progress& progress) {
  progress("Planning");
  Compiled result{plan(std::move(graph)), identify(model, options), {}};
  progress("Emitting");
  result.files = emit_cpp(result.program, result.identity, options);
  return result;
}

}  // namespace

Compiled compile(const OnnxModel& model, const Options& options, const Progress& progress,
                 const Keep& keep) {
  return in_context(model.path, [&] {
    progress("Optimising");
    Graph graph = lower_model(model, options);
    verify(graph);
    run_passes(graph, options);
    if (keep) keep_as_outputs(graph, keep);
    return plan_and_emit(std::move(graph), model, options, progress);
  });
}

Compiled compile_reference(const OnnxModel& model, const Options& options, const Keep& keep) {
  return in_context(model.path, [&] {
    Graph graph = lower_model(model, options);
    graph.remove_dead();
    widen_floats(graph);
    verify(graph);
    if (keep) keep_as_outputs(graph, keep);
    return plan_and_emit(std::move(graph), model, options, [](std::string_view) {});
  });
}

}  // namespace onnxc

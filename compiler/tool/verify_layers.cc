// Comparing step by step.
#include "compiler/tool/verify_layers.h"

#include <fmt/ranges.h>

#include <map>
#include <set>

#include "compiler/compile.h"
#include "compiler/ops/lower_model.h"
#include "compiler/tool/native_model.h"
#include "compiler/tool/reference_model.h"

namespace onnxc {
namespace {

std::set<std::string> results_of(const OnnxModel& model, const Options& options) {
  std::set<std::string> names;
  const Graph graph = lower_model(model, options);
  for (const auto& node : graph.nodes()) {
    for (const Value* value : node->outputs) names.insert(value->name);
  }
  return names;
}

std::map<std::string, Tensor> by_name(const std::vector<std::string>& names,
                                      std::vector<Tensor> tensors) {
  std::map<std::string, Tensor> result;
  for (size_t i = 0; i < names.size(); ++i) result.emplace(names[i], std::move(tensors[i]));
  return result;
}

std::map<std::string, std::string> origins_of(const Graph& graph) {
  std::map<std::string, std::string> origins;
  for (const auto& node : graph.nodes()) {
    for (const Value* value : node->outputs)
      origins[name_in_model(*value)] = fmt::format("{}", fmt::join(node->origins, " + "));
  }
  return origins;
}

}  // namespace

std::string first_departure(const OnnxModel& model, const std::vector<Tensor>& inputs,
                            const VerifyOptions& options) {
  const std::set<std::string> meant = results_of(model, options.compile);
  std::set<std::string> kept;
  const Compiled compiled = compile(
      model, options.compile, [](std::string_view) {},
      [&](const Value& value) {
        const std::string name = name_in_model(value);
        return meant.count(name) && kept.insert(name).second;
      });
  const NativeModel native(compiled, options.via, options.compile.march);
  NativeModel::Call call(native, inputs);
  call.run();
  const auto got = call.outputs();

  const ReferenceModel reference(model, options.compile,
                                 [&](const Value& value) { return kept.count(value.name) > 0; });
  const auto want = by_name(reference.graph().output_names, reference.run(inputs));
  const auto origins = origins_of(compiled.program.graph);
  const auto& names = compiled.program.graph.output_names;
  int compared = 0;
  for (size_t i = model.graph.outputs.size(); i < names.size(); ++i) {
    const auto it = want.find(names[i]);
    if (it == want.end() || it->second.dims() != got[i].dims()) continue;
    const Tensor rounded = rounded_to(it->second, got[i].type());
    const Difference d = compare(got[i], rounded, options.tolerance);
    ++compared;
    if (!d.accepted) {
      return fmt::format("first to depart, after {} steps that agree: {}: {}", compared - 1,
                         origins.at(names[i]), describe(d, names[i], got[i], rounded));
    }
  }
  return fmt::format("no step departs; {} were compared", compared);
}

}  // namespace onnxc

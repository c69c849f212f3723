// Compiling, running and comparing.
#include "tests/fuzz/check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <sstream>

#include "codegen/native/native.h"
#include "compiler/compile.h"
#include "compiler/ops/lower_model.h"
#include "compiler/passes/pass.h"
#include "compiler/support/diagnostics.h"
#include "compiler/tool/compare.h"
#include "compiler/tool/native_model.h"

namespace onnxc::fuzz {
namespace {

constexpr int kSamples = 3, kSamplesOfDoubt = 48;

std::string difference(const Tensor& got, const Expected& expected) {
  const Tensor& want = expected.value;
  if (got.type() != want.type())
    return fmt::format("is {}, not {}", name(got.type()), name(want.type()));
  if (expected.depends_on_rounding) return "";
  if (got.dims() != want.dims())
    return fmt::format("has shape {}, not {}", shape_text(got.dims()), shape_text(want.dims()));
  int64_t wrong = 0, first = 0;
  double most = 0;
  for (int64_t i = 0; i < want.size(); ++i) {
    const double a = got.as_double(i), b = want.as_double(i);
    const bool equal = is_float(want.type()) ? a == b || (std::isnan(a) && std::isnan(b))
                                             : got.as_int64(i) == want.as_int64(i);
    if (equal || std::fabs(a - b) <= expected.tolerance) continue;
    if (wrong++ == 0) first = i;
    most = std::max(most, std::fabs(a - b));
  }
  if (wrong == 0) return "";
  return fmt::format(
      "{} of {} elements of {} {} differ, by {:.3g} where {:.3g} is allowed; element {} is {:.9g}, "
      "not {:.9g}",
      wrong, want.size(), name(want.type()), shape_text(want.dims()), most, expected.tolerance,
      first, got.as_double(first), want.as_double(first));
}

bool same_bytes(const Tensor& a, const Tensor& b) {
  return a.dims() == b.dims() && std::ranges::equal(a.bytes(), b.bytes());
}

// Whether more evaluations with rounding errors explain the difference.
bool explained_by_rounding(const Prepared& p, size_t output, const Tensor& got) {
  const Graph graph = lower_model(p.c.model, p.c.options());
  const auto expected = expected_outputs(graph, p.inputs, kSamplesOfDoubt);
  return difference(got, expected[output]).empty();
}

Problem compare_outputs(const std::vector<Prepared>& cases, const std::vector<Tensor>& got) {
  size_t at = 0;
  for (size_t k = 0; k < cases.size(); ++k) {
    const auto& names = cases[k].c.model.graph.outputs;
    for (size_t i = 0; i < names.size(); ++i, ++at) {
      const std::string text = difference(got[at], cases[k].expected[i]);
      if (text.empty() || explained_by_rounding(cases[k], i, got[at])) continue;
      return {fmt::format("{} {}", names[i].name, text), k};
    }
  }
  return {};
}

Problem run(const std::vector<Prepared>& cases, const Configuration& configuration) {
  std::vector<Case> parts;
  std::vector<Tensor> inputs;
  for (const Prepared& p : cases) {
    parts.push_back(p.c);
    inputs.insert(inputs.end(), p.inputs.begin(), p.inputs.end());
  }
  const Case all = parts.size() == 1 ? parts[0] : united(parts);
  Options options = all.options();
  options.march = configuration.march;
  options.precision = configuration.precision;
  options.disabled_passes = configuration.disabled_passes;
  const Compiled compiled = compile(all.model, options);
  const NativeModel native(compiled, "clang", options.march);
  NativeModel::Call call(native, inputs);
  call.run();
  const std::vector<Tensor> got = call.outputs();
  if (Problem problem = compare_outputs(cases, got); !problem.text.empty()) return problem;
  std::ranges::fill(call.workspace(), std::byte{0xff});
  call.run();
  const auto again = call.outputs();
  NativeModel::Call shared(native, inputs, std::max(configuration.threads, 1));
  shared.run();
  const auto by_threads = shared.outputs();
  size_t at = 0;
  for (size_t k = 0; k < cases.size(); ++k) {
    for (const OnnxValueInfo& output : cases[k].c.model.graph.outputs) {
      if (!same_bytes(got[at], again[at]))
        return {output.name + " depends on what the workspace held before", k};
      if (!same_bytes(got[at], by_threads[at]))
        return {fmt::format("{} differs with {} threads", output.name, configuration.threads), k};
      ++at;
    }
  }
  return {};
}

}  // namespace

std::string describe(const Configuration& c) {
  std::string text = "--march " + c.march;
  if (c.precision == Precision::kStrict) text += " --precision strict";
  if (c.threads > 1) text += fmt::format(" --threads {}", c.threads);
  for (const std::string& pass : c.disabled_passes) text += " --disable-pass " + pass;
  return text;
}

Configuration parse_configuration(const std::string& text) {
  Configuration c;
  std::istringstream words(text);
  for (std::string option, value; words >> option >> value;) {
    if (option == "--march") c.march = value;
    if (option == "--precision" && value == "strict") c.precision = Precision::kStrict;
    if (option == "--threads") c.threads = std::stoi(value);
    if (option == "--disable-pass") c.disabled_passes.insert(value);
  }
  return c;
}

std::vector<std::string> usable_marches() {
  std::vector<std::string> marches;
  const std::string host = host_march();
  for (const std::string march : {"x86-64", "x86-64-v3", "x86-64-v4"}) {
    try {
      LoadedProgram::compile("extern \"C\" int f() { return 1; }", "probe.cpp", {march});
      marches.push_back(march);
    } catch (const CompileError&) {
    }
  }
  if (std::find(marches.begin(), marches.end(), host) == marches.end()) marches.push_back(host);
  return marches;
}

Configuration random_configuration(Random& random, const std::vector<std::string>& marches) {
  Configuration c;
  c.march = random.one_of(marches);
  if (random.chance(0.25)) c.precision = Precision::kStrict;
  if (random.chance(0.3)) c.threads = static_cast<int>(random.between(2, 4));
  if (random.chance(0.35)) {
    const double share = random.one_of({0.1, 0.3, 0.6});
    for (const Pass& pass : all_passes()) {
      if (random.chance(share)) c.disabled_passes.insert(std::string(pass.name));
    }
  }
  return c;
}

Prepared prepare(Case c) {
  const Graph graph = lower_model(c.model, c.options());
  verify(graph);
  std::vector<Tensor> inputs = c.inputs();
  std::vector<Expected> expected = expected_outputs(graph, inputs, kSamples);
  return {std::move(c), std::move(inputs), std::move(expected)};
}

Problem check(const std::vector<Prepared>& cases, const Configuration& configuration) {
  try {
    return run(cases, configuration);
  } catch (const std::exception& error) {
    return {error.what(), cases.size() == 1 ? 0 : cases.size()};
  }
}

}  // namespace onnxc::fuzz

// Runs recorded cases through the reference evaluator.
#include "tests/support/conformance.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "compiler/eval/evaluate.h"
#include "compiler/frontend/containers.h"
#include "compiler/frontend/load_model.h"
#include "compiler/frontend/test_data.h"
#include "compiler/ops/lower_model.h"
#include "compiler/ops/random.h"
#include "compiler/support/diagnostics.h"

namespace onnxc::testing {
namespace {

std::string shape_text(const Tensor& t) {
  return fmt::format("{}[{}]", name(t.type()), fmt::join(t.dims(), ","));
}

bool close(double expected, double actual, Tolerance tolerance) {
  if (std::isnan(expected) || std::isnan(actual)) return std::isnan(expected) && std::isnan(actual);
  if (std::isinf(expected) || std::isinf(actual)) return expected == actual;
  return std::abs(actual - expected) <=
         tolerance.relative * std::abs(expected) + tolerance.absolute;
}

std::vector<Tensor> read_inputs(const TestDataSet& set, const OnnxGraph& graph) {
  std::vector<Tensor> inputs;
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    if (i >= set.inputs.size() || set.inputs[i].empty())
      throw CompileError("input {} is not recorded", i);
    const OnnxType& type = graph.inputs[i].type;
    for (Tensor& part : flattened(read_test_value(set.inputs[i], type), type))
      inputs.push_back(std::move(part));
  }
  return inputs;
}

std::string difference(const TestValue& expected, const TestValue& actual) {
  using Kind = TestValue::Kind;
  if (expected.kind == Kind::kOptional && actual.kind == Kind::kTensor &&
      expected.elements.size() == 1)
    return difference(expected.elements[0], actual);
  if (expected.kind != actual.kind || expected.elements.size() != actual.elements.size())
    return fmt::format("{} elements, expected {}", actual.elements.size(),
                       expected.elements.size());
  if (expected.kind == Kind::kTensor) return testing::difference(expected.tensor, actual.tensor);
  for (size_t i = 0; i < expected.elements.size(); ++i) {
    const auto text = difference(expected.elements[i], actual.elements[i]);
    if (!text.empty()) return fmt::format("[{}]: {}", i, text);
  }
  return "";
}

std::string run_set(const TestDataSet& set, const OnnxModel& model, const Graph& graph) {
  const std::vector<Tensor> actual = evaluate(graph, read_inputs(set, model.graph));
  size_t next = 0;
  for (size_t k = 0; k < model.graph.outputs.size() && k < set.outputs.size(); ++k) {
    const OnnxValueInfo& info = model.graph.outputs[k];
    const TestValue value = assembled(info, graph.output_names, actual, next);
    if (set.outputs[k].empty()) continue;
    const TestValue expected = read_test_value(set.outputs[k], info.type);
    // Numbers drawn by another generator: only their type and shape can agree.
    if (draws_random_numbers(model) && expected.tensor.type() == value.tensor.type() &&
        expected.tensor.dims() == value.tensor.dims()) {
      continue;
    }
    if (const auto text = difference(expected, value); !text.empty())
      return fmt::format("output {}: {}", k, text);
  }
  return "";
}

std::string run_all(const std::string& folder) {
  OnnxModel model = load_model(folder + "/model.onnx");
  for (const TestDataSet& set : find_test_data(folder)) complete_types(model.graph, set);
  const std::vector<TestDataSet> sets = find_test_data(folder);
  Options options = options_for_cases();
  for (const TestDataSet& set : sets) {
    for (const std::string& name : empty_sizes(model.graph, set))
      options.dims.emplace(name, DimBounds{0, int64_t{1} << 31});
  }
  const Graph graph = lower_model(model, options);
  verify(graph);
  if (sets.empty()) return "nothing is recorded";
  for (const TestDataSet& set : sets) {
    if (const auto text = run_set(set, model, graph); !text.empty()) return text;
  }
  return "";
}

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

std::string difference(const Tensor& expected, const Tensor& actual, Tolerance tolerance) {
  if (expected.type() != actual.type() || expected.dims() != actual.dims())
    return fmt::format("expected {}, got {}", shape_text(expected), shape_text(actual));
  if (expected.type() == DType::kString)
    return expected.strings() == actual.strings() ? "" : "strings differ";
  int64_t wrong = 0, first = 0;
  for (int64_t i = 0; i < expected.size(); ++i) {
    const bool same = is_float(expected.type())
                          ? close(expected.as_double(i), actual.as_double(i), tolerance)
                          : expected.as_int64(i) == actual.as_int64(i);
    if (!same && wrong++ == 0) first = i;
  }
  if (wrong == 0) return "";
  return fmt::format("{} of {} elements differ, at {} expected {} got {}", wrong, expected.size(),
                     first, expected.as_double(first), actual.as_double(first));
}

Options options_for_cases() {
  Options options;
  options.open_size_bound = 1024;
  return options;
}

std::string evaluate_case(const std::string& folder, Tolerance) {
  try {
    return run_all(folder);
  } catch (const CompileError& error) {
    std::string text = error.what();
    for (const std::string& note : error.notes()) text += "; " + note;
    const std::string prefix = folder + "/model.onnx: ";
    return one_line(text.rfind(prefix, 0) == 0 ? text.substr(prefix.size()) : text);
  } catch (const std::exception& error) {
    return one_line(fmt::format("internal error: {}", error.what()));
  }
}

std::vector<std::string> case_names(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (std::filesystem::exists(entry.path() / "model.onnx"))
      names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace onnxc::testing

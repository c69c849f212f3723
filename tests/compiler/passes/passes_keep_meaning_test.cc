// Every pass of the list on ONNX's node cases: the evaluator gives the same before and after.
#include <gtest/gtest.h>

#include <filesystem>

#include "compiler/eval/evaluate.h"
#include "compiler/frontend/containers.h"
#include "compiler/frontend/load_model.h"
#include "compiler/frontend/test_data.h"
#include "compiler/ops/lower_model.h"
#include "compiler/options.h"
#include "compiler/passes/pass.h"
#include "compiler/support/diagnostics.h"
#include "tests/support/conformance.h"

namespace onnxc {
namespace {

const std::string kCases = "/usr/share/libonnx-testdata/data/node";

// Packed convolutions have no reference.
bool can_be_evaluated(const Graph& graph) {
  for (const auto& node : graph.nodes()) {
    const Conv* conv = node->as<Conv>();
    if (conv && !conv->method.empty()) return false;
    for (const Graph* body : bodies_of(*node)) {
      if (!can_be_evaluated(*body)) return false;
    }
  }
  return true;
}

std::string difference_of(const std::vector<Tensor>& before, const std::vector<Tensor>& after) {
  for (size_t k = 0; k < before.size(); ++k) {
    const auto text = testing::difference(before[k], after[k], {1e-5, 1e-6});
    if (!text.empty()) return fmt::format("output {}: {}", k, text);
  }
  return "";
}

class Case {
 public:
  // Throws what loading, lowering or evaluating throws.
  explicit Case(const std::string& folder) {
    OnnxModel model = load_model(folder + "/model.onnx");
    const TestDataSet set = find_test_data(folder).at(0);
    complete_types(model.graph, set);
    for (size_t i = 0; i < model.graph.inputs.size(); ++i)
      for (Tensor& part : flattened(read_test_value(set.inputs.at(i), model.graph.inputs[i].type),
                                    model.graph.inputs[i].type))
        inputs_.push_back(std::move(part));
    graph_ = lower_model(model, testing::options_for_cases());
    expected_ = evaluate(graph_, inputs_);
  }

  void run(const Pass& pass) {
    for (int round = 0; round < 20 && run_everywhere(pass, graph_, Options{}); ++round)
      verify(graph_);
    if (!can_be_evaluated(graph_)) return;
    EXPECT_EQ(difference_of(expected_, evaluate(graph_, inputs_)), "") << "after " << pass.name;
  }

 private:
  Graph graph_;
  std::vector<Tensor> inputs_, expected_;
};

TEST(Passes, KeepTheMeaningOfEveryNodeCase) {
  if (!std::filesystem::exists(kCases)) GTEST_SKIP() << kCases << " is missing";
  int checked = 0;
  for (const std::string& name : testing::case_names(kCases)) {
    SCOPED_TRACE(name);
    std::unique_ptr<Case> test_case;
    try {
      test_case = std::make_unique<Case>(kCases + "/" + name);
    } catch (const std::exception&) {
      continue;  // not supported: judged by the conformance tests
    }
    for (const Pass& pass : all_passes()) ASSERT_NO_THROW(test_case->run(pass)) << pass.name;
    ++checked;
  }
  EXPECT_GT(checked, 800);
}

}  // namespace
}  // namespace onnxc

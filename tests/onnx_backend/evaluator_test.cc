// The recorded cases of ONNX's own test suite, as Debian packages them, judge what the operators
// mean.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "tests/support/conformance.h"

namespace onnxc::testing {
namespace {

const std::string kCases = "/usr/share/libonnx-testdata/data/";

// Cases that do not pass, with the reason: `name: reason` a line.
std::map<std::string, std::string> expected_failures(const std::string& name) {
  const std::string path = std::string(ONNXC_SOURCE_DIR) + "/tests/onnx_backend/" + name;
  std::ifstream in(path);
  if (!in) ADD_FAILURE() << path << " is missing";
  std::map<std::string, std::string> failures;
  for (std::string line; std::getline(in, line);) {
    const size_t colon = line.find(": ");
    if (colon != std::string::npos) failures[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return failures;
}

void check_folder(const std::string& folder, const std::string& list) {
  if (!std::filesystem::exists(kCases + folder))
    GTEST_SKIP() << kCases << folder << " is missing (libonnx-testdata)";
  const auto expected = expected_failures(list);
  size_t passed = 0;
  for (const std::string& name : case_names(kCases + folder)) {
    const std::string actual = evaluate_case(kCases + folder + "/" + name);
    const auto it = expected.find(name);
    passed += actual.empty();
    EXPECT_EQ(actual, it == expected.end() ? "" : it->second) << name;
  }
  EXPECT_GT(passed, 0U);
}

TEST(EvaluatorCases, NodeCasesGiveTheRecordedOutputs) {
  check_folder("node", "evaluator_node.txt");
}
TEST(EvaluatorCases, OperatorsExportedByPytorchGiveTheRecordedOutputs) {
  check_folder("pytorch-operator", "evaluator_pytorch_operator.txt");
}
TEST(EvaluatorCases, SmallModelsGiveTheRecordedOutputs) {
  check_folder("simple", "evaluator_simple.txt");
}

}  // namespace
}  // namespace onnxc::testing

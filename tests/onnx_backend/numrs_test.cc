// NumRs files with outputs recorded by NumRs itself: FILE.onnx.json with FILE.expected.json beside.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "compiler/ir/npy.h"
#include "tests/support/shared_folder.h"
#include "tests/support/tool.h"

namespace onnxc {
namespace {

using nlohmann::json;

Tensor tensor_of(const json& recorded) {
  const auto values = recorded.at("data").get<std::vector<float>>();
  return Tensor::of(DType::kFloat, recorded.at("shape").get<std::vector<int64_t>>(), values);
}

void check_case(const std::string& model, const json& recorded) {
  const TemporaryFolder folder;
  std::string arguments = "run " + model + " --output-dir .";
  int inputs = 0;
  for (const auto& [name, value] : recorded.at("inputs").items()) {
    const std::string file = "in_" + std::to_string(inputs++) + ".npy";
    write_npy(folder.file(file), tensor_of(value));
    arguments += " --input '" + name + "=" + file + "'";
  }
  const ToolResult result = run_tool(folder, arguments);
  ASSERT_EQ(result.code, 0) << arguments << "\n" << result.err;
  int outputs = 0;
  for (const auto& [name, value] : recorded.at("outputs").items()) {
    const Tensor want = tensor_of(value);
    const Tensor got = read_npy(folder.file("output_" + std::to_string(outputs++) + ".npy"));
    ASSERT_EQ(got.dims(), want.dims()) << model << ": " << name;
    for (int64_t i = 0; i < want.size(); ++i)
      ASSERT_NEAR(got.as_double(i), want.as_double(i), 1e-5 + 1e-3 * std::fabs(want.as_double(i)))
          << model << ": " << name << " at " << i;
  }
}

TEST(NumrsCases, EveryRecordedCaseGivesItsOutputs) {
  const std::string folder = shared_path("numrs");
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is missing";
  const std::string ending = ".expected.json";
  int cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string path = entry.path().string();
    if (path.size() < ending.size() || path.substr(path.size() - ending.size()) != ending) continue;
    const std::string model = path.substr(0, path.size() - ending.size()) + ".onnx.json";
    for (const json& recorded : json::parse(content_of(path))) {
      check_case(model, recorded);
      ++cases;
    }
  }
  EXPECT_GT(cases, 0);
}

}  // namespace
}  // namespace onnxc

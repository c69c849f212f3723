// Cases of ONNX's suite whose recorded data is wrong in Debian's package, judged by corrected data.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "codegen/native/native.h"
#include "compiler/compile.h"
#include "compiler/eval/evaluate.h"
#include "compiler/frontend/load_model.h"
#include "compiler/frontend/test_data.h"
#include "compiler/ops/lower_model.h"
#include "compiler/tool/native_model.h"
#include "tests/support/conformance.h"

namespace onnxc::testing {
namespace {

class CorrectedCases : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kCases)) GTEST_SKIP() << kCases << " is missing";
  }

  static OnnxModel model(const std::string& name) {
    return load_model(kCases + name + "/model.onnx");
  }

  static std::vector<Tensor> recorded(const OnnxModel& m, const std::string& name, bool outputs) {
    const TestDataSet set = find_test_data(kCases + name).at(0);
    const auto& infos = outputs ? m.graph.outputs : m.graph.inputs;
    std::vector<Tensor> tensors;
    for (size_t i = 0; i < infos.size(); ++i) {
      OnnxType type = infos[i].type;
      tensors.push_back(
          read_test_value(outputs ? set.outputs.at(i) : set.inputs.at(i), type).tensor);
    }
    return tensors;
  }

  // The evaluator and the generated program give these outputs.
  static void check(const OnnxModel& m, const std::vector<Tensor>& inputs,
                    const std::vector<Tensor>& expected) {
    Options options;
    const auto evaluated = evaluate(lower_model(m, options), inputs);
    options.march = host_march();
    const Compiled compiled = compile(m, options);
    const NativeModel native(compiled, "clang", options.march);
    NativeModel::Call call(native, inputs);
    call.run();
    const auto computed = call.outputs();
    for (size_t k = 0; k < expected.size(); ++k) {
      EXPECT_EQ(difference(expected[k], evaluated.at(k)), "");
      EXPECT_EQ(difference(expected[k], computed.at(k)), "");
    }
  }

  static inline const std::string kCases = "/usr/share/libonnx-testdata/data/node/";
};

// Rounded to nearest even by the definition of the format; the package truncates.
Tensor rounded(const Tensor& floats) {
  Tensor result(DType::kBfloat16, floats.dims());
  for (int64_t i = 0; i < floats.size(); ++i) {
    const auto value = static_cast<float>(floats.as_double(i));
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000U;
    float nearest;
    std::memcpy(&nearest, &bits, sizeof nearest);
    result.set(i, nearest);
  }
  return result;
}

TEST_F(CorrectedCases, FloatsAreRoundedToBfloat16) {
  for (const char* name : {"test_cast_FLOAT_to_BFLOAT16", "test_castlike_FLOAT_to_BFLOAT16",
                           "test_castlike_FLOAT_to_BFLOAT16_expanded"}) {
    const OnnxModel m = model(name);
    std::vector<Tensor> inputs{recorded(m, name, false).at(0)};
    // The package gives one element where the model declares [3,4].
    if (m.graph.inputs.size() == 2) inputs.emplace_back(DType::kBfloat16, inputs[0].dims());
    check(m, inputs, {rounded(inputs[0])});
  }
}

TEST_F(CorrectedCases, Bfloat16BecomesFloat) {
  for (const char* name :
       {"test_castlike_BFLOAT16_to_FLOAT", "test_castlike_BFLOAT16_to_FLOAT_expanded"}) {
    const OnnxModel m = model(name);
    const Tensor input = recorded(m, name, false).at(0);
    check(m, {input, Tensor(DType::kFloat, input.dims())}, recorded(m, name, true));
  }
}

// The recorded results are those for an epsilon that the model does not declare.
TEST_F(CorrectedCases, AdamOfTwoTensors) {
  const std::string name = "test_adam_multiple";
  OnnxModel m = model(name);
  m.graph.nodes.at(0).attributes["epsilon"] = 1e-2F;
  check(m, recorded(m, name, false), recorded(m, name, true));
}

}  // namespace
}  // namespace onnxc::testing

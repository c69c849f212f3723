// The pass fold_affine: what it does, and what it leaves alone. Graphs go through the whole list.
#include <gtest/gtest.h>

#include "compiler/passes/pass.h"
#include "tests/support/lowered.h"

namespace onnxc {
namespace {

constexpr const char* kConvolution = R"((float[1,2,5,5] x) => (float[1,3,4,4] y)
    <float[3,2,2,2] w = {1, 2, 3, 4, 5, 6, 7, 8, 2, 3, 4, 5, 6, 7, 8, 9,
                         3, 4, 5, 6, 7, 8, 9, 1},
     float[3] scale = {0.5, 2, -1}, float[3] bias = {1, 2, 3}, float[3] mean = {4, 5, 6},
     float[3] variance = {0.25, 4, 9}> {
      c = Conv(x, w)
      b = BatchNormalization(c, scale, bias, mean, variance)
      y = $after$ })";

std::string text_of(std::string onnx, const std::string& after) {
  onnx.replace(onnx.find("$after$"), 7, after);
  return onnx;
}

Graph optimised(const std::string& onnx, const Options& options = {}) {
  Graph graph = testing::lower_text(onnx);
  const auto before = testing::outputs_for(graph, {{1, 2, 5, 5}});
  Options plain = options;
  plain.disabled_passes.insert("block_channels");
  run_passes(graph, plain);
  const auto after = testing::outputs_for(graph, {{1, 2, 5, 5}});
  for (size_t k = 0; k < before.size(); ++k) {
    for (int64_t i = 0; i < before[k].size(); ++i)
      EXPECT_NEAR(after[k].as_double(i), before[k].as_double(i), 1e-4) << "element " << i;
  }
  return graph;
}

TEST(FoldAffine, LeavesOnlyABiasOfABatchNormalization) {
  const Graph graph = optimised(text_of(kConvolution, "Relu(b)"));
  ASSERT_EQ(graph.nodes().size(), 1u) << text(graph);
  EXPECT_EQ(text(graph.nodes()[0]->as<Conv>()->finish).find("mul"), std::string::npos)
      << text(graph);
}

TEST(FoldAffine, FoldsBelowAnActivationThatReadsTheSumTwice) {
  const Graph graph = optimised(text_of(kConvolution, "HardSwish(b)"));
  ASSERT_EQ(graph.nodes().size(), 1u) << text(graph);
  EXPECT_EQ(text(graph).find("mul(sum"), std::string::npos) << text(graph);
}

TEST(FoldAffine, LeavesTheWeightsAloneWherePrecisionIsStrict) {
  Options strict;
  strict.precision = Precision::kStrict;
  const Graph graph = optimised(text_of(kConvolution, "Relu(b)"), strict);
  EXPECT_NE(text(graph).find("mul(sum"), std::string::npos) << text(graph);
}

TEST(FoldAffine, LeavesAScaleThatIsNotConstantAlone) {
  Graph graph = testing::lower_text(R"((float[4,3] x, float[2] s) => (float[4,2] y)
      <float[3,2] w = {1, 2, 3, 4, 5, 6}> {
        c = MatMul(x, w)
        y = Mul(c, s) })");
  run_passes(graph, Options{});
  EXPECT_NE(text(graph).find("mul("), std::string::npos) << text(graph);
}

TEST(FoldAffine, FoldsIntoTheColumnsOfAMatrix) {
  Graph graph = testing::lower_text(R"((float[4,3] x) => (float[4,2] y)
      <float[3,2] w = {1, 2, 3, 4, 5, 6}, float[2] s = {2, -3}, float[2] b = {0.5, 7}> {
        c = MatMul(x, w)
        m = Mul(c, s)
        y = Add(m, b) })");
  const auto before = testing::outputs_for(graph, {{4, 3}});
  run_passes(graph, Options{});
  EXPECT_EQ(text(graph).find("mul("), std::string::npos) << text(graph);
  const auto after = testing::outputs_for(graph, {{4, 3}});
  for (int64_t i = 0; i < before[0].size(); ++i)
    EXPECT_NEAR(after[0].as_double(i), before[0].as_double(i), 1e-5);
}

}  // namespace
}  // namespace onnxc

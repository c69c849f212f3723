// The pass fuse_rows: what it does, and what it leaves alone. Graphs are lowered from ONNX text and
// taken through the whole list, as spelled-out forms need the passes before.
#include <gtest/gtest.h>

#include <cmath>

#include "compiler/passes/pass.h"
#include "compiler/plan/storage.h"
#include "tests/support/lowered.h"

namespace onnxc {
namespace {

using testing::lower_text;

std::string steps_of(const Graph& graph) {
  const std::string all = text(graph);
  std::string steps;
  for (size_t at = 0; at < all.size();) {
    const size_t end = all.find('\n', at);
    const std::string line = all.substr(at, end - at);
    if (const size_t equals = line.find(" = ");
        equals != std::string::npos && line.rfind("output", 0) != 0)
      steps += line.substr(equals + 3, line.rfind(" (") - equals - 3) + "\n";
    at = end + 1;
  }
  return steps;
}

// The steps after all passes; the results of the graph must be what they were before.
std::string fused(const std::string& onnx, const std::vector<std::vector<int64_t>>& sizes,
                  int opset = 17, const Options& options = {}) {
  Graph graph = lower_text(onnx, opset);
  const auto before = testing::outputs_for(graph, sizes);
  run_passes(graph, options);
  const auto after = testing::outputs_for(graph, sizes);
  for (size_t k = 0; k < before.size(); ++k) {
    for (int64_t i = 0; i < before[k].size(); ++i)
      EXPECT_NEAR(after[k].as_double(i), before[k].as_double(i), 1e-5) << "element " << i;
  }
  return steps_of(graph);
}

TEST(FuseRows, SoftmaxIsOneStepThatUsesTheOutputsRow) {
  EXPECT_EQ(fused("(float[N,S] x) => (float[N,S] y) { y = Softmax<axis=-1>(x) }", {{3, 37}}),
            "rows of [N]; part0 [1] = max over [S] in0[i0, i2]; part1 [S] in out0 = "
            "exp(sub(in0[i0, i1], part0[i0, 0])); part2 [1] = sum over [S] part1[i0, i2] then "
            "div(1, sum); part3 [S] in out0 = mul(part1[i0, i1], part2[i0, 0])\n");
}

TEST(FuseRows, SoftmaxDividesWherePrecisionIsStrict) {
  Options strict;
  strict.precision = Precision::kStrict;
  EXPECT_NE(
      fused("(float[N,S] x) => (float[N,S] y) { y = Softmax<axis=-1>(x) }", {{3, 37}}, 17, strict)
          .find("div(part1[i0, i1], part2[i0, 0])"),
      std::string::npos);
}

TEST(FuseRows, KeepsADivisorThatIsComparedToo) {
  const std::string steps =
      fused("(float[N,8] x) => (float[N,8] y) { y = LpNormalization<axis=-1, p=1>(x) }", {{3, 8}});
  EXPECT_NE(steps.find("div("), std::string::npos) << steps;
  EXPECT_EQ(steps.find("div(1, "), std::string::npos) << steps;
}

TEST(FuseRows, ASpelledOutSoftmaxIsTheSameStep) {
  EXPECT_EQ(fused(R"((float[N,S] x) => (float[N,S] y) {
                       m = ReduceMax<axes=[-1]>(x)
                       d = Sub(x, m)
                       e = Exp(d)
                       s = ReduceSum<axes=[-1]>(e)
                       y = Div(e, s) })",
                  {{3, 37}}, 11),
            fused("(float[N,S] x) => (float[N,S] y) { y = Softmax<axis=1>(x) }", {{3, 37}}, 11));
}

TEST(FuseRows, LogSoftmaxIsOneStep) {
  EXPECT_EQ(fused("(float[N,S] x) => (float[N,S] y) { y = LogSoftmax<axis=-1>(x) }", {{3, 37}}),
            "rows of [N]; part0 [1] = max over [S] in0[i0, i2]; part1 [1] = sum over [S] "
            "exp(sub(in0[i0, i2], part0[i0, 0])); part2 [S] in out0 = sub(sub(in0[i0, i1], "
            "part0[i0, 0]), log(part1[i0, 0]))\n");
}

constexpr const char* kLayerNormalization =
    "(float[N,S,24] x, float[24] g, float[24] b) => (float[N,S,24] y) { y = "
    "LayerNormalization<axis=-1, epsilon=0.01>(x, g, b) }";
const std::vector<std::vector<int64_t>> kSizes{{2, 3, 24}, {24}, {24}};

TEST(FuseRows, LayerNormalizationIsOneStep) {
  const std::string steps = fused(kLayerNormalization, kSizes);
  EXPECT_EQ(std::count(steps.begin(), steps.end(), '\n'), 1) << steps;
  EXPECT_EQ(steps.rfind("rows of [N,S]; part0 [1] = sum over [24]", 0), 0u) << steps;
}

TEST(FuseRows, ASpelledOutLayerNormalizationIsOneStepOfAsManyParts) {
  const std::string spelled = fused(R"((float[N,S,24] x, float[24] g, float[24] b)
        => (float[N,S,24] y) <float two = {2}, float epsilon = {0.01}> {
          m = ReduceMean<axes=[-1]>(x)
          d = Sub(x, m)
          p = Pow(d, two)
          v = ReduceMean<axes=[-1]>(p)
          e = Add(v, epsilon)
          r = Sqrt(e)
          q = Div(d, r)
          s = Mul(q, g)
          y = Add(s, b) })",
                                    kSizes);
  const std::string given = fused(kLayerNormalization, kSizes);
  EXPECT_EQ(spelled, given);
}

TEST(FuseRows, StoresAResidualThatIsReadAgain) {
  const std::string steps = fused(R"((float[N,24] x, float[N,24] r, float[24] g, float[24] b)
        => (float[N,24] y, float[N,24] s) {
          s = Add(x, r)
          y = LayerNormalization<axis=-1>(s, g, b) })",
                                  {{5, 24}, {5, 24}, {24}, {24}});
  EXPECT_EQ(std::count(steps.begin(), steps.end(), '\n'), 1) << steps;
  EXPECT_NE(steps.find("part0 [24] in out0 = add(in0[i0, i1], in1[i0, i1])"), std::string::npos)
      << steps;
}

TEST(FuseRows, NormalisesOverSeveralTrailingAxes) {
  const std::string steps = fused(
      "(float[N,C,5,7] x, float[C] g, float[C] b) => (float[N,C,5,7] y) { y = "
      "InstanceNormalization(x, g, b) }",
      {{2, 3, 5, 7}, {3}, {3}});
  EXPECT_NE(steps.find("rows of [N,C]; part0 [1,1] = sum over [5,7]"), std::string::npos) << steps;
  EXPECT_EQ(steps.find("map"), std::string::npos) << steps;
}

TEST(FuseRows, LeavesAReductionOverAMiddleAxisAlone) {
  const std::string steps =
      fused("(float[N,C,8] x) => (float[N,C,8] y) { y = Softmax<axis=1>(x) }", {{2, 5, 8}});
  EXPECT_EQ(steps.find("rows of"), std::string::npos) << steps;
}

TEST(FuseRows, LeavesReadersOfOtherRowsAlone) {
  const std::string steps = fused(R"((float[8,8] x) => (float[8,8] y) {
          m = ReduceMax<axes=[-1]>(x)
          t = Transpose<perm=[1,0]>(m)
          y = Sub(x, t) })",
                                  {{8, 8}});
  EXPECT_EQ(steps.find("rows of"), std::string::npos) << steps;
}

TEST(FuseRows, DoesNotRunAcrossAStepThatNeedsAllRows) {
  const std::string steps = fused(R"((float[8,8] x) => (float[8,8] y) {
          m = ReduceMax<axes=[-1]>(x)
          a = Sub(x, m)
          c = MatMul(a, a)
          y = Sub(c, m) })",
                                  {{8, 8}});
  EXPECT_NE(steps.find("rows of [8]; part0 [1] in out"), std::string::npos) << steps;
  EXPECT_NE(steps.find("matmul"), std::string::npos) << steps;
}

TEST(FuseRows, OverwritesAnInputOnlyWhereItIsNotReadAgain) {
  const auto rows_of = [](const std::string& onnx) {
    Graph graph = lower_text(onnx);
    run_passes(graph, Options{});
    return graph;
  };
  const Graph softmax = rows_of("(float[N,S] x) => (float[N,S] y) { y = Softmax<axis=-1>(x) }");
  EXPECT_TRUE(reads_in_place(*softmax.nodes()[0], 0, 0));
  const Graph normalised = rows_of(R"((float[N,24] x, float[24] g, float[24] b)
        => (float[N,24] s, float[N,24] y) {
          y = LayerNormalization<axis=-1>(x, g, b)
          h = Exp(y)
          s = Add(h, x) })");
  const Node& node = *normalised.nodes()[0];
  ASSERT_EQ(node.outputs.size(), 2u) << text(normalised);
  EXPECT_TRUE(reads_in_place(node, 0, 0) != reads_in_place(node, 0, 1)) << text(normalised);
}

}  // namespace
}  // namespace onnxc

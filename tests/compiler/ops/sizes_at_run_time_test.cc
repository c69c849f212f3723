// Operators give the same for sizes that are named as for sizes that are numbers.
#include <gtest/gtest.h>

#include <regex>

#include "tests/support/conformance.h"
#include "tests/support/lowered.h"

namespace onnxc::testing {
namespace {

struct Case {
  std::string name;
  std::string graph;  // with {N}, {H}, ... for sizes
  std::vector<std::pair<std::string, int64_t>> sizes;
  std::vector<std::vector<int64_t>> inputs;
  int opset = 17;
};

std::string with_sizes(const Case& c, bool named) {
  std::string graph = c.graph;
  for (const auto& [name, value] : c.sizes) {
    const std::string replacement = named ? name : std::to_string(value);
    graph = std::regex_replace(graph, std::regex("@" + name + "\\b"), replacement);
  }
  return graph;
}

const std::vector<Case>& cases() {
  static const std::vector<Case> list = {
      {"BatchNormalization",
       "(float[@N,3,@H] x, float[3] s, float[3] b, float[3] m) => (float[n,c,h] y)"
       "{ v = Mul(m, m) y = BatchNormalization(x, s, b, m, v) }",
       {{"N", 2}, {"H", 5}},
       {{2, 3, 5}, {3}, {3}, {3}}},
      {"LayerNormalization",
       "(float[@N,@T,8] x, float[8] s, float[8] b) => (float[n,t,c] y)"
       "{ y = LayerNormalization(x, s, b) }",
       {{"N", 2}, {"T", 3}},
       {{2, 3, 8}, {8}, {8}}},
      {"GroupNormalization",
       "(float[@N,6,@H] x, float[6] s, float[6] b) => (float[n,c,h] y)"
       "{ y = GroupNormalization<num_groups=3>(x, s, b) }",
       {{"N", 2}, {"H", 5}},
       {{2, 6, 5}, {6}, {6}},
       21},
      {"InstanceNormalization",
       "(float[@N,3,@H,@W] x, float[3] s, float[3] b) => (float[n,c,h,w] y)"
       "{ y = InstanceNormalization(x, s, b) }",
       {{"N", 2}, {"H", 3}, {"W", 4}},
       {{2, 3, 3, 4}, {3}, {3}}},
      {"LRN",
       "(float[@N,5,@H] x) => (float[n,c,h] y) { y = LRN<size=3>(x) }",
       {{"N", 2}, {"H", 3}},
       {{2, 5, 3}}},
      {"GlobalAveragePool",
       "(float[@N,3,@H,@W] x) => (float[n,c,h,w] y) { y = GlobalAveragePool(x) }",
       {{"N", 2}, {"H", 3}, {"W", 4}},
       {{2, 3, 3, 4}}},
      {"ResizeNearestTwice",
       "(float[@N,2,@H,@W] x) => (float[n,c,h,w] y)"
       "{ s = Constant<value=float[4] {1,1,2,2}>() y = Resize<mode=\"nearest\">(x, , s) }",
       {{"N", 2}, {"H", 3}, {"W", 4}},
       {{2, 2, 3, 4}}},
      {"ResizeLinearHalves",
       "(float[@N,2,@H,@W] x) => (float[n,c,h,w] y)"
       "{ s = Constant<value=float[4] {1,1,0.5,1.5}>() y = Resize<mode=\"linear\">(x, , s) }",
       {{"N", 2}, {"H", 6}, {"W", 4}},
       {{2, 2, 6, 4}}},
      {"ResizeToTheSizeOfAnother",
       "(float[1,1,@H,@W] x, float[1,1,@A,@B] z) => (float[n,c,h,w] y)"
       "{ s = Shape(z) y = Resize<mode=\"cubic\">(x, , , s) }",
       {{"H", 3}, {"W", 4}, {"A", 7}, {"B", 5}},
       {{1, 1, 3, 4}, {1, 1, 7, 5}}},
      {"Einsum",
       "(float[@N,@T,4] a, float[@N,@S,4] b) => (float[n,t,s] y)"
       "{ y = Einsum<equation=\"bid,bjd->bij\">(a, b) }",
       {{"N", 2}, {"T", 3}, {"S", 5}},
       {{2, 3, 4}, {2, 5, 4}}},
      {"EinsumOfThree",
       "(float[@N,3] a, float[3,4] b, float[4,@M] c) => (float[n,m] y)"
       "{ y = Einsum<equation=\"ij,jk,kl->il\">(a, b, c) }",
       {{"N", 2}, {"M", 5}},
       {{2, 3}, {3, 4}, {4, 5}}},
      {"Attention",
       "(float[@N,2,@Q,4] q, float[@N,2,@K,4] k, float[@N,2,@K,4] v) => (float[n,h,q2,d] y)"
       "{ y = Attention<is_causal=1>(q, k, v) }",
       {{"N", 2}, {"Q", 3}, {"K", 5}},
       {{2, 2, 3, 4}, {2, 2, 5, 4}, {2, 2, 5, 4}},
       23},
      {"Lstm",
       "(float[@T,@N,3] x, float[2,20,3] w, float[2,20,5] r, float[2,40] b) => (float[t,d,n,h] y)"
       "{ y = LSTM<hidden_size=5, direction=\"bidirectional\">(x, w, r, b) }",
       {{"T", 4}, {"N", 2}},
       {{4, 2, 3}, {2, 20, 3}, {2, 20, 5}, {2, 40}}},
      {"Gru",
       "(float[@T,@N,3] x, float[1,15,3] w, float[1,15,5] r, float[1,30] b) => (float[t,d,n,h] y)"
       "{ y = GRU<hidden_size=5, linear_before_reset=1>(x, w, r, b) }",
       {{"T", 4}, {"N", 2}},
       {{4, 2, 3}, {1, 15, 3}, {1, 15, 5}, {1, 30}}},
      {"GridSample",
       "(float[@N,2,@H,@W] x, float[@N,@A,@B,2] g) => (float[n,c,a,b] y)"
       "{ y = GridSample<padding_mode=\"reflection\">(x, g) }",
       {{"N", 2}, {"H", 4}, {"W", 5}, {"A", 3}, {"B", 2}},
       {{2, 2, 4, 5}, {2, 3, 2, 2}}},
  };
  return list;
}

class SizesAtRunTime : public ::testing::TestWithParam<size_t> {};

TEST_P(SizesAtRunTime, GiveWhatFixedOnesDo) {
  const Case& c = cases()[GetParam()];
  const Graph fixed = lower_text(with_sizes(c, false), c.opset);
  const Graph named = lower_text(with_sizes(c, true), c.opset);
  const Tensor expected = outputs_for(fixed, c.inputs)[0];
  EXPECT_EQ(difference(expected, outputs_for(named, c.inputs)[0], {1e-5, 1e-6}), "") << text(named);
}

INSTANTIATE_TEST_SUITE_P(Operators, SizesAtRunTime, ::testing::Range<size_t>(0, cases().size()),
                         [](const auto& info) { return cases()[info.param].name; });

TEST(Resize, WholeFactorsAreIndexExpressions) {
  const Graph g = lower_text(
      "(float[N,2,H,W] x) => (float[n,c,h,w] y)"
      "{ s = Constant<value=float[4] {1,1,2,3}>()"
      "  y = Resize<mode=\"nearest\", coordinate_transformation_mode=\"asymmetric\","
      "             nearest_mode=\"floor\">(x, , s) }");
  EXPECT_NE(text(g).find("in0[i0, i1, floor_div(i2, 2), floor_div(i3, 3)]"), std::string::npos)
      << text(g);
}

}  // namespace
}  // namespace onnxc::testing

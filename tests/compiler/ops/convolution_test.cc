// Convolutions: what they become, against their definition, and for sizes known only at run time.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/conformance.h"
#include "tests/support/lowered.h"

namespace onnxc::testing {
namespace {

size_t count(const std::string& text, const std::string& part) {
  size_t n = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

TEST(Convolution, BiasBecomesTheStepsEpilogue) {
  const Graph g = lower_text(
      "(float[1,3,8,8] x, float[4,3,3,3] w, float[4] b) => (float[1,4,6,6] y)"
      "{ y = Conv(x, w, b) }");
  EXPECT_NE(text(g).find("then add(sum, in2[i1])"), std::string::npos) << text(g);
  EXPECT_EQ(g.nodes().size(), 1u);
}

TEST(Convolution, SamePaddingOfAStridedWindowIsAddedAheadForUnknownSizes) {
  const Graph g = lower_text(
      "(float[1,1,H,W] x, float[1,1,3,3] w) => (float[1,1,h,w2] y)"
      "{ y = Conv<auto_pad=\"SAME_UPPER\", strides=[2,2]>(x, w) }");
  for (int64_t h : {5, 6, 7, 8}) {
    const Graph fixed =
        lower_text(fmt::format("(float[1,1,{0},9] x, float[1,1,3,3] w) => (float[1,1,h,w2] y)"
                               "{{ y = Conv<auto_pad=\"SAME_UPPER\", strides=[2,2]>(x, w) }}",
                               h));
    EXPECT_EQ(fixed.nodes().size(), 1u);
    const std::vector<std::vector<int64_t>> sizes{{1, 1, h, 9}, {1, 1, 3, 3}};
    EXPECT_EQ(difference(outputs_for(fixed, sizes)[0], outputs_for(g, sizes)[0]), "");
  }
}

TEST(Convolution, SamePaddingWithoutStrideIsConstantForUnknownSizes) {
  const Graph g = lower_text(
      "(float[N,1,H,W] x, float[1,1,3,5] w) => (float[N,1,H,W] y)"
      "{ y = Conv<auto_pad=\"SAME_LOWER\">(x, w) }");
  EXPECT_NE(text(g).find("pads [1,2][1,2]"), std::string::npos) << text(g);
  EXPECT_NE(text(g).find("y float[N,1,H,W]"), std::string::npos) << text(g);
}

// The definition of a transposed convolution: every input element adds its weights to the output.
Tensor transposed(const Tensor& x, const Tensor& w, int64_t groups, int64_t stride,
                  int64_t dilation, int64_t pad, int64_t out) {
  const int64_t channels = x.dims()[1], length = x.dims()[2], each = w.dims()[1],
                kernel = w.dims()[2], per_group = channels / groups;
  Tensor y(DType::kFloat, {1, each * groups, out});
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t i = 0; i < length; ++i) {
      for (int64_t o = 0; o < each; ++o) {
        for (int64_t k = 0; k < kernel; ++k) {
          const int64_t at = i * stride + k * dilation - pad;
          if (at < 0 || at >= out) continue;
          const int64_t to = (c / per_group * each + o) * out + at;
          y.set(to, y.as_double(to) +
                        x.as_double(c * length + i) * w.as_double((c * each + o) * kernel + k));
        }
      }
    }
  }
  return y;
}

struct TransposedCase {
  int64_t groups, stride, dilation, kernel, pad, extra;
};

class TransposedConvolution : public ::testing::TestWithParam<TransposedCase> {};

TEST_P(TransposedConvolution, AddsEachElementsWeights) {
  const TransposedCase& p = GetParam();
  const int64_t length = 6, channels = 4, each = 3;
  const int64_t out =
      (length - 1) * p.stride + (p.kernel - 1) * p.dilation + 1 + p.extra - 2 * p.pad;
  const std::string attributes =
      fmt::format("group={}, strides=[{}], dilations=[{}], pads=[{},{}], output_padding=[{}]",
                  p.groups, p.stride, p.dilation, p.pad, p.pad, p.extra);
  for (const std::string size : {"6", "L"}) {
    const Graph g =
        lower_text(fmt::format("(float[1,4,{}] x, float[4,3,{}] w) => (float[1,c,l] y)"
                               "{{ y = ConvTranspose<{}>(x, w) }}",
                               size, p.kernel, attributes));
    EXPECT_EQ(count(text(g), "conv strides [1]"), 1u) << text(g);
    const Tensor x = numbers(DType::kFloat, {1, channels, length}, 1);
    const Tensor w = numbers(DType::kFloat, {channels, each, p.kernel}, 2);
    const Tensor expected = transposed(x, w, p.groups, p.stride, p.dilation, p.pad, out);
    const Tensor actual = outputs_for(g, {x.dims(), w.dims()})[0];
    EXPECT_EQ(difference(expected, actual, {1e-5, 1e-5}), "") << attributes;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, TransposedConvolution,
    ::testing::Values(TransposedCase{1, 1, 1, 3, 0, 0}, TransposedCase{1, 1, 2, 3, 1, 0},
                      TransposedCase{1, 2, 1, 2, 0, 0}, TransposedCase{1, 2, 1, 3, 1, 1},
                      TransposedCase{2, 2, 1, 4, 1, 0}, TransposedCase{4, 3, 1, 5, 2, 2},
                      TransposedCase{1, 3, 1, 2, 0, 0}, TransposedCase{2, 2, 3, 3, 2, 1},
                      TransposedCase{1, 4, 2, 3, 5, 3}));

TEST(Convolution, TransposedWithoutStrideIsOneStepBehindItsWeights) {
  const Graph g = lower_text(
      "(float[1,4,9,9] x, float[4,3,3,3] w) => (float[1,3,9,9] y)"
      "{ y = ConvTranspose<pads=[1,1,1,1]>(x, w) }");
  EXPECT_EQ(g.outputs[0]->producer->as<Conv>() != nullptr, true) << text(g);
}

TEST(Convolution, IntegerSumsAreExact) {
  const Graph g = lower_text(
      "(uint8[1,64,3,3] x, uint8[1,64,3,3] w, uint8 zx, uint8 zw) => (int32[1,1,1,1] y)"
      "{ y = ConvInteger(x, w, zx, zw) }",
      10);
  EXPECT_EQ(g.outputs[0]->type, DType::kInt32);
  EXPECT_TRUE(g.outputs[0]->producer->as<Conv>());
}

}  // namespace
}  // namespace onnxc::testing

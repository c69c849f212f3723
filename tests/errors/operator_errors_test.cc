// What operators say about nodes that make no sense.
#include <gtest/gtest.h>

#include "tests/support/lowered.h"

namespace onnxc::testing {
namespace {

struct Mistake {
  std::string name, graph, message;
  int opset = 17;
};

const std::vector<Mistake>& mistakes() {
  static const std::vector<Mistake> list = {
      {"ConvChannels",
       "(float[1,4,8,8] x, float[2,3,3,3] w) => (float[n,c,h,w2] y) { y = Conv(x, w) }",
       "input has 4 channels, expected 3: 1 group of the weight's 3"},
      {"ConvGroups",
       "(float[1,4,8,8] x, float[3,2,3,3] w) => (float[n,c,h,w2] y) { y = Conv<group=2>(x, w) }",
       "the weight's 3 output channels do not divide into 2 groups"},
      {"ConvKernelShape",
       "(float[1,3,8,8] x, float[2,3,3,3] w) => (float[n,c,h,w2] y)"
       "{ y = Conv<kernel_shape=[5,5]>(x, w) }",
       "kernel_shape is [5,5], the weight has shape [2,3,3,3]"},
      {"ConvTooSmall",
       "(float[1,3,2,8] x, float[2,3,3,3] w) => (float[n,c,h,w2] y) { y = Conv(x, w) }",
       "a window of 3 elements does not fit axis 2 of size 2 with pads 0 and 0"},
      {"ConvBias",
       "(float[1,3,8,8] x, float[2,3,3,3] w, float[3] b) => (float[n,c,h,w2] y)"
       "{ y = Conv(x, w, b) }",
       "the bias has shape [3], expected [2]"},
      {"PoolRank", "(float[4,8] x) => (float[a,b] y) { y = GlobalMaxPool(x) }",
       "input has shape [4,8], expected [batch, channels, at least one spatial axis]"},
      {"PoolStrides",
       "(float[1,1,8,8] x) => (float[a,b,c,d] y) { y = MaxPool<kernel_shape=[2,2], strides=[2]>(x) "
       "}",
       "strides has 1 entries, expected 2, one a spatial axis"},
      {"EinsumLabels",
       "(float[2,3] a, float[4,5] b) => (float[i,k] y)"
       "{ y = Einsum<equation=\"ij,jk->ik\">(a, b) }",
       "label 'j' stands for sizes 3 and 4"},
      {"LstmShapes",
       "(float[4,2,3] x, float[1,20,4] w, float[1,20,5] r) => (float[t,d,n,h] y)"
       "{ y = LSTM<hidden_size=5>(x, w, r) }",
       "W has shape [1,20,4], expected [1,20,3]"},
      {"LstmActivation",
       "(float[4,2,3] x, float[1,20,3] w, float[1,20,5] r) => (float[t,d,n,h] y)"
       "{ y = LSTM<hidden_size=5, activations=[\"Sigmoid\",\"Sin\",\"Tanh\"]>(x, w, r) }",
       "activation \"Sin\" is not known"},
      {"ResizeNothing", "(float[1,1,4,4] x) => (float[a,b,c,d] y) { y = Resize(x) }",
       "neither scales nor sizes are given"},
      {"QuantizeScale",
       "(float[2,3] x, float[4] s, uint8[4] z) => (uint8[a,b] y)"
       "{ y = QuantizeLinear(x, s, z) }",
       "the scale has shape [4], expected a scalar or [3] for axis 1"},
  };
  return list;
}

class OperatorErrors : public ::testing::TestWithParam<size_t> {};

TEST_P(OperatorErrors, SayWhatWasFoundAndExpected) {
  const Mistake& m = mistakes()[GetParam()];
  const std::string error = lowering_error(m.graph, m.opset);
  EXPECT_NE(error.find(m.message), std::string::npos) << "said: " << error;
}

INSTANTIATE_TEST_SUITE_P(Nodes, OperatorErrors, ::testing::Range<size_t>(0, mistakes().size()),
                         [](const auto& info) { return mistakes()[info.param].name; });

}  // namespace
}  // namespace onnxc::testing

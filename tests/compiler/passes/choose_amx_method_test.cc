// The pass choose_amx_method: what it does, and what it leaves alone.
#include <gtest/gtest.h>

#include "tests/support/pass_test.h"

namespace onnxc {

bool choose_amx_method(Graph&, const Options&);

namespace {

class ChooseAmxMethod : public PassTest {
 protected:
  ChooseAmxMethod() { options.march = "sapphirerapids"; }

  void product(Dim m, int64_t n, int64_t k) {
    Value* x = graph.add_input("x", DType::kFloat, {m, k});
    Value* w = graph.add_constant("w", Tensor(DType::kFloat, {(n + 15) / 16, k, 16}));
    MatMul op;
    op.method = "matmul_packed";
    op.outer = op.inner = 1;
    op.m = m;
    op.n = n;
    op.k = k;
    op.a = {0, 0, 0, k, 1};
    op.c = {0, 0, 0, n, 1};
    output(graph.add_node(op, {x, w}, {{"y", DType::kFloat, {m, n}}}, {"y"})->output());
  }
  void convolution(int64_t channels, int64_t size, int64_t kernel, int64_t stride) {
    const int64_t blocks = channels / 16, pad = kernel / 2, out = size / stride;
    Value* x = graph.add_input("x", DType::kFloat, {2, blocks, size, size, 16});
    Value* w =
        graph.add_constant("w", Tensor(DType::kFloat, {blocks, blocks, kernel, kernel, 16, 16}));
    Conv op{{stride, stride}, {1, 1}, {pad, pad}, {pad, pad}, 1, E()};
    op.method = "conv2d_direct";
    op.kernel = {kernel, kernel};
    op.in_channels = channels;
    Value* y = graph.add_node(op, {x, w}, {{"y", DType::kFloat, {2, blocks, out, out, 16}}}, {"y"})
                   ->output();
    y->layout = {true, channels};
    output(y);
  }
  const Node& chosen() const { return *graph.outputs[0]->producer; }
};

TEST_F(ChooseAmxMethod, SplitsProductsIntoParts) {
  product(128, 100, 80);
  EXPECT_TRUE(run(choose_amx_method));
  EXPECT_EQ(chosen().as<MatMul>()->method, "matmul_amx");
  EXPECT_EQ(text(chosen().inputs[0]->shape), "[3,128,2,32]");
  EXPECT_EQ(text(chosen().inputs[1]->shape), "[4,3,2,2,16,16,2]");
}

TEST_F(ChooseAmxMethod, TakesThreePartsWhereFloatSumsAreWanted) {
  options.precision = Precision::kStrict;
  product(128, 128, 128);
  EXPECT_TRUE(run(choose_amx_method));
  EXPECT_EQ(chosen().as<MatMul>()->parts, 3);
  EXPECT_EQ(text(chosen().inputs[0]->shape), "[4,128,3,32]");
}

TEST_F(ChooseAmxMethod, SharesThePartsOfAnOperand) {
  product(64, 256, 256);
  MatMul again = *chosen().as<MatMul>();
  Value* w = graph.add_constant("w2", Tensor(DType::kFloat, {16, 256, 16}));
  output(graph.add_node(again, {graph.inputs[0], w}, {{"z", DType::kFloat, {64, 256}}}, {"z"})
             ->output());
  EXPECT_TRUE(run(choose_amx_method));
  EXPECT_EQ(graph.outputs[0]->producer->inputs[0], graph.outputs[1]->producer->inputs[0]);
}

TEST_F(ChooseAmxMethod, SurroundsImagesWithZeros) {
  convolution(64, 56, 3, 1);
  EXPECT_TRUE(run(choose_amx_method));
  const Conv& conv = *chosen().as<Conv>();
  EXPECT_EQ(conv.method, "conv2d_amx");
  EXPECT_EQ(conv.split.top, 1);
  EXPECT_EQ(conv.split.beside, 1);
  EXPECT_EQ(text(chosen().inputs[0]->shape), "[2,2,3344,2,32]");
  EXPECT_EQ(text(chosen().inputs[1]->shape), "[2,3,3,2,2,2,16,16,2]");
}

TEST_F(ChooseAmxMethod, SplitsOnlyPixelsThatASingleTapReads) {
  convolution(128, 28, 1, 2);
  EXPECT_TRUE(run(choose_amx_method));
  EXPECT_EQ(chosen().as<Conv>()->split.height, 14);
  EXPECT_EQ(chosen().as<Conv>()->strides, (std::vector<int64_t>{1, 1}));
}

TEST_F(ChooseAmxMethod, LeavesSmallStepsAndOtherMachinesAlone) {
  product(4, 32, 32);
  EXPECT_FALSE(run(choose_amx_method));
  graph = Graph();
  options.march = "x86-64-v4";
  product(128, 128, 128);
  EXPECT_FALSE(run(choose_amx_method));
}

}  // namespace
}  // namespace onnxc

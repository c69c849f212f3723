// The pass fuse_epilogue: what it does, and what it leaves alone.
#include <gtest/gtest.h>

#include "tests/support/pass_test.h"

namespace onnxc {

bool fuse_epilogue(Graph&, const Options&);

namespace {

class FuseEpilogue : public PassTest {
 protected:
  Value* convolved() {
    Value* x = graph.add_input("x", DType::kFloat, {1, 2, 4});
    Value* w = graph.add_input("w", DType::kFloat, {3, 2, 1});
    return graph
        .add_node(Conv{{1}, {1}, {0}, {0}, 1, E()}, {x, w}, {{"conv", DType::kFloat, {1, 3, 4}}},
                  {"conv"})
        ->output();
  }
  Value* relu(Value* x) {
    return map(x->shape, max(load(0, DType::kFloat, identity_index(x->shape)), 0.0), {x}, "relu");
  }
};

TEST_F(FuseEpilogue, MovesReluIntoTheConvolution) {
  output(relu(convolved()));
  EXPECT_TRUE(run(fuse_epilogue));
  ASSERT_EQ(graph.nodes().size(), 1u);
  EXPECT_EQ(text(graph.nodes()[0]->as<Conv>()->finish), "max(sum, 0)");
  EXPECT_EQ(graph.outputs[0]->name, "relu");
}

TEST_F(FuseEpilogue, KeepsReluWhenConvHasTwoUsers) {
  Value* c = convolved();
  output(relu(c));
  output(scaled(c, 2));
  EXPECT_FALSE(run(fuse_epilogue));
}

TEST_F(FuseEpilogue, JoinsAStepThatReadsTheConvolutionTwice) {
  Value* c = convolved();
  const auto element = [&](int k) { return load(k, DType::kFloat, identity_index(c->shape)); };
  output(map(c->shape, element(0) * exp(element(1)), {c, c}));
  EXPECT_TRUE(run(fuse_epilogue));
  ASSERT_EQ(graph.nodes().size(), 1u);
  EXPECT_EQ(text(graph.nodes()[0]->as<Conv>()->finish), "mul(sum, exp(sum))");
}

TEST_F(FuseEpilogue, KeepsAConvolutionThatIsAnOutput) {
  Value* c = convolved();
  output(relu(c));
  output(c);
  EXPECT_FALSE(run(fuse_epilogue));
}

TEST_F(FuseEpilogue, JoinsTheLaterOfTwoProducers) {
  Value* a = convolved();
  Value* x = graph.add_input("u", DType::kFloat, {1, 2, 4});
  Value* w = graph.add_input("v", DType::kFloat, {3, 2, 1});
  Value* b = graph
                 .add_node(Conv{{1}, {1}, {0}, {0}, 1, E()}, {x, w},
                           {{"conv", DType::kFloat, {1, 3, 4}}}, {"conv"})
                 ->output();
  output(map(a->shape,
             load(0, DType::kFloat, identity_index(a->shape)) +
                 load(1, DType::kFloat, identity_index(a->shape)),
             {a, b}, "sum"));
  EXPECT_TRUE(run(fuse_epilogue));
  ASSERT_EQ(graph.nodes().size(), 2u);
  EXPECT_EQ(text(graph.nodes()[1]->as<Conv>()->finish), "add(in2[0, i1, i2], sum)");
}

}  // namespace
}  // namespace onnxc

// The pass fuse_elementwise: what it does, and what it leaves alone.
#include <gtest/gtest.h>

#include "tests/support/pass_test.h"

namespace onnxc {

bool fuse_elementwise(Graph&, const Options&);

namespace {

class FuseElementwise : public PassTest {
 protected:
  Value* exponential(Value* x) {
    return map(x->shape, exp(load(0, DType::kFloat, identity_index(x->shape))), {x}, "exp");
  }
};

TEST_F(FuseElementwise, JoinsAChain) {
  Value* x = graph.add_input("x", DType::kFloat, {8});
  Value* y = scaled(exponential(x), 2);
  output(y);
  EXPECT_TRUE(run(fuse_elementwise));
  EXPECT_EQ(y->producer->inputs, std::vector<Value*>{x});
  EXPECT_EQ(text(y->producer->as<Map>()->body), "mul(exp(in0[i0]), 2)");
}

TEST_F(FuseElementwise, ComputesNothingTwiceForTwoUsers) {
  Value* x = graph.add_input("x", DType::kFloat, {8});
  Value* e = exponential(x);
  output(scaled(e, 2));
  output(scaled(e, 3));
  EXPECT_FALSE(run(fuse_elementwise));
}

TEST_F(FuseElementwise, ComputesNothingTwiceForAStretchedReader) {
  Value* x = graph.add_input("x", DType::kFloat, {8});
  Value* e = exponential(x);
  output(map({64, 8}, load(0, DType::kFloat, {Dim::index(1, 8)}) * 2, {e}, "stretched"));
  EXPECT_FALSE(run(fuse_elementwise));
}

}  // namespace
}  // namespace onnxc

// The pass join_pointwise: what it does, and what it leaves alone.
#include <gtest/gtest.h>

#include "tests/support/pass_test.h"

namespace onnxc {

bool join_pointwise(Graph&, const Options&);

namespace {

class JoinPointwise : public PassTest {
 protected:
  E at(int input, const Shape& shape) { return load(input, DType::kFloat, identity_index(shape)); }
  Value* total(Value* x, const std::string& name) {
    return graph.add_map(
        {{x->shape[0]},
         {x->shape[1]},
         Reduction::kSum,
         load(0, DType::kFloat, {Dim::index(0, x->shape[0]), Dim::index(1, x->shape[1])}),
         E()},
        {x}, name, {name});
  }
};

TEST_F(JoinPointwise, JoinsAnActivationThatReadsItsInputTwice) {
  Value* x = graph.add_input("x", DType::kFloat, {8});
  Value* shifted = map({8}, at(0, {8}) + 1, {x}, "shifted");
  Value* gate = map({8}, sigmoid(at(0, {8})), {shifted}, "gate");
  Value* y = map({8}, at(0, {8}) * at(1, {8}), {shifted, gate}, "y");
  output(y);
  EXPECT_TRUE(run(join_pointwise));
  EXPECT_EQ(y->producer->inputs, std::vector<Value*>{x});
  const E body = y->producer->as<Map>()->body;
  EXPECT_EQ(text(body), "mul(add(in0[i0], 1), sigmoid(add(in0[i0], 1)))");
  EXPECT_EQ(body->args[0], body->args[1]->args[0]) << "the shared part is computed twice";
}

TEST_F(JoinPointwise, KeepsWhatAnotherStepReadsToo) {
  Value* x = graph.add_input("x", DType::kFloat, {8});
  Value* a = scaled(x, 2);
  output(scaled(a, 3));
  output(scaled(a, 5));
  EXPECT_FALSE(run(join_pointwise));
}

TEST_F(JoinPointwise, LetsEachReductionKeepWhatFollowsIt) {
  Value* x = graph.add_input("x", DType::kFloat, {8, 4});
  Value* y = graph.add_input("y", DType::kFloat, {8, 4});
  Value* a = scaled(total(x, "a"), 2);
  Value* b = scaled(total(y, "b"), 3);
  output(map({8}, at(0, {8}) + at(1, {8}), {a, b}, "sum"));
  EXPECT_TRUE(run(join_pointwise));
  EXPECT_EQ(graph.outputs[0]->producer->inputs.size(), 2u);
  EXPECT_TRUE(
      graph.outputs[0]->producer->inputs[1]->producer->as<Map>()->reduction == Reduction::kNone ||
      graph.outputs[0]->producer->inputs[0]->producer->as<Map>()->reduction == Reduction::kNone);
}

TEST_F(JoinPointwise, LeavesATransposedReaderAlone) {
  Value* x = graph.add_input("x", DType::kFloat, {8, 4});
  Value* a = scaled(x, 2);
  output(map({4, 8}, load(0, DType::kFloat, {Dim::index(1, 8), Dim::index(0, 4)}) + 1, {a}, "t"));
  EXPECT_FALSE(run(join_pointwise));
}

}  // namespace
}  // namespace onnxc

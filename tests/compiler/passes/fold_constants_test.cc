// The pass fold_constants: what it does, and what it leaves alone.
#include <gtest/gtest.h>

#include "compiler/eval/fold.h"
#include "tests/support/pass_test.h"

namespace onnxc {

bool fold_constants(Graph&, const Options&);

namespace {

using FoldConstants = PassTest;

TEST_F(FoldConstants, ReplacesAConstantConeByOneConstant) {
  Value* c = graph.add_constant("c", Tensor::of_int64({1, 2}));
  Value* x = graph.add_input("x", DType::kInt64, {2});
  Value* twice = scaled(c, 2, "twice");
  Value* sum =
      map({2},
          load(0, DType::kInt64, identity_index({2})) + load(1, DType::kInt64, identity_index({2})),
          {scaled(twice, 5, "tenfold"), x}, "sum");
  output(sum);
  output(twice);
  EXPECT_TRUE(run(fold_constants));
  ASSERT_EQ(graph.nodes().size(), 1u);
  const auto& inputs = sum->producer->inputs;
  ASSERT_TRUE(inputs[0]->is_constant());
  EXPECT_EQ(inputs[0]->name, "tenfold");
  EXPECT_EQ(inputs[0]->constant->as_int64s(), (std::vector<int64_t>{10, 20}));
  EXPECT_EQ(graph.outputs[1]->constant->as_int64s(), (std::vector<int64_t>{2, 4}));
}

TEST_F(FoldConstants, LeavesALargeFillToRunTime) {
  const int64_t count = kLargestGrowth / 4 + 1;
  output(map({count}, constant(DType::kFloat, 0.5), {}));
  EXPECT_FALSE(run(fold_constants));
  EXPECT_EQ(graph.nodes().size(), 1u);
}

TEST_F(FoldConstants, FoldsSizesThatAreKnown) {
  const Dim n(graph.add_symbol({"n", 1, 9, ""}));
  Value* sizes =
      map({2}, select(eq(integer(Dim::index(0, 2)), integer(Dim(0))), integer(n), integer(Dim(7))),
          {}, "shape");
  output(map({1}, load(0, DType::kInt64, {Dim(1)}), {sizes}, "seven"));
  output(map({1}, load(0, DType::kInt64, {Dim(0)}), {sizes}, "first"));
  EXPECT_TRUE(run(fold_constants));
  EXPECT_TRUE(graph.outputs[0]->is_constant());
  EXPECT_FALSE(graph.outputs[1]->is_constant());
}

TEST_F(FoldConstants, KeepsAStepThatCannotBeEvaluated) {
  Value* c = graph.add_constant("c", Tensor::of_int64({1, 2}));
  output(map({1}, load(0, DType::kInt64, {Dim(2)}), {c}, "outside"));
  EXPECT_FALSE(run(fold_constants));
}

}  // namespace
}  // namespace onnxc

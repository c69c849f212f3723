// The pass merge_duplicates: what it does, and what it leaves alone.
#include <gtest/gtest.h>

#include "tests/support/pass_test.h"

namespace onnxc {

bool merge_duplicates(Graph&, const Options&);

namespace {

using MergeDuplicates = PassTest;

TEST_F(MergeDuplicates, JoinsEqualSteps) {
  Value* x = graph.add_input("x", DType::kFloat, {4});
  Value* a = scaled(scaled(x, 2), 3);
  Value* b = scaled(scaled(x, 2), 3);
  Value* other = scaled(x, 4);
  output(a);
  output(b);
  output(other);
  EXPECT_TRUE(run(merge_duplicates));
  EXPECT_EQ(graph.nodes().size(), 3u);
  EXPECT_EQ(graph.outputs[0], graph.outputs[1]);
  EXPECT_NE(graph.outputs[0], graph.outputs[2]);
}

TEST_F(MergeDuplicates, TellsTypesAndShapesApart) {
  Value* x = graph.add_input("x", DType::kFloat, {4});
  output(map({4}, constant(DType::kFloat, 1), {}));
  output(map({4}, constant(DType::kDouble, 1), {}));
  output(map({2, 2}, constant(DType::kFloat, 1), {}));
  output(reshaped(x, {2, 2}));
  output(reshaped(x, {1, 4}));
  EXPECT_FALSE(run(merge_duplicates));
  EXPECT_EQ(graph.nodes().size(), 5u);
}

TEST_F(MergeDuplicates, JoinsEqualConstants) {
  Value* a = graph.add_constant("a", Tensor::of_int64({1, 2, 3}));
  Value* b = graph.add_constant("b", Tensor::of_int64({1, 2, 3}));
  Value* c = graph.add_constant("c", Tensor::of_int64({1, 2, 4}));
  Value* d = graph.add_constant("d", Tensor::of_int64({1, 2, 3}).reshaped({3, 1}));
  Value* s = graph.add_constant("s", Tensor::of_strings({1}, {"s"}));
  Value* t = graph.add_constant("t", Tensor::of_strings({1}, {"t"}));
  for (Value* v : {a, b, c, d, s, t}) output(v);
  EXPECT_TRUE(run(merge_duplicates));
  EXPECT_EQ(graph.outputs, (std::vector<Value*>{a, a, c, d, s, t}));
}

}  // namespace
}  // namespace onnxc

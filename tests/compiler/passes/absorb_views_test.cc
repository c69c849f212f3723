// The pass absorb_views: what it does, and what it leaves alone.
#include <gtest/gtest.h>

#include "tests/support/pass_test.h"

namespace onnxc {

bool absorb_views(Graph&, const Options&);

namespace {

using AbsorbViews = PassTest;

TEST_F(AbsorbViews, ReadsThroughATranspose) {
  Value* x = graph.add_input("x", DType::kFloat, {3, 4});
  const Shape turned{4, 3};
  Value* t =
      map(turned, load(0, DType::kFloat, {Dim::index(1, 3), Dim::index(0, 4)}), {x}, "turned");
  Value* y = scaled(t, 2);
  output(y);
  EXPECT_TRUE(run(absorb_views));
  EXPECT_EQ(y->producer->inputs, std::vector<Value*>{x});
  EXPECT_EQ(text(y->producer->as<Map>()->body), "mul(in0[i1, i0], 2)");
}

TEST_F(AbsorbViews, KeepsTheNumbersOfLoadsInsideAnIndex) {
  Value* rows = graph.add_input("rows", DType::kInt64, {5});
  Value* x = graph.add_input("x", DType::kFloat, {3, 4});
  Value* t =
      map({4, 3}, load(0, DType::kFloat, {Dim::index(1, 3), Dim::index(0, 4)}), {x}, "turned");
  const Dim row = as_index(load(0, DType::kInt64, {Dim::index(0, 5)}), {0, 3});
  Value* y = map({5, 3}, load(1, DType::kFloat, {row, Dim::index(1, 3)}), {rows, t}, "gathered");
  output(scaled(y, 2));
  EXPECT_TRUE(run(absorb_views));
  EXPECT_EQ(text(graph.outputs[0]->producer->as<Map>()->body), "mul(in1[i1, in0[i0]], 2)");
}

TEST_F(AbsorbViews, LeavesArithmeticWhereItIs) {
  Value* x = graph.add_input("x", DType::kFloat, {4});
  output(scaled(scaled(x, 3), 2));
  EXPECT_FALSE(run(absorb_views));
}

}  // namespace
}  // namespace onnxc

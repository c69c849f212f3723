// Contents of values that depend on constants alone.
#include "compiler/eval/fold.h"

#include <gtest/gtest.h>

namespace onnxc {
namespace {

Value* doubled(Graph& graph, Value* x) {
  return graph.add_map(
      {x->shape, {}, Reduction::kNone, load(0, x->type, identity_index(x->shape)) * 2.0, E()}, {x},
      "doubled", {});
}

TEST(Fold, EvaluatesAConstantCone) {
  Graph graph;
  Value* c = graph.add_constant("c", Tensor::of_int64({1, 2, 3}));
  const Value* y = doubled(graph, doubled(graph, c));
  const auto contents = folded(*y);
  ASSERT_TRUE(contents);
  EXPECT_EQ(contents->as_int64s(), (std::vector<int64_t>{4, 8, 12}));
  EXPECT_FALSE(y->is_constant());
  EXPECT_EQ(folded(*y), contents) << "remembered";
}

TEST(Fold, LeavesDataAlone) {
  Graph graph;
  Value* x = graph.add_input("x", DType::kFloat, {3});
  EXPECT_FALSE(folded(*x));
  EXPECT_FALSE(folded(*doubled(graph, x)));
}

TEST(Fold, KnowsSizesThatCancel) {
  Graph graph;
  const Dim n(graph.add_symbol({"n", 1, 100, ""}));
  const Map map{{1}, {}, Reduction::kNone, integer(floor_div(n * 6, n)), E()};
  EXPECT_EQ(folded(*graph.add_map(map, {}, "six", {}))->as_int64s(), (std::vector<int64_t>{6}));
  const Map size{{1}, {}, Reduction::kNone, integer(n), E()};
  EXPECT_FALSE(folded(*graph.add_map(size, {}, "n", {})));
}

TEST(Fold, DoesNotMakeMuchOutOfLittle) {
  Graph graph;
  const int64_t count = kLargestGrowth / 4 + 1;
  const Map fill{{count}, {}, Reduction::kNone, constant(DType::kFloat, 0.5), E()};
  const Value* y = graph.add_map(fill, {}, "fill", {});
  EXPECT_FALSE(folded(*y));
  const auto forced = folded(*y, Growth::kAny);
  ASSERT_TRUE(forced);
  EXPECT_EQ(forced->as_double(count - 1), 0.5);
}

TEST(Fold, AStepThatFailsIsUnknown) {
  Graph graph;
  Value* c = graph.add_constant("c", Tensor::of_int64({1, 2, 3}));
  const Map outside{{1}, {}, Reduction::kNone, load(0, DType::kInt64, {Dim(5)}), E()};
  EXPECT_FALSE(folded(*graph.add_map(outside, {c}, "outside", {})));
}

TEST(Fold, SharedStepsAreVisitedOnce) {
  Graph graph;
  Value* x = graph.add_input("x", DType::kFloat, {300});
  for (int i = 0; i < 60; ++i) {
    const auto at = identity_index(x->shape);
    x = graph.add_map({x->shape,
                       {},
                       Reduction::kNone,
                       load(0, DType::kFloat, at) + load(1, DType::kFloat, {Dim(0)}),
                       E()},
                      {x, x}, "x", {});
  }
  EXPECT_FALSE(folded(*x));
}

}  // namespace
}  // namespace onnxc

// Which steps are shared among threads, and among how many.
#include "compiler/plan/parallel.h"

#include <gtest/gtest.h>

#include "compiler/plan/plan.h"

namespace onnxc {
namespace {

Node* scaled(Graph& graph, Shape shape) {
  Value* x = graph.add_input("x", DType::kFloat, shape);
  Map map;
  map.space = shape;
  map.body = load(0, DType::kFloat, identity_index(shape)) * 2.0;
  return graph.add_map(map, {x}, "y", {"Mul"})->producer;
}

TEST(ThreadsWorth, IsOneForLittleWork) {
  Graph graph;
  EXPECT_TRUE(threads_worth(*scaled(graph, {1000})).is(1));
}

TEST(ThreadsWorth, GrowsWithTheWork) {
  Graph graph;
  const Dim small = threads_worth(*scaled(graph, {200, 1000}));
  Graph larger;
  const Dim large = threads_worth(*scaled(larger, {400, 1000}));
  ASSERT_TRUE(small.is_constant() && large.is_constant());
  EXPECT_GE(small.value(), 2);
  EXPECT_NEAR(static_cast<double>(large.value()), 2.0 * static_cast<double>(small.value()), 2);
}

TEST(ThreadsWorth, IsAnExpressionOfTheSymbols) {
  Graph graph;
  const SymbolRef batch = graph.add_symbol({"batch", 1, 64, ""});
  const Dim worth = threads_worth(*scaled(graph, {Dim(batch), 100, 1000}));
  EXPECT_LT(worth.evaluate({{"batch", 1}}), worth.evaluate({{"batch", 64}}));
}

TEST(ThreadsWorth, IsOneWhereThereIsOneResult) {
  Graph graph;
  Value* x = graph.add_input("x", DType::kFloat, {10000000});
  Map map;
  map.reduced = {10000000};
  map.reduction = Reduction::kSum;
  map.body = load(0, DType::kFloat, {Dim::index(0, 10000000)});
  EXPECT_TRUE(threads_worth(*graph.add_map(map, {x}, "y", {"ReduceSum"})->producer).is(1));
}

TEST(Plan, GivesEveryFurtherThreadScratch) {
  Graph graph;
  const Shape shape{64, 100, 100};
  Value* a = graph.add_input("a", DType::kFloat, shape);
  MatMul product{"matmul",
                 1,
                 64,
                 100,
                 100,
                 100,
                 {0, 0, 10000, 100, 1},
                 {0, 0, 10000, 100, 1},
                 {0, 0, 10000, 100, 1},
                 E(),
                 1000};
  graph.outputs = {
      graph.add_node(product, {a, a}, {{"y", DType::kFloat, shape}}, {"MatMul"})->output()};
  graph.output_names = {"y"};
  const Program program = plan(std::move(graph));
  EXPECT_EQ(program.threads.size(), 1u);
  EXPECT_TRUE(program.thread_scratch_bytes.is(1024));
}

}  // namespace
}  // namespace onnxc

// The pass remove_identities: what it does, and what it leaves alone.
#include <gtest/gtest.h>

#include "tests/support/pass_test.h"

namespace onnxc {

bool remove_identities(Graph&, const Options&);

namespace {

using RemoveIdentities = PassTest;

TEST_F(RemoveIdentities, DropsPlainLoads) {
  Value* x = graph.add_input("x", DType::kFloat, {4, 1});
  Value* same = map(x->shape, load(0, DType::kFloat, identity_index(x->shape)), {x});
  output(scaled(same, 2));
  output(reshaped(same, {4, 1}));
  EXPECT_TRUE(run(remove_identities));
  EXPECT_EQ(graph.nodes().size(), 1u);
  EXPECT_EQ(graph.outputs[1], x);
}

TEST_F(RemoveIdentities, LeavesReversalsAndTransposesAlone) {
  Value* x = graph.add_input("x", DType::kFloat, {4});
  Value* m = graph.add_input("m", DType::kFloat, {3, 3});
  const Dim i = Dim::index(0, 3), j = Dim::index(1, 3);
  output(map({4}, load(0, DType::kFloat, {Dim(3) - Dim::index(0, 4)}), {x}));
  output(map({3, 3}, load(0, DType::kFloat, {j, i}), {m}));
  output(map({2}, load(0, DType::kFloat, {Dim::index(0, 2)}), {x}));
  EXPECT_FALSE(run(remove_identities));
}

TEST_F(RemoveIdentities, LeavesALoadAtAnIndexThatIsLoadedAlone) {
  Value* at = graph.add_input("at", DType::kInt32, {});
  Value* x = graph.add_input("x", DType::kFloat, {5});
  const Dim index = as_index(cast(DType::kInt64, load(0, DType::kInt32, {})), {0, 4});
  Value* element = map({}, load(1, DType::kFloat, {index}), {at, x});
  output(element);
  EXPECT_FALSE(run(remove_identities));
}

TEST_F(RemoveIdentities, JoinsReshapes) {
  Value* x = graph.add_input("x", DType::kFloat, {4, 6});
  output(reshaped(reshaped(reshaped(x, {24}), {2, 12}), {3, 8}));
  output(reshaped(reshaped(x, {24}), {4, 6}));
  EXPECT_TRUE(run(remove_identities));
  graph.remove_dead();
  ASSERT_EQ(graph.nodes().size(), 1u);
  EXPECT_EQ(graph.nodes()[0]->inputs[0], x);
  EXPECT_EQ(graph.outputs[1], x);
}

TEST_F(RemoveIdentities, DropsEmptyPartsOfAConcat) {
  Value* x = graph.add_input("x", DType::kFloat, {4});
  Value* none = graph.add_input("none", DType::kFloat, {0});
  output(graph.add_node(Concat{0}, {none, x}, {{"joined", DType::kFloat, {4}}}, {})->output());
  EXPECT_TRUE(run(remove_identities));
  EXPECT_EQ(graph.outputs[0], x);
}

TEST_F(RemoveIdentities, AReductionOfOneElementIsNone) {
  Value* x = graph.add_input("x", DType::kFloat, {4, 1});
  Map sum{{4},
          {1},
          Reduction::kSum,
          load(0, DType::kFloat, {Dim::index(0, 4), Dim::index(1, 1)}),
          accumulator(DType::kFloat) * 2.0};
  Value* y = graph.add_map(sum, {x}, "sum", {});
  output(y);
  EXPECT_TRUE(run(remove_identities));
  const Map* map = y->producer->as<Map>();
  ASSERT_TRUE(map);
  EXPECT_EQ(map->reduction, Reduction::kNone);
  EXPECT_EQ(text(map->body), "mul(in0[i0, 0], 2)");
}

TEST_F(RemoveIdentities, MovingAxesOfOneIsAReshape) {
  const Dim n(graph.add_symbol({"n", 1, 9, ""}));
  Value* x = graph.add_input("x", DType::kFloat, {n, 5, 1});
  Value* y = map({n, 1, 5}, load(0, DType::kFloat, {Dim::index(0, n), Dim::index(2, 5), 0}), {x});
  output(y);
  EXPECT_TRUE(run(remove_identities));
  EXPECT_TRUE(y->producer->as<Reshape>());
}

}  // namespace
}  // namespace onnxc

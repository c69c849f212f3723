// The clean-up passes: what each does, and what it leaves alone.
#include <gtest/gtest.h>

#include <algorithm>

#include "compiler/eval/fold.h"
#include "compiler/ir/graph.h"
#include "compiler/options.h"

namespace onnxc {

bool fold_constants(Graph&, const Options&);
bool merge_duplicates(Graph&, const Options&);
bool remove_dead_nodes(Graph&, const Options&);
bool remove_identities(Graph&, const Options&);

namespace {

class CleanupTest : public ::testing::Test {
 protected:
  Value* map(Shape space, E body, std::vector<Value*> inputs, const std::string& name = "m") {
    return graph.add_map({std::move(space), {}, Reduction::kNone, body, E()}, std::move(inputs),
                         name, {name});
  }
  Value* scaled(Value* x, double factor, const std::string& name = "scaled") {
    return map(x->shape, load(0, x->type, identity_index(x->shape)) * factor, {x}, name);
  }
  Value* reshaped(Value* x, Shape shape) {
    return graph.add_node(Reshape{}, {x}, {{"reshaped", x->type, std::move(shape)}}, {})->output();
  }
  void output(Value* v) {
    graph.outputs.push_back(v);
    graph.output_names.push_back("out" + std::to_string(graph.outputs.size()));
  }
  // Runs the pass to its fixed point and says whether it changed anything.
  bool run(bool (*pass)(Graph&, const Options&)) {
    const bool changed = pass(graph, options);
    verify(graph);
    if (changed) {
      for (int round = 0; round < 5 && pass(graph, options); ++round) {
      }
      EXPECT_FALSE(pass(graph, options)) << "no fixed point";
    }
    verify(graph);
    return changed;
  }
  Graph graph;
  Options options;
};

using FoldConstants = CleanupTest;
using MergeDuplicates = CleanupTest;
using RemoveDeadNodes = CleanupTest;
using RemoveIdentities = CleanupTest;

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

TEST_F(RemoveDeadNodes, RemovesWhatNoOutputNeeds) {
  Value* x = graph.add_input("x", DType::kFloat, {4});
  output(scaled(x, 2));
  scaled(x, 3);
  EXPECT_TRUE(run(remove_dead_nodes));
  EXPECT_EQ(graph.nodes().size(), 1u);
}

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

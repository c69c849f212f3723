// The graph's verbs and its verifier.
#include "compiler/ir/graph.h"

#include <gtest/gtest.h>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

class GraphTest : public ::testing::Test {
 protected:
  Value* relu(Value* v, const std::string& name = "relu") {
    return graph.add_map(
        {v->shape, {}, Reduction::kNone, max(load(0, v->type, identity_index(v->shape)), 0), E()},
        {v}, name, {"Relu \"" + name + "\""});
  }
  void output(Value* v) {
    graph.outputs.push_back(v);
    graph.output_names.push_back("out");
  }
  Graph graph;
};

TEST_F(GraphTest, PrintsOneLineANode) {
  const Dim n(graph.add_symbol({"n", 1, 8, ""}));
  Value* x = graph.add_input("x", DType::kFloat, {n, 3});
  output(relu(x));
  EXPECT_EQ(text(graph),
            "symbol n in 1..8\n"
            "input x float[n,3]\n"
            "relu float[n,3] = map max(in0[i0, i1], 0) (x)\n"
            "output out = relu\n");
  verify(graph);
}

TEST_F(GraphTest, UsersFollowEveryVerb) {
  Value* x = graph.add_input("x", DType::kFloat, {4});
  Value* a = relu(x, "a");
  Value* b = relu(a, "b");
  output(b);
  EXPECT_EQ(x->users.size(), 1u);
  graph.replace_uses(a, x);
  verify(graph);
  EXPECT_EQ(x->users.size(), 2u);
  EXPECT_TRUE(a->users.empty());
  graph.erase(a->producer);
  verify(graph);
  EXPECT_EQ(graph.nodes().size(), 1u);
  EXPECT_EQ(x->users.size(), 1u);
}

TEST_F(GraphTest, ReplacesGraphOutputs) {
  Value* x = graph.add_input("x", DType::kFloat, {4});
  Value* a = relu(x);
  output(a);
  graph.replace_uses(a, x);
  EXPECT_EQ(graph.outputs[0], x);
  EXPECT_FALSE(graph.is_output(a));
}

TEST_F(GraphTest, ErasingWhatIsUsedIsAnError) {
  Value* a = relu(graph.add_input("x", DType::kFloat, {4}));
  relu(a);
  EXPECT_THROW(graph.erase(a->producer), InternalError);
}

TEST_F(GraphTest, AddMapDropsUnusedAndRepeatedInputs) {
  Value* x = graph.add_input("x", DType::kFloat, {4});
  Value* y = graph.add_input("y", DType::kFloat, {4});
  const auto at = identity_index({4});
  Value* sum = graph.add_map(
      {{4}, {}, Reduction::kNone, load(1, DType::kFloat, at) + load(2, DType::kFloat, at), E()},
      {y, x, x}, "sum", {});
  ASSERT_EQ(sum->producer->inputs, (std::vector<Value*>{x}));
  EXPECT_EQ(text(sum->producer->as<Map>()->body), "add(in0[i0], in0[i0])");
  EXPECT_TRUE(y->users.empty());
  verify(graph);
}

TEST_F(GraphTest, RemovesDeadSteps) {
  Value* x = graph.add_input("x", DType::kFloat, {4});
  graph.add_constant("unused", Tensor::of_int64({1}));
  Value* kept = relu(x, "kept");
  relu(relu(kept, "dead"), "deader");
  output(kept);
  EXPECT_TRUE(graph.remove_dead());
  EXPECT_EQ(graph.nodes().size(), 1u);
  EXPECT_EQ(graph.values().size(), 2u);
  EXPECT_FALSE(graph.remove_dead());
  verify(graph);
}

TEST_F(GraphTest, NamesAreUnique) {
  Value* x = graph.add_input("v", DType::kFloat, {4});
  EXPECT_EQ(relu(x, "v")->name, "v_1");
  EXPECT_EQ(graph.fresh_name("v"), "v_2");
}

TEST_F(GraphTest, InsertsBeforeANode) {
  Value* x = graph.add_input("x", DType::kFloat, {4});
  Value* y = relu(x, "y");
  Node* first = graph.add_node(Reshape{}, {x}, {{"r", DType::kFloat, {2, 2}}}, {}, y->producer);
  EXPECT_EQ(graph.nodes()[0].get(), first);
}

TEST_F(GraphTest, SymbolsAgreeOnTheirBounds) {
  graph.add_symbol({"n", 1, 8, ""});
  EXPECT_NO_THROW(graph.add_symbol({"n", 1, 8, "again"}));
  EXPECT_THROW(graph.add_symbol({"n", 1, 9, ""}), CompileError);
}

TEST_F(GraphTest, VerifyFindsWhatIsBroken) {
  Value* x = graph.add_input("x", DType::kFloat, {4});
  Value* y = relu(x);
  output(y);
  verify(graph);

  Map* map = y->producer->as<Map>();
  const E body = map->body;
  map->body = load(0, DType::kFloat, {Dim(0), Dim(0)});
  EXPECT_THROW(verify(graph), InternalError) << "rank";
  map->body = load(1, DType::kFloat, {Dim(0)});
  EXPECT_THROW(verify(graph), InternalError) << "input number";
  map->body = load(0, DType::kFloat, {Dim::index(3, 4)});
  EXPECT_THROW(verify(graph), InternalError) << "loop index";
  map->body = load(0, DType::kInt32, {Dim(0)});
  EXPECT_THROW(verify(graph), InternalError) << "type";
  map->body = accumulator(DType::kFloat);
  EXPECT_THROW(verify(graph), InternalError) << "accumulator";
  map->body = body;
  map->space = {5};
  EXPECT_THROW(verify(graph), InternalError) << "shape";
  map->space = {4};
  verify(graph);
  x->users.clear();
  EXPECT_THROW(verify(graph), InternalError) << "users";
}

TEST_F(GraphTest, ConvolutionShapes) {
  Conv conv;
  conv.strides = {2, 1};
  conv.dilations = {1, 2};
  conv.pads_begin = {1, 0};
  conv.pads_end = {1, 0};
  const Dim h(graph.add_symbol({"h", 8, 512, ""}));
  const Shape out = conv_output_shape(conv, {1, 3, h, 10}, {8, 3, 3, 3});
  EXPECT_EQ(text(out), "[1,8,floor_div(h + 1, 2),6]");
}

}  // namespace
}  // namespace onnxc

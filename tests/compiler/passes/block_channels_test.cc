// The pass block_channels: what it does, and what it leaves alone.
#include <gtest/gtest.h>

#include "compiler/eval/evaluate.h"
#include "tests/support/pass_test.h"

namespace onnxc {

bool block_channels(Graph&, const Options&);

namespace {

class BlockChannels : public PassTest {
 protected:
  Value* convolved(int64_t channels, int64_t out, int64_t groups = 1) {
    Value* x = graph.add_input("x", DType::kFloat, {1, channels, 6, 6});
    Value* w = graph.add_constant("w", Tensor(DType::kFloat, {out, channels / groups, 3, 3}));
    return graph
        .add_node(Conv{{1, 1}, {1, 1}, {1, 1}, {1, 1}, groups, E()}, {x, w},
                  {{"conv", DType::kFloat, {1, out, 6, 6}}}, {"conv"})
        ->output();
  }
  // The method of the graph's convolution.
  std::string method() const {
    for (const auto& n : graph.nodes()) {
      if (const Conv* c = n->as<Conv>()) return c->method;
    }
    return "none";
  }
};

TEST_F(BlockChannels, ChoosesTheKernelByChannelsAndGroups) {
  const struct {
    int64_t channels, out, groups;
    std::string method;
  } cases[] = {{32, 32, 1, "conv2d_direct"},     {3, 16, 1, "conv2d_first"},
               {32, 32, 32, "conv2d_depthwise"}, {20, 24, 1, "conv2d_direct"},
               {24, 24, 4, "conv2d_grouped"},    {8, 16, 8, "conv2d_grouped"},
               {64, 64, 2, "conv2d_direct"}};
  for (const auto& c : cases) {
    graph = Graph();
    output(convolved(c.channels, c.out, c.groups));
    EXPECT_EQ(block_channels(graph, options), !c.method.empty());
    verify(graph);
    EXPECT_EQ(method(), c.method) << c.channels << " to " << c.out << " in " << c.groups;
  }
}

TEST_F(BlockChannels, KeepsAnElementwiseNeighbourInBlocks) {
  Value* c = convolved(32, 32);
  output(map(c->shape, max(load(0, DType::kFloat, identity_index(c->shape)), 0.0), {c}, "relu"));
  EXPECT_TRUE(block_channels(graph, options));
  graph.remove_dead();
  verify(graph);
  const Node* last = graph.outputs[0]->producer;
  ASSERT_TRUE(last->as<Map>());
  EXPECT_TRUE(last->inputs[0]->layout.blocked);
  EXPECT_TRUE(last->inputs[0]->producer->as<Map>()) << "relu itself is computed in blocks";
}

TEST_F(BlockChannels, LeavesConvolutionsOfUnknownWeightsAlone) {
  Value* x = graph.add_input("x", DType::kFloat, {1, 16, 6, 6});
  Value* w = graph.add_input("w", DType::kFloat, {16, 16, 3, 3});
  output(graph
             .add_node(Conv{{1, 1}, {1, 1}, {1, 1}, {1, 1}, 1, E()}, {x, w},
                       {{"conv", DType::kFloat, {1, 16, 6, 6}}}, {"conv"})
             ->output());
  EXPECT_FALSE(block_channels(graph, options));
}

}  // namespace
}  // namespace onnxc

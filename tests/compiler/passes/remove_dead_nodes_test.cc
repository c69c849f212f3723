// The pass remove_dead_nodes: what it does, and what it leaves alone.
#include <gtest/gtest.h>

#include "tests/support/pass_test.h"

namespace onnxc {

bool remove_dead_nodes(Graph&, const Options&);

namespace {

using RemoveDeadNodes = PassTest;

TEST_F(RemoveDeadNodes, RemovesWhatNoOutputNeeds) {
  Value* x = graph.add_input("x", DType::kFloat, {4});
  output(scaled(x, 2));
  scaled(x, 3);
  EXPECT_TRUE(run(remove_dead_nodes));
  EXPECT_EQ(graph.nodes().size(), 1u);
}

}  // namespace
}  // namespace onnxc

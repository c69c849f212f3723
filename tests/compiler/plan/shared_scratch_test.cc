// Scratch that the threads of a step share is planned as the first thread's own is.
#include <gtest/gtest.h>

#include "compiler/plan/plan.h"

namespace onnxc {
namespace {

TEST(SharedScratch, IsPartOfTheWorkspace) {
  Graph graph;
  Value* x = graph.add_input("x", DType::kBfloat16, {32, 64, 2, 32});
  Value* w = graph.add_constant("w", Tensor(DType::kBfloat16, {8, 32, 2, 2, 16, 16, 2}));
  MatMul product;
  product.method = "matmul_amx";
  product.outer = product.inner = 1;
  product.m = 64;
  product.n = 256;
  product.k = 1024;
  product.c = {0, 0, 0, 256, 1};
  product.parts = 2;
  product.scratch_bytes = 64 * 256 * 4;
  graph.outputs = {
      graph.add_node(product, {x, w}, {{"y", DType::kFloat, {64, 256}}}, {"y"})->output()};
  graph.output_names = {"y"};
  const Program program = plan(std::move(graph));
  EXPECT_EQ(program.scratch.size(), 1U);
  EXPECT_GE(program.workspace_bytes.value(), 64 * 256 * 4);
  EXPECT_TRUE(program.thread_scratch_bytes.is(0));
}

}  // namespace
}  // namespace onnxc

// The pass choose_matmul_method: what it does, and what it leaves alone.
#include <gtest/gtest.h>

#include "tests/support/pass_test.h"

namespace onnxc {

bool choose_matmul_method(Graph&, const Options&);

namespace {

class ChooseMatmulMethod : public PassTest {
 protected:
  Value* product(Value* a, Value* b, std::vector<Dim> at_a, std::vector<Dim> at_b, Shape space,
                 Dim depth) {
    return graph.add_map(
        {std::move(space),
         {depth},
         Reduction::kSum,
         load(0, DType::kFloat, std::move(at_a)) * load(1, DType::kFloat, std::move(at_b)),
         E()},
        {a, b}, "y", {"y"});
  }
  const MatMul& chosen() const { return *graph.outputs[0]->producer->as<MatMul>(); }
};

TEST_F(ChooseMatmulMethod, PacksAConstantOperand) {
  Value* x = graph.add_input("x", DType::kFloat, {4, 8});
  Value* w = graph.add_constant("w", Tensor(DType::kFloat, {8, 20}));
  const Dim m = Dim::index(0, 4), n = Dim::index(1, 20), k = Dim::index(2, 8);
  output(product(x, w, {m, k}, {k, n}, {4, 20}, 8));
  EXPECT_TRUE(run(choose_matmul_method));
  EXPECT_EQ(chosen().method, "matmul_packed");
  EXPECT_EQ(text(graph.outputs[0]->producer->inputs[1]->shape), "[2,8,16]");
}

TEST_F(ChooseMatmulMethod, ReadsTransposedOperandsByStrides) {
  Value* a = graph.add_input("a", DType::kFloat, {2, 4, 8});
  Value* b = graph.add_input("b", DType::kFloat, {2, 5, 8});
  const Dim o = Dim::index(0, 2), m = Dim::index(1, 4), n = Dim::index(2, 5), k = Dim::index(3, 8);
  output(product(a, b, {o, m, k}, {o, n, k}, {2, 4, 5}, 8));
  EXPECT_TRUE(run(choose_matmul_method));
  EXPECT_EQ(chosen().method, "matmul");
  EXPECT_EQ(chosen().b.row, Dim(1));
  EXPECT_EQ(chosen().b.column, Dim(8));
  EXPECT_EQ(chosen().b.inner, Dim(40));
}

TEST_F(ChooseMatmulMethod, LeavesSumsOfSquaresAlone) {
  Value* x = graph.add_input("x", DType::kFloat, {4, 8});
  const Dim m = Dim::index(0, 4), k = Dim::index(1, 8);
  output(product(x, x, {m, k}, {m, k}, {4}, 8));
  EXPECT_FALSE(run(choose_matmul_method));
}

}  // namespace
}  // namespace onnxc

// Gradients are what small changes of the input make of the output.
#include <gtest/gtest.h>

#include "compiler/eval/evaluate.h"
#include "tests/support/lowered.h"

namespace onnxc::testing {
namespace {

// Compares output 1 (the gradient of the sum over output 0's elements with respect to input 0)
// with central differences in double.
void check_gradient(const std::string& graph, const std::vector<Tensor>& inputs) {
  const Graph g = lower_text(graph, 18);
  const auto sum_at = [&](int64_t i, double step) {
    std::vector<Tensor> moved = inputs;
    moved[0] = Tensor(DType::kDouble, inputs[0].dims());
    for (int64_t k = 0; k < inputs[0].size(); ++k)
      moved[0].set(k, inputs[0].as_double(k) + (k == i ? step : 0));
    const Tensor y = evaluate(g, moved).at(0);
    double sum = 0;
    for (int64_t k = 0; k < y.size(); ++k) sum += y.as_double(k);
    return sum;
  };
  const Tensor gradient = evaluate(g, inputs).at(1);
  ASSERT_EQ(gradient.dims(), inputs[0].dims());
  for (int64_t i = 0; i < gradient.size(); ++i) {
    const double expected = (sum_at(i, 1e-5) - sum_at(i, -1e-5)) / 2e-5;
    EXPECT_NEAR(gradient.as_double(i), expected, 1e-6 * (1 + std::abs(expected))) << graph;
  }
}

TEST(Gradient, FollowsElementwiseChainsAndBroadcasting) {
  for (const char* body :
       {"y = Tanh(s)", "e = Exp(s) y = Div(e, b)", "q = Mul(s, s) y = Sigmoid(q)",
        "n = Abs(s) r = Sqrt(n) y = Sub(b, r)", "y = Max(s, b)", "c = Sin(s) y = Div(b, c)",
        "y = Softplus(s)", "y = Erf(s)"}) {
    check_gradient(std::string("(double[2,3] a, double[3] b) => (double[2,3] y, double[2,3] d) {"
                               " s = Add(a, b) ") +
                       body + " d = ai.onnx.preview.training.Gradient<xs=[\"a\"], y=\"y\">(a) }",
                   {numbers(DType::kDouble, {2, 3}, 3), numbers(DType::kDouble, {3}, 5)});
  }
}

TEST(Gradient, FollowsProductsSumsAndViews) {
  check_gradient(
      "(double[3,4] a, double[4,2] w) => (double[2,3] y, double[3,4] d) {"
      " p = MatMul(a, w) t = Transpose(p) axes = Constant<value=int64[1] {1}>()"
      " m = ReduceMean(a, axes) s = Constant<value=int64[2] {1, 3}>() r = Reshape(m, s)"
      " y = Mul(t, r) d = ai.onnx.preview.training.Gradient<xs=[\"a\"], y=\"y\">(a) }",
      {numbers(DType::kDouble, {3, 4}, 1), numbers(DType::kDouble, {4, 2}, 2)});
  check_gradient(
      "(double[2,2] a, double[2,1] b) => (double[2,5] y, double[2,2] d) {"
      " q = Mul(a, a) y = Concat<axis=1>(q, b, a)"
      " d = ai.onnx.preview.training.Gradient<xs=[\"a\"], y=\"y\">(a) }",
      {numbers(DType::kDouble, {2, 2}, 4), numbers(DType::kDouble, {2, 1}, 2)});
}

TEST(Gradient, RefusesWhatItCannotFollow) {
  const std::string error = lowering_error(
      "(float[1,1,4,4] x, float[1,1,3,3] w) => (float[1,1,2,2] y, float[1,1,4,4] d) {"
      " y = Conv(x, w) d = ai.onnx.preview.training.Gradient<xs=[\"x\"], y=\"y\">(x) }");
  EXPECT_NE(error.find("the gradient through Conv is not supported"), std::string::npos) << error;
}

}  // namespace
}  // namespace onnxc::testing

// The pass inline_scalars: what it does, and what it leaves alone.
#include <gtest/gtest.h>

#include "tests/support/pass_test.h"

namespace onnxc {

bool inline_scalars(Graph&, const Options&);

namespace {

class InlineScalars : public PassTest {
 protected:
  Value* number(float value) {
    Tensor t(DType::kFloat, {1});
    t.set(0, value);
    return graph.add_constant("c", std::move(t));
  }
  std::string divided_by(float value) {
    Value* x = graph.add_input("x", DType::kFloat, {8});
    const E body = load(0, DType::kFloat, {Dim::index(0, 8)}) / load(1, DType::kFloat, {0});
    Value* y = map({8}, body, {x, number(value)}, "y");
    output(y);
    EXPECT_TRUE(run(inline_scalars));
    EXPECT_EQ(y->producer->inputs, std::vector<Value*>{x});
    return text(y->producer->as<Map>()->body);
  }
};

TEST_F(InlineScalars, MultipliesByAnExactReciprocal) {
  options.precision = Precision::kStrict;
  EXPECT_EQ(divided_by(8), "mul(in0[i0], 0.125)");
}

TEST_F(InlineScalars, MultipliesByARoundedReciprocal) {
  EXPECT_EQ(divided_by(10), "mul(in0[i0], 0.10000000149011612)");
}

TEST_F(InlineScalars, DividesWherePrecisionIsStrict) {
  options.precision = Precision::kStrict;
  EXPECT_EQ(divided_by(10), "div(in0[i0], 10)");
}

TEST_F(InlineScalars, DividesByZero) { EXPECT_EQ(divided_by(0), "div(in0[i0], 0)"); }

TEST_F(InlineScalars, SquaresBySelfMultiplication) {
  Value* x = graph.add_input("x", DType::kFloat, {8});
  const E body = pow(load(0, DType::kFloat, {Dim::index(0, 8)}), load(1, DType::kFloat, {0}));
  Value* y = map({8}, body, {x, number(2)}, "y");
  output(y);
  EXPECT_TRUE(run(inline_scalars));
  EXPECT_EQ(text(y->producer->as<Map>()->body), "mul(in0[i0], in0[i0])");
}

TEST_F(InlineScalars, DividesWhereTheQuotientIsRounded) {
  Value* x = graph.add_input("x", DType::kFloat, {8});
  const E quotient = load(0, DType::kFloat, {Dim::index(0, 8)}) / load(1, DType::kFloat, {0});
  Value* y = map({8}, call(ScalarOp::kRoundEven, {quotient}), {x, number(0.1)}, "y");
  output(y);
  EXPECT_TRUE(run(inline_scalars));
  EXPECT_EQ(text(y->producer->as<Map>()->body).find("mul"), std::string::npos);
}

TEST_F(InlineScalars, LeavesVectorsAlone) {
  Value* x = graph.add_input("x", DType::kFloat, {2});
  Value* c = graph.add_constant("c", Tensor(DType::kFloat, {2}));
  output(map(
      {2}, load(0, DType::kFloat, {Dim::index(0, 2)}) * load(1, DType::kFloat, {Dim::index(0, 2)}),
      {x, c}, "y"));
  EXPECT_FALSE(run(inline_scalars));
}

}  // namespace
}  // namespace onnxc

// Scalar expressions: construction with folding, rewriting, printing, equality.
#include "compiler/ir/expr.h"

#include <gtest/gtest.h>

#include <limits>

#include "compiler/ir/equal_expressions.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

class ExprTest : public ::testing::Test {
 protected:
  const Dim n{std::make_shared<const Symbol>(Symbol{"n", 1, 64, ""})};
  const Dim i = Dim::index(0, n), j = Dim::index(1, 8);
  const E x = load(0, DType::kFloat, {i, j}), y = load(1, DType::kFloat, {j});
};

TEST_F(ExprTest, Prints) {
  EXPECT_EQ(text(max(x + y, 0)), "max(add(in0[i0, i1], in1[i1]), 0)");
  EXPECT_EQ(text(cast(DType::kInt32, x)), "int32(in0[i0, i1])");
  EXPECT_EQ(text(select(integer(i) < integer(n - 1), x, 0.5)),
            "select(lt(i0, n - 1), in0[i0, i1], 0.5)");
}

TEST_F(ExprTest, FoldsWhatIsCertain) {
  EXPECT_EQ(text(integer(i) < integer(n)), "1");
  EXPECT_EQ(text(integer(i) >= integer(n)), "0");
  EXPECT_EQ(text(select(integer(i) < integer(n), x, 0.0)), text(x));
  EXPECT_EQ(text(x * 1.0), text(x));
  EXPECT_EQ(text((integer(i) + integer(n)) * integer(Dim(2))), "2*i0 + 2*n");
  EXPECT_EQ(text(integer(i * 8 + j) / integer(Dim(8))), "i0");
  EXPECT_EQ(text(eq(integer(n), integer(Dim(0)))), "0");
  EXPECT_EQ(text((integer(i) < integer(Dim(3))) && (integer(n) > integer(Dim(0)))), "lt(i0, 3)");
}

TEST_F(ExprTest, KeepsWhatFloatsNeed) {
  EXPECT_EQ(text(x + 0.0), "add(in0[i0, i1], 0)") << "-0 + 0 is 0";
  EXPECT_EQ(text(x * 0.0), "mul(in0[i0, i1], 0)") << "NaN * 0 is NaN";
}

TEST_F(ExprTest, ConstantIntegersWrap) {
  const E most = constant_integer(DType::kInt64, std::numeric_limits<int64_t>::max());
  const E one = constant_integer(DType::kInt64, 1);
  EXPECT_EQ((most + one)->integer_value, std::numeric_limits<int64_t>::min());
  EXPECT_EQ((most * most)->integer_value, 1);
  EXPECT_EQ(text(min(most, integer(n))), "n");
  EXPECT_NO_THROW(most + integer(n)) << "stays an operation";
}

TEST_F(ExprTest, TypesMustAgree) {
  EXPECT_THROW(x + integer(i), InternalError);
  EXPECT_THROW(select(x, x, x), InternalError);
}

TEST_F(ExprTest, SubstitutesIndicesThroughOpaqueScalars) {
  const Dim row = as_index(load(1, DType::kInt64, {i}), {0, 9});
  const E gathered = load(0, DType::kFloat, {row, j});
  EXPECT_EQ(text(gathered), "in0[in1[i0], i1]");
  const E swapped = substitute_indices(
      gathered, [&](int axis) { return axis == 0 ? Dim::index(1, n) : Dim::index(0, 8); });
  EXPECT_EQ(text(swapped), "in0[in1[i1], i0]");
  const E renumbered = renumber_inputs(gathered, [](int k) { return k + 2; });
  EXPECT_EQ(text(renumbered), "in2[in3[i0], i1]");
  EXPECT_TRUE(mentions_input(gathered, 1));
  EXPECT_FALSE(mentions_input(gathered, 2));
}

TEST_F(ExprTest, SubstitutesSymbols) {
  const E e = select(integer(i) < integer(n - 1), load(0, DType::kFloat, {n - i - 1, j}), 0.0);
  EXPECT_EQ(text(substitute_symbols(e, {{"n", Dim(4)}})), "select(lt(i0, 3), in0[-i0 + 3, i1], 0)");
}

TEST_F(ExprTest, RewriteKeepsSharingAndRefolds) {
  E shared = x + y;
  for (int k = 0; k < 60; ++k) shared = shared * shared;
  int visited = 0;
  visit(shared, [&](const Expr&) { ++visited; });
  EXPECT_EQ(visited, 63);
  const E replaced = rewrite(shared, [&](const Expr& e) -> std::optional<E> {
    if (e.kind == Expr::Kind::kLoad && e.input == 1) return constant(DType::kFloat, 2);
    return std::nullopt;
  });
  visited = 0;
  visit(replaced, [&](const Expr&) { ++visited; });
  EXPECT_EQ(visited, 63);
  const E zero = rewrite(min(x, y), [&](const Expr& e) -> std::optional<E> {
    if (e.kind == Expr::Kind::kCall) return constant(DType::kFloat, 0);
    return std::nullopt;
  });
  EXPECT_EQ(text(zero), "0");
}

TEST_F(ExprTest, AsIndexKeepsWhatItKnows) {
  EXPECT_EQ(as_index(integer(i + 3), {0, 5}), i + 3);
  EXPECT_EQ(as_index(cast(DType::kInt32, integer(i)), {0, 5}), i);
  const Dim opaque = as_index(load(0, DType::kInt64, {i}), {2, 5});
  EXPECT_TRUE(opaque.has_opaque());
  EXPECT_EQ(opaque.range().min, 2);
  EXPECT_EQ(opaque.range().max, 5);
}

TEST_F(ExprTest, EqualityIsStructural) {
  const auto build = [&](double c) { return max(load(0, DType::kFloat, {i, j}) * c, 0); };
  EXPECT_TRUE(equal(build(2), build(2)));
  EXPECT_EQ(hash_of(build(2)), hash_of(build(2)));
  EXPECT_FALSE(equal(build(2), build(3)));
  EXPECT_FALSE(equal(constant(DType::kFloat, 1), constant(DType::kDouble, 1)));
  EXPECT_FALSE(equal(constant(DType::kFloat, 0.0), constant(DType::kFloat, -0.0)));
  EXPECT_FALSE(equal(x, y));
  EXPECT_TRUE(equal(E(), E()));
  EXPECT_FALSE(equal(E(), x));
  E a = x, b = load(0, DType::kFloat, {i, j});
  for (int k = 0; k < 60; ++k) a = a * a, b = b * b;
  EXPECT_TRUE(equal(a, b)) << "and fast, although they share parts";
}

}  // namespace
}  // namespace onnxc

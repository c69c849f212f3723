// Symbolic sizes and indices: canonical form, division, bounds, proofs.
#include "compiler/ir/dim.h"

#include <gtest/gtest.h>

#include <random>

#include "compiler/ir/expr.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

SymbolRef symbol(const std::string& name, int64_t min, int64_t max) {
  return std::make_shared<const Symbol>(Symbol{name, min, max, ""});
}

class DimTest : public ::testing::Test {
 protected:
  const Dim n{symbol("n", 1, 64)}, seq{symbol("seq", 1, 4096)}, past{symbol("past", 0, 4096)};
};

TEST_F(DimTest, EqualPolynomialsAreEqual) {
  EXPECT_EQ((n + 1) * (n + 1), n * n + n * 2 + 1);
  EXPECT_EQ((n * seq).text(), (seq * n).text());
  EXPECT_EQ((n - n).text(), "0");
  EXPECT_EQ((n * 2 + seq - 3).text(), "2*n + seq - 3");
  EXPECT_EQ((Dim(0) - n).text(), "-n");
  EXPECT_NE(n, seq);
}

TEST_F(DimTest, ASymbolOfOneValueIsAConstant) {
  EXPECT_TRUE(Dim(symbol("one", 7, 7)).is(7));
  EXPECT_TRUE(Dim::index(0, 1).is(0));
}

TEST_F(DimTest, DivisionTakesOutMultiples) {
  EXPECT_EQ(floor_div(n * 6, 3), n * 2);
  EXPECT_EQ(floor_div(n * 6 + 4, 3), n * 2 + 1);
  EXPECT_EQ(floor_div(n * seq, n), seq);
  EXPECT_EQ(floor_div(n * seq * 4, seq * 2), n * 2);
  EXPECT_EQ(floor_mod(n * seq, n), Dim(0));
  EXPECT_EQ(floor_div(seq, 2).text(), "floor_div(seq, 2)");
  EXPECT_EQ(floor_div(floor_div(seq, 2), 3), floor_div(seq, 6));
  EXPECT_EQ(floor_div(seq * 4, 6), floor_div(seq * 2, 3));
  EXPECT_EQ(floor_div(Dim(-7), 2).value(), -4);
  EXPECT_EQ(floor_mod(Dim(-7), 2).value(), 1);
  EXPECT_THROW(floor_div(n, 0), CompileError);
}

TEST_F(DimTest, DivisionKnowsTheRangeOfIndices) {
  const Dim i = Dim::index(0, n), j = Dim::index(1, seq), k = Dim::index(2, 16);
  EXPECT_EQ(floor_div(i * 16 + k, 16), i);
  EXPECT_EQ(floor_mod(i * 16 + k, 16), k);
  EXPECT_EQ(floor_div(i * seq + j, seq), i);
  EXPECT_EQ(floor_mod(i * seq + j, seq), j);
  EXPECT_EQ(floor_div(k, 16), Dim(0));
  EXPECT_EQ(floor_mod(k, 16), k);
  EXPECT_NE(floor_div(k + 1, 16), Dim(0));
}

TEST_F(DimTest, DivisionBySums) {
  const Dim total = past + seq;
  const Dim i = Dim::index(0, n), j = Dim::index(1, total);
  EXPECT_EQ(floor_div(i * total + j, total), i);
  EXPECT_EQ(floor_mod(i * total + j, total), j);
  EXPECT_EQ(floor_div(total * n, total), n);
}

TEST_F(DimTest, FlatIndexOfAShapeUnflattens) {
  const Shape shape{n, 3, seq, 5};
  const Shape strides = row_major_strides(shape);
  Dim flat = 0;
  for (int k = 0; k < 4; ++k) flat = flat + Dim::index(k, shape[k]) * strides[k];
  for (int k = 0; k < 4; ++k)
    EXPECT_EQ(floor_mod(floor_div(flat, strides[k]), shape[k]), Dim::index(k, shape[k])) << k;
}

TEST_F(DimTest, ProvesOrders) {
  const Dim i = Dim::index(0, seq);
  EXPECT_TRUE(proves_nonnegative(seq - 1));
  EXPECT_FALSE(proves_nonnegative(past - 1));
  EXPECT_TRUE(proves_lt(i, seq));
  EXPECT_TRUE(proves_le(i + past, seq + past - 1));
  EXPECT_TRUE(proves_lt(i * n + n - 1, seq * n));
  EXPECT_FALSE(proves_lt(i + 1, seq));
  EXPECT_TRUE(proves_ne(seq + past, 0));
  EXPECT_FALSE(proves_ne(seq, past));
  EXPECT_TRUE(proves_le(floor_div(seq, 2) * 2, seq));
  EXPECT_TRUE(proves_lt(seq, floor_div(seq, 2) * 2 + 2));
  EXPECT_TRUE(proves_le(min(seq, past), seq));
  EXPECT_TRUE(proves_le(past, max(past, seq)));
}

TEST_F(DimTest, ProvesThatStridedWindowsFit) {
  const Dim count = floor_div(seq - 3, 2) + 1;
  const Dim at = Dim::index(0, count) * 2 + Dim::index(1, 3);
  EXPECT_TRUE(proves_lt(at, seq));
  EXPECT_FALSE(proves_lt(at + 1, seq));
}

TEST_F(DimTest, ProofsNeverThrow) {
  const int64_t most = std::numeric_limits<int64_t>::max();
  const int64_t least = std::numeric_limits<int64_t>::min();
  EXPECT_TRUE(proves_le(seq, most));
  EXPECT_FALSE(proves_le(Dim(most), seq));
  EXPECT_TRUE(proves_lt(Dim(least), seq));
  EXPECT_EQ(min(seq, most), seq);
  EXPECT_EQ(max(seq, least), seq);
  const Dim anything = Dim::opaque(constant_integer(DType::kInt32, 3).ref(), "x", {least, most});
  EXPECT_FALSE(proves_nonnegative(anything * 1000 + seq));
  EXPECT_FALSE(proves_nonnegative(Dim(0) - anything * 1000));
}

TEST_F(DimTest, RangesOfEveryAtom) {
  EXPECT_EQ((n * 2 - 1).range().min, 1);
  EXPECT_EQ((n * 2 - 1).range().max, 127);
  EXPECT_EQ(floor_div(seq, 100).range().max, 40);
  EXPECT_EQ(floor_mod(seq, 7).range().max, 6);
  EXPECT_EQ(min(n, past).range().max, 64);
  EXPECT_EQ(max(n, past).range().min, 1);
  EXPECT_EQ(Dim::index(0, seq).range().max, 4095);
}

TEST_F(DimTest, EvaluatesAndNamesMissingSizes) {
  EXPECT_EQ((floor_div(seq + 3, n) * 2 + past).evaluate({{"seq", 10}, {"n", 4}, {"past", 1}}), 7);
  EXPECT_THROW(seq.evaluate({}), InternalError);
}

TEST_F(DimTest, CoefficientsOfIndices) {
  const Dim i = Dim::index(0, n), j = Dim::index(1, seq);
  const Dim at = i * seq * 3 + j * 2 + 5;
  EXPECT_EQ(*at.coefficient_of_index(0), seq * 3);
  EXPECT_EQ(*at.coefficient_of_index(1), Dim(2));
  EXPECT_EQ(*at.coefficient_of_index(2), Dim(0));
  EXPECT_FALSE((i * j).coefficient_of_index(0));
  EXPECT_FALSE(floor_div(i, 2).coefficient_of_index(0));
}

TEST_F(DimTest, Overflow) { EXPECT_THROW(n * (int64_t{1} << 61) * 4, CompileError); }

// Random expressions: a Dim beside the same expression as a plain function of the symbols.
class RandomDims {
 public:
  struct Pair {
    Dim dim;
    std::function<int64_t(const std::vector<int64_t>&)> value;
  };
  struct Variable {
    Dim dim;
    int64_t min, max;
  };

  explicit RandomDims(unsigned seed) : random_(seed) {
    variables_ = {{Dim(symbol("a", 1, 9)), 1, 9},
                  {Dim(symbol("b", 0, 5)), 0, 5},
                  {Dim(symbol("c", -3, 4)), -3, 4},
                  {Dim::index(0, 6), 0, 5},
                  {Dim::index(1, 13), 0, 12}};
  }

  Pair expression(int depth) {
    if (depth == 0 || pick(5) == 0) {
      if (pick(3) == 0) {
        const int64_t c = pick(13) - 5;
        return {Dim(c), [c](const auto&) { return c; }};
      }
      const int v = pick(static_cast<int>(variables_.size()));
      return {variables_[v].dim, [v](const auto& x) { return x[v]; }};
    }
    const Pair a = expression(depth - 1), b = expression(depth - 1);
    const auto f = a.value, g = b.value;
    const int64_t d = pick(7) + 1;
    switch (pick(7)) {
      case 0:
        return {a.dim - b.dim, [=](const auto& x) { return f(x) - g(x); }};
      case 1:
        return {a.dim * b.dim, [=](const auto& x) { return f(x) * g(x); }};
      case 2:
        return {floor_div(a.dim, d), [=](const auto& x) { return quotient(f(x), d); }};
      case 3:
        return {floor_mod(a.dim, d), [=](const auto& x) { return f(x) - d * quotient(f(x), d); }};
      case 4:
        return {min(a.dim, b.dim), [=](const auto& x) { return std::min(f(x), g(x)); }};
      case 5:
        return {max(a.dim, b.dim), [=](const auto& x) { return std::max(f(x), g(x)); }};
      default:
        return {a.dim + b.dim, [=](const auto& x) { return f(x) + g(x); }};
    }
  }

  std::vector<int64_t> point() {
    std::vector<int64_t> x;
    for (const Variable& v : variables_)
      x.push_back(v.min + pick(static_cast<int>(v.max - v.min + 1)));
    return x;
  }

  static int64_t at(const Dim& d, const std::vector<int64_t>& x) {
    return d.substitute_indices([&](int axis) { return Dim(x[3 + static_cast<size_t>(axis)]); })
        .evaluate({{"a", x[0]}, {"b", x[1]}, {"c", x[2]}});
  }

 private:
  static int64_t quotient(int64_t a, int64_t b) { return (a - ((a % b) + b) % b) / b; }
  int pick(int count) { return std::uniform_int_distribution<int>(0, count - 1)(random_); }

  std::mt19937 random_;
  std::vector<Variable> variables_;
};

TEST(RandomDim, MeansWhatItWasBuiltFrom) {
  RandomDims random(1);
  for (int n = 0; n < 3000; ++n) {
    const auto e = random.expression(4);
    for (int k = 0; k < 8; ++k) {
      const auto x = random.point();
      ASSERT_EQ(RandomDims::at(e.dim, x), e.value(x)) << e.dim.text();
    }
  }
}

TEST(RandomDim, ProofsAndRangesAreSound) {
  RandomDims random(2);
  int proven = 0;
  for (int n = 0; n < 3000; ++n) {
    const auto a = random.expression(3), b = random.expression(3);
    const bool le = proves_le(a.dim, b.dim), lt = proves_lt(a.dim, b.dim),
               ne = proves_ne(a.dim, b.dim);
    proven += le + lt;
    const Range range = a.dim.range();
    for (int k = 0; k < 30; ++k) {
      const auto x = random.point();
      const int64_t u = a.value(x), v = b.value(x);
      ASSERT_TRUE(!le || u <= v) << a.dim.text() << " <= " << b.dim.text();
      ASSERT_TRUE(!lt || u < v) << a.dim.text() << " < " << b.dim.text();
      ASSERT_TRUE(!ne || u != v) << a.dim.text() << " != " << b.dim.text();
      ASSERT_GE(u, range.min) << a.dim.text();
      ASSERT_LE(u, range.max) << a.dim.text();
    }
  }
  EXPECT_GT(proven, 300);
}

}  // namespace
}  // namespace onnxc

// The evaluator's reductions: sums, products, extremes, positions, and what follows them.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "compiler/eval/evaluate.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

using Doubles = std::vector<double>;
using Ints = std::vector<int64_t>;

Tensor floats(std::vector<int64_t> dims, const std::vector<float>& values) {
  return Tensor::of(DType::kFloat, std::move(dims), values);
}
std::vector<double> doubles(const Tensor& t) {
  std::vector<double> values;
  for (int64_t i = 0; i < t.size(); ++i) values.push_back(t.as_double(i));
  return values;
}

// Reduces the second axis of a matrix.
Map over_rows(Reduction reduction, DType type, int64_t rows, int64_t columns) {
  return {{rows},
          {columns},
          reduction,
          load(0, type, {Dim::index(0, rows), Dim::index(1, columns)}),
          E()};
}

TEST(Reductions, OfSmallMatrices) {
  const Tensor x = floats({2, 3}, {1, -2, 4, 0.5, 3, -1});
  const auto reduce = [&](Reduction r) {
    return doubles(evaluate(over_rows(r, DType::kFloat, 2, 3), {x}, {}));
  };
  EXPECT_EQ(reduce(Reduction::kSum), (Doubles{3, 2.5}));
  EXPECT_EQ(reduce(Reduction::kProduct), (Doubles{-8, -1.5}));
  EXPECT_EQ(reduce(Reduction::kMax), (Doubles{4, 3}));
  EXPECT_EQ(reduce(Reduction::kMin), (Doubles{-2, -1}));
  EXPECT_EQ(reduce(Reduction::kArgMaxFirst), (Doubles{2, 1}));
  EXPECT_EQ(reduce(Reduction::kArgMinLast), (Doubles{1, 2}));
}

TEST(Reductions, PositionsOfEqualElements) {
  const Tensor x = Tensor::of_int64({5, 7, 7, 5, 7, 5}).reshaped({1, 6});
  const auto position = [&](Reduction r) {
    const Tensor y = evaluate(over_rows(r, DType::kInt64, 1, 6), {x}, {});
    EXPECT_EQ(y.type(), DType::kInt64);
    return y.as_int64(0);
  };
  EXPECT_EQ(position(Reduction::kArgMaxFirst), 1);
  EXPECT_EQ(position(Reduction::kArgMaxLast), 4);
  EXPECT_EQ(position(Reduction::kArgMinFirst), 0);
  EXPECT_EQ(position(Reduction::kArgMinLast), 5);
}

TEST(Reductions, LongerThanARunOfLanes) {
  const int64_t rows = 3, columns = 1000;
  Tensor x(DType::kInt32, {rows, columns});
  for (int64_t i = 0; i < x.size(); ++i) x.set_int64(i, (i * 7919) % 1009);
  for (int64_t r = 0; r < rows; ++r) {
    int64_t sum = 0, best = -1, where = 0;
    for (int64_t c = 0; c < columns; ++c) {
      const int64_t v = x.as_int64(r * columns + c);
      sum += v;
      if (v > best) where = c, best = v;
    }
    EXPECT_EQ(
        evaluate(over_rows(Reduction::kSum, DType::kInt32, rows, columns), {x}, {}).as_int64(r),
        sum);
    EXPECT_EQ(evaluate(over_rows(Reduction::kArgMaxFirst, DType::kInt32, rows, columns), {x}, {})
                  .as_int64(r),
              where);
  }
}

TEST(Reductions, SumsOfFloatsAccumulateInDouble) {
  std::vector<float> values(100000, 0.1f);
  const int64_t n = static_cast<int64_t>(values.size());
  const Tensor y =
      evaluate(over_rows(Reduction::kSum, DType::kFloat, 1, n), {floats({1, n}, values)}, {});
  EXPECT_EQ(y.as_double(0), static_cast<float>(static_cast<double>(0.1f) * 100000));
}

TEST(Reductions, SumsOfNarrowIntegersWrap) {
  const Tensor x = Tensor::of(DType::kUint8, {1, 3}, Ints{200, 100, 7});
  EXPECT_EQ(evaluate(over_rows(Reduction::kSum, DType::kUint8, 1, 3), {x}, {}).as_int64(0), 51);
}

TEST(Reductions, ExtremesPropagateNaNAndKnowTheEmptyAxis) {
  const Tensor x = floats({1, 3}, {1, std::numeric_limits<float>::quiet_NaN(), 2});
  EXPECT_TRUE(
      std::isnan(evaluate(over_rows(Reduction::kMax, DType::kFloat, 1, 3), {x}, {}).as_double(0)));
  EXPECT_EQ(evaluate(over_rows(Reduction::kMax, DType::kFloat, 1, 0), {floats({1, 0}, {})}, {})
                .as_double(0),
            -std::numeric_limits<double>::infinity());
  EXPECT_EQ(
      evaluate(over_rows(Reduction::kMin, DType::kInt8, 1, 0), {Tensor(DType::kInt8, {1, 0})}, {})
          .as_int64(0),
      127);
}

TEST(Reductions, MatrixProductWithBiasAndRelu) {
  const int64_t m = 5, n = 300, k = 17;
  Tensor a(DType::kFloat, {m, k}), b(DType::kFloat, {k, n}), c(DType::kFloat, {n});
  for (Tensor* t : {&a, &b, &c}) {
    for (int64_t i = 0; i < t->size(); ++i)
      t->set(i, static_cast<double>((i * 37 + 11) % 23) / 8 - 1.25);
  }
  const Dim i = Dim::index(0, m), j = Dim::index(1, n), l = Dim::index(2, k);
  const Map map{{m, n},
                {k},
                Reduction::kSum,
                load(0, DType::kFloat, {i, l}) * load(1, DType::kFloat, {l, j}),
                max(accumulator(DType::kFloat) + load(2, DType::kFloat, {j}), 0)};
  const Tensor y = evaluate(map, {a, b, c}, {});
  for (int64_t r = 0; r < m; ++r) {
    for (int64_t q = 0; q < n; ++q) {
      double sum = 0;
      for (int64_t t = 0; t < k; ++t) sum += a.as_double(r * k + t) * b.as_double(t * n + q);
      ASSERT_FLOAT_EQ(static_cast<float>(y.as_double(r * n + q)),
                      static_cast<float>(std::max(0.0, sum + c.as_double(q))));
    }
  }
}

// Both operands transposed or not, batched or shared; sums of small integers are exact.
TEST(Reductions, ContractionsAlongAnyStrides) {
  const int64_t batch = 3, m = 9, n = 21, k = 6, l = 2;
  const auto filled = [](std::vector<int64_t> dims) {
    Tensor t(DType::kFloat, std::move(dims));
    for (int64_t i = 0; i < t.size(); ++i) t.set(i, static_cast<double>(i * 7 % 11) - 4);
    return t;
  };
  const Dim b = Dim::index(0, batch), i = Dim::index(1, m), j = Dim::index(2, n),
            q = Dim::index(3, k), r = Dim::index(4, l);
  const struct {
    std::vector<int64_t> a_dims, b_dims;
    std::vector<Dim> a, b;
  } cases[] = {
      {{batch, m, k, l}, {k, l, n}, {b, i, q, r}, {q, r, j}},
      {{batch, k, l, m}, {batch, n, k, l}, {b, q, r, i}, {b, j, q, r}},
      {{n, k, l}, {batch, m, l, k}, {j, q, r}, {b, i, r, q}},
      {{batch, m, n, k}, {k, l}, {b, i, j, q}, {q, r}},
      {{batch, m, n}, {n, k, l}, {b, i, j}, {j, q, r}},
  };
  for (const auto& c : cases) {
    const Tensor x = filled(c.a_dims), y = filled(c.b_dims);
    const E product = load(0, DType::kFloat, c.a) * load(1, DType::kFloat, c.b);
    const Shape space{batch, m, n}, reduced{k, l};
    const Tensor fast = evaluate(Map{space, reduced, Reduction::kSum, product, E()}, {x, y}, {});
    const Tensor plain =
        evaluate(Map{space, reduced, Reduction::kSum, product + 0.0, E()}, {x, y}, {});
    EXPECT_EQ(doubles(fast), doubles(plain));
  }
}

TEST(Reductions, OverLeadingAndSeveralAxes) {
  const int64_t a = 4, b = 3, c = 5;
  Tensor x(DType::kInt64, {a, b, c});
  for (int64_t i = 0; i < x.size(); ++i) x.set_int64(i, i * i % 31);
  const Map map{{b},
                {a, c},
                Reduction::kSum,
                load(0, DType::kInt64, {Dim::index(1, a), Dim::index(0, b), Dim::index(2, c)}),
                E()};
  const Tensor y = evaluate(map, {x}, {});
  for (int64_t j = 0; j < b; ++j) {
    int64_t sum = 0;
    for (int64_t i = 0; i < a; ++i) {
      for (int64_t k = 0; k < c; ++k) sum += x.as_int64((i * b + j) * c + k);
    }
    EXPECT_EQ(y.as_int64(j), sum);
  }
}

TEST(Reductions, FinishChangesTheType) {
  Map map = over_rows(Reduction::kSum, DType::kFloat, 2, 2);
  map.finish = cast(DType::kInt32, accumulator(DType::kFloat)) + constant_integer(DType::kInt32, 1);
  const Tensor y = evaluate(map, {floats({2, 2}, {1.5, 2, -4, 0.5})}, {});
  EXPECT_EQ(y.type(), DType::kInt32);
  EXPECT_EQ(y.as_int64s(), (Ints{4, -2}));
}

TEST(Reductions, OfStringsAreRefused) {
  EXPECT_THROW(evaluate(over_rows(Reduction::kMax, DType::kString, 1, 1),
                        {Tensor::of_strings({1, 1}, {"a"})}, {}),
               CompileError);
}

}  // namespace
}  // namespace onnxc

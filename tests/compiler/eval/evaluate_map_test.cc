// The evaluator on index expressions: against values worked out by hand and plain loops.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "compiler/eval/evaluate.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

Tensor floats(std::vector<int64_t> dims, const std::vector<float>& values) {
  return Tensor::of(DType::kFloat, std::move(dims), values);
}
Tensor counting(DType type, std::vector<int64_t> dims) {
  Tensor t(type, std::move(dims));
  for (int64_t i = 0; i < t.size(); ++i) t.set_int64(i, i);
  return t;
}
std::vector<double> doubles(const Tensor& t) {
  std::vector<double> values;
  for (int64_t i = 0; i < t.size(); ++i) values.push_back(t.as_double(i));
  return values;
}
using Doubles = std::vector<double>;
using Ints = std::vector<int64_t>;

Map points(Shape space, E body) { return {std::move(space), {}, Reduction::kNone, body, E()}; }
E at(int input, DType type, std::vector<Dim> index) { return load(input, type, std::move(index)); }

TEST(EvaluateMap, AddsWithBroadcast) {
  const Shape space{2, 3};
  const Dim i = Dim::index(0, 2), j = Dim::index(1, 3);
  const Map map = points(space, at(0, DType::kFloat, {i, j}) + at(1, DType::kFloat, {j}));
  const Tensor y =
      evaluate(map, {floats({2, 3}, {1, 2, 3, 4, 5, 6}), floats({3}, {10, 20, 30})}, {});
  EXPECT_EQ(y.dims(), (Ints{2, 3}));
  EXPECT_EQ(doubles(y), (Doubles{11, 22, 33, 14, 25, 36}));
}

TEST(EvaluateMap, TransposesLargerThanATile) {
  const int64_t rows = 70, columns = 45, depth = 3;
  const Tensor x = counting(DType::kInt32, {rows, columns, depth});
  const Shape space{columns, depth, rows};
  const Dim i = Dim::index(0, columns), j = Dim::index(1, depth), k = Dim::index(2, rows);
  const Tensor y = evaluate(points(space, at(0, DType::kInt32, {k, i, j})), {x}, {});
  for (int64_t c = 0, n = 0; c < columns; ++c) {
    for (int64_t d = 0; d < depth; ++d) {
      for (int64_t r = 0; r < rows; ++r, ++n)
        ASSERT_EQ(y.as_int64(n), (r * columns + c) * depth + d) << n;
    }
  }
}

TEST(EvaluateMap, CopiesEveryElementSize) {
  for (const DType type : {DType::kBool, DType::kInt16, DType::kFloat16, DType::kFloat,
                           DType::kDouble, DType::kUint64, DType::kInt4}) {
    const Tensor x = counting(type, {2, 3});
    const Dim i = Dim::index(0, 3), j = Dim::index(1, 2);
    const Tensor y = evaluate(points({3, 2}, at(0, type, {j, i})), {x}, {});
    EXPECT_EQ(y.type(), type);
    for (int64_t r = 0; r < 3; ++r) {
      for (int64_t c = 0; c < 2; ++c)
        EXPECT_EQ(y.as_int64(r * 2 + c), x.as_int64(c * 3 + r)) << name(type);
    }
  }
}

TEST(EvaluateMap, CopiesStringsByIndexAndSelect) {
  const Tensor x = Tensor::of_strings({3}, {"a", "b", "c"});
  const Tensor y = Tensor::of_strings({1}, {"z"});
  const Dim i = Dim::index(0, 4);
  const E body = select(integer(i) < constant_integer(DType::kInt64, 3),
                        at(0, DType::kString, {Dim(2) - i}), at(1, DType::kString, {Dim(0)}));
  EXPECT_EQ(evaluate(points({4}, body), {x, y}, {}).strings(),
            (std::vector<std::string>{"c", "b", "a", "z"}));
}

TEST(EvaluateMap, ComparesStrings) {
  const Tensor x = Tensor::of_strings({3}, {"a", "", "c"});
  const Tensor y = Tensor::of_strings({3}, {"a", "b", "C"});
  const Dim i = Dim::index(0, 3);
  const E body = eq(at(0, DType::kString, {i}), at(1, DType::kString, {i}));
  EXPECT_EQ(evaluate(points({3}, body), {x, y}, {}).as_int64s(), (Ints{1, 0, 0}));
  EXPECT_THROW(
      evaluate(points({3}, at(0, DType::kString, {i}) + at(1, DType::kString, {i})), {x, y}, {}),
      CompileError);
}

TEST(EvaluateMap, LoadsOnlyWhereSelected) {
  const Dim i = Dim::index(0, 300), j = Dim::index(1, 5);
  const Dim source = i - 2, across = j - 1;
  const E inside = integer(source) >= integer(0) && integer(source) < integer(Dim(100)) &&
                   integer(across) >= integer(0) && integer(across) < integer(Dim(3));
  const E body =
      select(inside, at(0, DType::kInt32, {source, across}), constant_integer(DType::kInt32, -7));
  const Tensor x = counting(DType::kInt32, {100, 3});
  const Tensor y = evaluate(points({300, 5}, body), {x}, {});
  for (int64_t r = 0; r < 300; ++r) {
    for (int64_t c = 0; c < 5; ++c) {
      const bool in = r >= 2 && r < 102 && c >= 1 && c < 4;
      ASSERT_EQ(y.as_int64(r * 5 + c), in ? (r - 2) * 3 + c - 1 : -7) << r << " " << c;
    }
  }
}

TEST(EvaluateMap, NestedSelectsShareLoads) {
  const Dim i = Dim::index(0, 6);
  const E in_x = integer(i) < integer(Dim(2)), in_y = integer(i) < integer(Dim(4));
  const E from_x = at(0, DType::kFloat, {i}), from_y = at(1, DType::kFloat, {i - 2});
  const E body = select(in_x, from_x, select(in_y, from_y * 2.0, 0.5)) + 1.0;
  const Tensor y = evaluate(points({6}, body), {floats({2}, {1, 2}), floats({2}, {3, 4})}, {});
  EXPECT_EQ(doubles(y), (Doubles{2, 3, 7, 9, 1.5, 1.5}));
}

TEST(EvaluateMap, RefusesALoadOutsideItsInput) {
  const Dim i = Dim::index(0, 4);
  EXPECT_THROW(
      evaluate(points({4}, at(0, DType::kFloat, {i + 1})), {floats({4}, {1, 2, 3, 4})}, {}),
      CompileError);
  EXPECT_THROW(
      evaluate(points({4}, at(0, DType::kFloat, {i - 1})), {floats({4}, {1, 2, 3, 4})}, {}),
      CompileError);
  const E never = select(integer(i) < integer(Dim(3)), at(0, DType::kFloat, {i + 1}), 0.0);
  EXPECT_EQ(doubles(evaluate(points({4}, never), {floats({4}, {1, 2, 3, 4})}, {})),
            (Doubles{2, 3, 4, 0}));
}

TEST(EvaluateMap, GathersRowsAndChecksThem) {
  const Dim i = Dim::index(0, 3), j = Dim::index(1, 2);
  const Dim row = as_index(at(1, DType::kInt64, {i}), {0, 3});
  const Map map = points({3, 2}, at(0, DType::kFloat, {row, j}));
  const Tensor table = floats({4, 2}, {0, 1, 10, 11, 20, 21, 30, 31});
  EXPECT_EQ(doubles(evaluate(map, {table, Tensor::of_int64({3, 0, 2})}, {})),
            (Doubles{30, 31, 0, 1, 20, 21}));
  EXPECT_THROW(evaluate(map, {table, Tensor::of_int64({3, 4, 2})}, {}), CompileError);
  EXPECT_THROW(evaluate(map, {table, Tensor::of_int64({3, -1, 2})}, {}), CompileError);
}

TEST(EvaluateMap, DividesIndices) {
  const Dim i = Dim::index(0, 600);
  const Dim down = floor_div(i - 5, 7), rest = floor_mod(i * 3 - 4, 11);
  const E body = integer(down) * constant_integer(DType::kInt64, 100) + integer(rest);
  const Tensor y = evaluate(points({600}, body), {}, {});
  const auto floor_div_of = [](int64_t a, int64_t b) { return (a - ((a % b) + b) % b) / b; };
  for (int64_t n = 0; n < 600; ++n) {
    const int64_t a = n * 3 - 4;
    ASSERT_EQ(y.as_int64(n), floor_div_of(n - 5, 7) * 100 + a - 11 * floor_div_of(a, 11)) << n;
  }
}

TEST(EvaluateMap, BindsSymbols) {
  const auto batch = std::make_shared<const Symbol>(Symbol{"batch", 1, 100, ""});
  const Dim n(batch), i = Dim::index(0, n);
  const E last_first = at(0, DType::kInt64, {n - i - 1}) + integer(n);
  const Map map = points({n}, last_first);
  EXPECT_EQ(evaluate(map, {Tensor::of_int64({1, 2, 3})}, {{"batch", 3}}).as_int64s(),
            (Ints{6, 5, 4}));
  EXPECT_THROW(evaluate(map, {Tensor::of_int64({1, 2, 3})}, {}), CompileError);
}

TEST(EvaluateMap, WorksOnScalarsAndOnNothing) {
  EXPECT_EQ(doubles(evaluate(points({}, at(0, DType::kFloat, {}) * 2.0), {floats({}, {3})}, {})),
            (Doubles{6}));
  const Dim i = Dim::index(0, 0);
  const Tensor none = evaluate(points({0, 3}, at(0, DType::kFloat, {i, Dim::index(1, 3)}) + 1.0),
                               {floats({0, 3}, {})}, {});
  EXPECT_EQ(none.dims(), (Ints{0, 3}));
  const Map sum{{2}, {0}, Reduction::kSum, at(0, DType::kFloat, {Dim::index(0, 2), i}), E()};
  EXPECT_EQ(doubles(evaluate(sum, {floats({2, 0}, {})}, {})), (Doubles{0, 0}));
}

TEST(EvaluateMap, RefusesAHugeResult) {
  EXPECT_THROW(evaluate(points({1 << 20, 1 << 20}, constant(DType::kFloat, 0)), {}, {}),
               CompileError);
}

TEST(EvaluateMap, IntegersWrapAndNeverTrap) {
  const auto one = [](E x, const std::vector<Tensor>& inputs) {
    return evaluate(points({}, x), inputs, {}).as_int64(0);
  };
  const auto x = [](DType type) { return at(0, type, {}); };
  const auto y = [](DType type) { return at(1, type, {}); };
  const auto scalar = [](DType type, int64_t v) {
    Tensor t(type, {});
    t.set_int64(0, v);
    return t;
  };
  const int64_t least = std::numeric_limits<int64_t>::min();
  EXPECT_EQ(
      one(x(DType::kInt8) + y(DType::kInt8), {scalar(DType::kInt8, 127), scalar(DType::kInt8, 1)}),
      -128);
  EXPECT_EQ(one(x(DType::kUint8) - y(DType::kUint8),
                {scalar(DType::kUint8, 1), scalar(DType::kUint8, 2)}),
            255);
  EXPECT_EQ(one(x(DType::kInt64) / y(DType::kInt64),
                {scalar(DType::kInt64, least), scalar(DType::kInt64, -1)}),
            least);
  EXPECT_EQ(one(x(DType::kInt32) / y(DType::kInt32),
                {scalar(DType::kInt32, -7), scalar(DType::kInt32, 2)}),
            -3);
  EXPECT_EQ(one(x(DType::kInt32) / y(DType::kInt32),
                {scalar(DType::kInt32, 5), scalar(DType::kInt32, 0)}),
            0);
  EXPECT_EQ(one(call(ScalarOp::kMod, {x(DType::kInt32), y(DType::kInt32)}),
                {scalar(DType::kInt32, -7), scalar(DType::kInt32, 3)}),
            2);
  EXPECT_EQ(one(call(ScalarOp::kFmod, {x(DType::kInt32), y(DType::kInt32)}),
                {scalar(DType::kInt32, -7), scalar(DType::kInt32, 3)}),
            -1);
  EXPECT_EQ(one(call(ScalarOp::kShiftRight, {x(DType::kUint64), y(DType::kUint64)}),
                {scalar(DType::kUint64, -1), scalar(DType::kUint64, 63)}),
            1);
  EXPECT_EQ(one(call(ScalarOp::kShiftLeft, {x(DType::kUint8), y(DType::kUint8)}),
                {scalar(DType::kUint8, 3), scalar(DType::kUint8, 7)}),
            128);
  EXPECT_EQ(one(max(x(DType::kUint64), y(DType::kUint64)),
                {scalar(DType::kUint64, -1), scalar(DType::kUint64, 5)}),
            -1);
  EXPECT_EQ(one(pow(x(DType::kInt32), y(DType::kInt32)),
                {scalar(DType::kInt32, -3), scalar(DType::kInt32, 3)}),
            -27);
}

TEST(EvaluateMap, ComparesAndPropagatesNaN) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor a = floats({4}, {1, nan, 2, -0.0f}), b = floats({4}, {nan, 1, 3, 0.0f});
  const Dim i = Dim::index(0, 4);
  const E x = at(0, DType::kFloat, {i}), y = at(1, DType::kFloat, {i});
  const auto least = doubles(evaluate(points({4}, min(x, y)), {a, b}, {}));
  EXPECT_TRUE(std::isnan(least[0]));
  EXPECT_TRUE(std::isnan(least[1]));
  EXPECT_EQ(least[2], 2);
  const Tensor less = evaluate(points({4}, x < y), {a, b}, {});
  EXPECT_EQ(less.type(), DType::kBool);
  EXPECT_EQ(doubles(less), (Doubles{0, 0, 1, 0}));
  EXPECT_EQ(doubles(evaluate(points({4}, eq(x, y)), {a, b}, {})), (Doubles{0, 0, 0, 1}));
}

TEST(EvaluateMap, FloatIsFloat32AtEveryStep) {
  const Tensor x = floats({1}, {16777216.0f});
  const Dim zero = 0;
  const E sum = at(0, DType::kFloat, {zero}) + 1.0 + 1.0;
  EXPECT_EQ(doubles(evaluate(points({1}, sum), {x}, {})), (Doubles{16777216.0}));
}

TEST(EvaluateMap, NarrowFloatsRoundOnceWhenStored) {
  const Tensor x = Tensor::of(DType::kFloat16, {2}, std::vector<double>{2048, 0.1});
  const Dim i = Dim::index(0, 2);
  const E wide = cast(DType::kFloat, at(0, DType::kFloat16, {i}));
  const Tensor y = evaluate(points({2}, cast(DType::kFloat16, wide + 1.0 + 1.0)), {x}, {});
  EXPECT_EQ(y.type(), DType::kFloat16);
  EXPECT_EQ(y.as_double(0), 2050);
  EXPECT_NEAR(y.as_double(1), 2.1, 1e-3);
}

TEST(EvaluateMap, EveryNarrowFloatSurvivesARoundTrip) {
  for (const DType type :
       {DType::kFloat16, DType::kBfloat16, DType::kFloat8E4M3FN, DType::kFloat8E4M3FNUZ,
        DType::kFloat8E5M2, DType::kFloat8E5M2FNUZ, DType::kFloat4E2M1, DType::kFloat8E8M0}) {
    const int64_t count = type == DType::kFloat4E2M1 ? 16 : byte_size(type) == 2 ? 65536 : 256;
    Tensor x(type, {count});
    for (int64_t n = 0; n < count; ++n) {
      if (byte_size(type) == 2) x.mutable_data<uint16_t>()[n] = static_cast<uint16_t>(n);
      if (byte_size(type) == 1) x.mutable_data<uint8_t>()[n] = static_cast<uint8_t>(n);
    }
    const Dim i = Dim::index(0, count);
    const E wide = cast(DType::kFloat, at(0, type, {i}));
    const Tensor y = evaluate(points({count}, cast(type, wide * 1.0 + 0.0)), {x}, {});
    const Tensor z = evaluate(points({count}, wide + 0.0), {x}, {});
    for (int64_t n = 0; n < count; ++n) {
      if (std::isnan(x.as_double(n))) {
        EXPECT_TRUE(std::isnan(y.as_double(n))) << name(type) << " " << n;
        continue;
      }
      const bool saturates = std::isinf(x.as_double(n)) && byte_size(type) == 1;
      EXPECT_TRUE(saturates || y.as_double(n) == x.as_double(n)) << name(type) << " " << n;
      EXPECT_EQ(z.as_double(n), x.as_double(n)) << name(type) << " " << n;
    }
  }
}

TEST(EvaluateMap, RoundsToFloat16AsTheSlowWayDoes) {
  Tensor x(DType::kFloat, {20000});
  uint32_t bits = 0x12345;
  for (int64_t n = 0; n < x.size(); ++n, bits = bits * 1664525 + 1013904223) {
    const float scale = std::ldexp(1.0f, static_cast<int>(bits >> 27) - 20);
    x.mutable_data<float>()[n] = scale * (static_cast<float>(bits & 0xffff) / 32768 - 1);
  }
  const Dim i = Dim::index(0, x.size());
  for (const DType type : {DType::kFloat16, DType::kBfloat16}) {
    const Tensor y = evaluate(points({x.size()}, cast(type, at(0, DType::kFloat, {i}))), {x}, {});
    for (int64_t n = 0; n < x.size(); ++n)
      ASSERT_EQ(y.data<uint16_t>()[n], encode_narrow(type, x.data<float>()[n])) << x.as_double(n);
  }
}

TEST(EvaluateMap, CastsAsTheEmittedCodeDoes) {
  const auto to = [](DType type, float v) {
    return evaluate(points({}, cast(type, at(0, DType::kFloat, {}))), {floats({}, {v})}, {})
        .as_int64(0);
  };
  EXPECT_EQ(to(DType::kInt32, 2.9f), 2);
  EXPECT_EQ(to(DType::kInt32, -2.9f), -2);
  EXPECT_EQ(to(DType::kUint8, -1.0f), 255);
  EXPECT_EQ(to(DType::kInt8, 130.0f), -126);
  EXPECT_EQ(to(DType::kInt32, 1e20f), std::numeric_limits<int32_t>::min());
  EXPECT_EQ(to(DType::kBool, 0.25f), 1);
  EXPECT_EQ(to(DType::kUint4, 17.0f), 1);
  EXPECT_EQ(to(DType::kInt4, 15.0f), -1);
}

TEST(EvaluateMap, ElementaryFunctionsAreRoundedFromDouble) {
  const Tensor x = floats({3}, {-0.75f, 0.1f, 2.5f});
  const E load_x = at(0, DType::kFloat, {Dim::index(0, 3)});
  const struct {
    E body;
    double (*expected)(double);
  } cases[] = {
      {exp(load_x), [](double v) { return std::exp(v); }},
      {tanh(load_x), [](double v) { return std::tanh(v); }},
      {erf(load_x), [](double v) { return std::erf(v); }},
      {sigmoid(load_x), [](double v) { return 1 / (1 + std::exp(-v)); }},
      {floor(load_x), [](double v) { return std::floor(v); }},
      {abs(load_x), [](double v) { return std::abs(v); }},
      {call(ScalarOp::kRoundEven, {load_x}), [](double v) { return std::nearbyint(v); }},
      {call(ScalarOp::kAtan, {load_x}), [](double v) { return std::atan(v); }},
      {pow(abs(load_x), load_x), [](double v) { return std::pow(std::abs(v), v); }},
  };
  for (const auto& c : cases) {
    const Tensor y = evaluate(points({3}, c.body), {x}, {});
    for (int64_t n = 0; n < 3; ++n)
      EXPECT_EQ(y.as_double(n), static_cast<float>(c.expected(x.as_double(n)))) << text(c.body);
  }
}

TEST(EvaluateMap, TransposesElementsThatLieUnaligned) {
  const auto file = std::make_shared<std::vector<std::byte>>(17);
  const float values[] = {1, 2, 3, 4};
  std::memcpy(file->data() + 1, values, sizeof values);
  const Tensor x(DType::kFloat, {2, 2}, std::span<const std::byte>(*file).subspan(1), file);
  const Dim i = Dim::index(0, 2), j = Dim::index(1, 2);
  EXPECT_EQ(doubles(evaluate(points({2, 2}, at(0, DType::kFloat, {j, i})), {x}, {})),
            (Doubles{1, 3, 2, 4}));
}

TEST(EvaluateMap, NamesAnUnknownOperation) {
  const E x = at(0, DType::kInt32, {});
  try {
    evaluate(points({}, exp(x)), {Tensor(DType::kInt32, {})}, {});
    FAIL();
  } catch (const CompileError& e) {
    EXPECT_STREQ(e.what(), "exp of int32 cannot be evaluated");
  }
}

}  // namespace
}  // namespace onnxc

// Tests of matmul_packed and matmul for the lane count of the including file.
#pragma once

#include "templates/cpu/matmul.h"
#include "templates/cpu/matmul_packed.h"
#include "tests/templates/cpu/conv2d_reference.h"
#include "tests/templates/cpu/parts_in_turn.h"

namespace onnxc {
namespace {

struct MatmulCase {
  size_t outer, inner, m, n, k;

  std::string name() const {
    std::string text;
    for (size_t size : {outer, inner, m, n, k}) text += std::to_string(size) + " ";
    return text;
  }
};

std::vector<float> apart(const std::vector<float>& values, size_t height, size_t width,
                         size_t row) {
  std::vector<float> spread(height * row, NAN);
  for (size_t i = 0; i < values.size(); ++i) spread[i / width * row + i % width] = values[i];
  return spread;
}

void check_packed(const MatmulCase& c, size_t parts) {
  const std::vector<float> a = random_values(c.m * c.k, 1), b = random_values(c.k * c.n, 2);
  const std::vector<float> bias = random_values(c.n, 3), residual = random_values(c.m * c.n, 4);
  const size_t a_row = c.k + 3, c_row = c.n + 5;
  const std::vector<float> wide = apart(a, c.m, c.k, a_row);
  std::vector<float> packed((c.n + 15) / 16 * 16 * c.k);
  for (size_t k = 0; k < c.k; ++k) {
    for (size_t n = 0; n < c.n; ++n) {
      packed[(n / 16 * c.k + k) * 16 + n % 16] = b[k * c.n + n];
    }
  }
  std::vector<float> out(c.m * c_row, 7.0f);
  std::vector<int> calls(c.m * c.n);
  auto epilogue = [&](auto acc, auto at) ONNXC_LAMBDA {
    constexpr int kWidth = decltype(at)::lanes;
    for (int lane = 0; lane < kWidth; ++lane) ++calls[at.row * c.n + at.column + lane];
    return acc + load<kWidth>(bias.data() + at.column) +
           load<kWidth>(residual.data() + at.row * c.n + at.column);
  };
  matmul_packed<kTestLanes>(wide.data(), a_row, packed.data(), out.data(), c_row, c.m, c.n, c.k,
                            epilogue, PartsInTurn{parts});
  for (size_t m = 0; m < c.m; ++m) {
    for (size_t n = 0; n < c_row; ++n) {
      if (n >= c.n) {
        ASSERT_EQ(out[m * c_row + n], 7.0f) << c.name();
        continue;
      }
      double sum = double(bias[n]) + residual[m * c.n + n];
      for (size_t k = 0; k < c.k; ++k) sum += double(a[m * c.k + k]) * b[k * c.n + n];
      ASSERT_NEAR(out[m * c_row + n], sum, 1e-6 * double(c.k + 10)) << c.name() << m << " " << n;
      ASSERT_EQ(calls[m * c.n + n], 1) << c.name() << m << " " << n;
    }
  }
}

TEST(ONNXC_TEST_NAME(MatmulPacked), MatchesTheDefinition) {
  ONNXC_REQUIRE_TARGET();
  const MatmulCase cases[] = {
      {1, 1, 1, 1, 1},      {1, 1, 1, 10, 64},   {1, 1, 1, 48, 7},     {1, 1, 1, 1000, 33},
      {1, 1, 2, 17, 5},     {1, 1, 3, 64, 20},   {1, 1, 5, 33, 129},   {1, 1, 8, 48, 64},
      {1, 1, 17, 100, 300}, {1, 1, 70, 31, 513}, {1, 1, 128, 96, 100}, {1, 1, 197, 64, 65},
      {1, 1, 9, 520, 520},  {1, 1, 6, 16, 1},    {1, 1, 4, 80, 0},     {1, 1, 1, 20, 0},
  };
  for (const MatmulCase& c : cases) check_packed(c, 1);
}

TEST(ONNXC_TEST_NAME(MatmulPacked), SplitsIntoUnitsOfWork) {
  ONNXC_REQUIRE_TARGET();
  check_packed({1, 1, 1, 250, 40}, 4);
  check_packed({1, 1, 150, 50, 40}, 3);
  check_packed({1, 1, 10, 530, 520}, 3);
}

TEST(ONNXC_TEST_NAME(MatmulPacked), TakesFixedSizes) {
  ONNXC_REQUIRE_TARGET();
  const std::vector<float> a = random_values(3 * 20, 1), b = random_values(20 * 16, 2);
  std::vector<float> fixed_out(3 * 16), free_out(3 * 16);
  auto keep = [](auto acc, auto) ONNXC_LAMBDA { return acc; };
  matmul_packed<kTestLanes>(a.data(), 20, b.data(), fixed_out.data(), 16, fixed<3>, fixed<16>,
                            fixed<20>, keep, OneThread{});
  matmul_packed<kTestLanes>(a.data(), 20, b.data(), free_out.data(), 16, size_t(3), size_t(16),
                            size_t(20), keep, OneThread{});
  EXPECT_EQ(fixed_out, free_out);
}

// `rows_adjacent` and `columns_adjacent` choose which neighbours of an operand touch in memory.
struct Layout {
  bool rows_adjacent, columns_adjacent;

  MatrixStrides strides(size_t inner, size_t rows, size_t columns) const {
    const ptrdiff_t space = columns_adjacent || rows_adjacent ? 1 : 2;
    const ptrdiff_t row = rows_adjacent ? 1 : ptrdiff_t(columns) * space + 3;
    const ptrdiff_t column = rows_adjacent ? ptrdiff_t(rows) + 1 : space;
    const ptrdiff_t size = row * ptrdiff_t(rows) + column * ptrdiff_t(columns);
    return {size * ptrdiff_t(inner), size, row, column};
  }
};

std::vector<float> spread(const std::vector<float>& dense, const MatrixStrides& strides,
                          size_t outer, size_t inner, size_t rows, size_t columns) {
  std::vector<float> out(outer * strides.outer, NAN);
  size_t at = 0;
  for (size_t o = 0; o < outer; ++o) {
    for (size_t i = 0; i < inner; ++i) {
      for (size_t r = 0; r < rows; ++r) {
        for (size_t c = 0; c < columns; ++c) {
          out[strides.batch(o, i) + ptrdiff_t(r) * strides.row + ptrdiff_t(c) * strides.column] =
              dense[at++];
        }
      }
    }
  }
  return out;
}

void check_matmul(const MatmulCase& c, Layout a_layout, Layout b_layout, size_t parts) {
  const size_t batch = c.outer * c.inner;
  const std::vector<float> a = random_values(batch * c.m * c.k, 1);
  const std::vector<float> b = random_values(batch * c.k * c.n, 2);
  const MatrixStrides a_strides = a_layout.strides(c.inner, c.m, c.k);
  const MatrixStrides b_strides = b_layout.strides(c.inner, c.k, c.n);
  const MatrixStrides c_strides = Layout{false, true}.strides(c.inner, c.m, c.n);
  const std::vector<float> left = spread(a, a_strides, c.outer, c.inner, c.m, c.k);
  const std::vector<float> right = spread(b, b_strides, c.outer, c.inner, c.k, c.n);
  std::vector<float> out(c.outer * c_strides.outer, 7.0f);
  const size_t scratch_bytes = matmul_scratch<kTestLanes>(c.k) * sizeof(float);
  std::vector<unsigned char> scratch(scratch_bytes * parts);
  const ThreadScratch thread_scratch{scratch.data(), scratch.data() + scratch_bytes,
                                     int64_t(scratch_bytes)};
  const MatmulShape shape{c.outer, c.inner, c.m, c.n, c.k};
  auto epilogue = [&](auto acc, auto at)
                      ONNXC_LAMBDA { return acc * 2.0f + float(at.batch * 100 + at.row); };
  matmul<kTestLanes>(left.data(), a_strides, right.data(), b_strides, out.data(), c_strides, shape,
                     thread_scratch, epilogue, PartsInTurn{parts});
  size_t touched = 0;
  for (size_t i = 0; i < batch; ++i) {
    for (size_t m = 0; m < c.m; ++m) {
      for (size_t n = 0; n < c.n; ++n) {
        double sum = 0;
        for (size_t k = 0; k < c.k; ++k) {
          sum += double(a[(i * c.m + m) * c.k + k]) * b[(i * c.k + k) * c.n + n];
        }
        const float value = out[c_strides.batch(i / c.inner, i % c.inner) +
                                ptrdiff_t(m) * c_strides.row + ptrdiff_t(n)];
        ASSERT_NEAR(value, 2 * sum + double(i * 100 + m), 2e-6 * double(c.k + 10) + i * 1e-4)
            << c.name() << i << " " << m << " " << n;
      }
    }
  }
  for (float value : out) touched += value != 7.0f;
  EXPECT_LE(touched, batch * c.m * c.n) << c.name();
}

TEST(ONNXC_TEST_NAME(Matmul), MatchesTheDefinitionForAllStrides) {
  ONNXC_REQUIRE_TARGET();
  const MatmulCase cases[] = {
      {1, 1, 1, 1, 1},    {2, 3, 7, 50, 16},   {1, 2, 1, 100, 65}, {1, 1, 3, 33, 64},
      {1, 2, 49, 49, 32}, {1, 1, 70, 20, 300}, {1, 1, 2, 5, 3},    {2, 1, 5, 15, 1},
  };
  for (const MatmulCase& c : cases) {
    for (const Layout a : {Layout{false, true}, Layout{true, false}, Layout{false, false}}) {
      for (const Layout b : {Layout{false, true}, Layout{true, false}, Layout{false, false}}) {
        check_matmul(c, a, b, 1);
      }
    }
  }
}

TEST(ONNXC_TEST_NAME(Matmul), SplitsIntoUnitsOfWork) {
  ONNXC_REQUIRE_TARGET();
  check_matmul({2, 2, 9, 130, 20}, {false, true}, {true, false}, 3);
  check_matmul({2, 2, 9, 130, 20}, {false, true}, {false, true}, 5);
}

}  // namespace
}  // namespace onnxc

// The kernels on AMX tiles, where the machine and the system have them.
#include <gtest/gtest.h>
#if defined(__x86_64__)
#include <cmath>
#include <string>
#include <vector>

#if defined(__clang__)
#pragma clang attribute push(                                                                 \
    __attribute__((                                                                           \
        target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,amx-tile,amx-bf16,avx2,fma"))), \
    apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,amx-tile,amx-bf16,avx2,fma")
#endif

#include "templates/cpu/conv2d_amx.h"
#include "templates/cpu/matmul_amx.h"
#include "tests/templates/cpu/conv2d_check.h"
#include "tests/templates/cpu/parts_in_turn.h"

namespace onnxc {
namespace {

bool has_amx() { return amx_request(); }
#define ONNXC_REQUIRE_AMX() \
  if (!has_amx()) GTEST_SKIP() << "this machine has no AMX"

// Part `part` of x, as split_rows defines it.
BFloat16 part_of(float x, int part) {
  for (; part > 0; --part) x -= to_float(from_float<BFloat16>(x));
  return from_float<BFloat16>(x);
}

// Largest error of a sum of `terms` products of numbers up to 1.
double tolerance(int parts, size_t terms) {
  return (parts == 2 ? 2e-5 : 2e-6) * std::sqrt(double(terms)) + 1e-6;
}

TEST(SplitRows, PartsAddUpToTheNumber) {
  ONNXC_REQUIRE_AMX();
  const size_t m = 21, k = 75;
  const std::vector<float> x = random_values(m * k, 1);
  std::vector<BFloat16> parts(3 * part_rows(m) * 3 * 32);
  split_rows<3>(x.data(), 0, k, parts.data(), m, k, PartsInTurn{2});
  for (size_t r = 0; r < m; ++r) {
    for (size_t c = 0; c < 96; ++c) {
      const BFloat16* at = &parts[(c / 32 * part_rows(m) + r) * 96 + c % 32];
      const float sum = to_float(at[0]) + to_float(at[32]) + to_float(at[64]);
      ASSERT_EQ(sum, c < k ? x[r * k + c] : 0.0f) << r << " " << c;
    }
  }
}

TEST(SplitRows, KeepsInfinitiesAndNan) {
  ONNXC_REQUIRE_AMX();
  const float x[32] = {INFINITY, -INFINITY, NAN, 1e-30f, 3e38f};
  BFloat16 parts[16 * 2 * 32];
  split_rows<2>(x, 0, 32, parts, 1, 32, PartsInTurn{1});
  EXPECT_EQ(to_float(parts[0]), INFINITY);
  EXPECT_EQ(to_float(parts[1]), -INFINITY);
  EXPECT_NEAR(to_float(parts[3]) + to_float(parts[35]), 1e-30f, 1e-34f);
  EXPECT_NEAR(to_float(parts[4]) + to_float(parts[36]), 3e38f, 1e34f);
  EXPECT_EQ(to_float(parts[32]), 0);
  EXPECT_EQ(to_float(parts[33]), 0);
  EXPECT_TRUE(std::isnan(to_float(parts[2])));
}

template <int Parts>
void check_matmul(size_t m, size_t n, size_t k, size_t shares) {
  const std::vector<float> a = random_values(m * k, 1), b = random_values(k * n, 2);
  const std::vector<float> bias = random_values(n + 16, 3);
  const size_t steps = ceil_div(k, 32), panels = ceil_div(n, 32), c_row = n + 5;
  std::vector<BFloat16> left(steps * part_rows(m) * Parts * 32);
  split_rows<Parts>(a.data(), 0, k, left.data(), m, k, PartsInTurn{shares});
  std::vector<BFloat16> packed(panels * steps * kAmxStep<Parts>);
  for (size_t r = 0; r < k; ++r) {
    for (size_t c = 0; c < n; ++c) {
      for (int part = 0; part < Parts; ++part) {
        packed[((((c / 32 * steps + r / 32) * Parts + part) * 2 + c % 32 / 16) * 16 + r % 32 / 2) *
                   32 +
               c % 16 * 2 + r % 2] = part_of(b[r * n + c], part);
      }
    }
  }
  std::vector<float> out(m * c_row, 7.0f), partial(matmul_amx_partial(m, n, k));
  auto epilogue = [&](auto acc, auto at) ONNXC_LAMBDA {
    return acc + load<decltype(at)::lanes>(bias.data() + at.column);
  };
  matmul_amx<16, Parts>(left.data(), packed.data(), out.data(), c_row, m, n, k, partial.data(),
                        epilogue, PartsInTurn{shares});
  for (size_t r = 0; r < m; ++r) {
    for (size_t c = 0; c < c_row; ++c) {
      if (c >= n) {
        ASSERT_EQ(out[r * c_row + c], 7.0f);
        continue;
      }
      double sum = bias[c];
      for (size_t i = 0; i < k; ++i) sum += double(a[r * k + i]) * b[i * n + c];
      ASSERT_NEAR(out[r * c_row + c], sum, tolerance(Parts, k))
          << m << "x" << n << "x" << k << " at " << r << "," << c;
    }
  }
}

TEST(MatmulAmx, MatchesTheDefinition) {
  ONNXC_REQUIRE_AMX();
  const size_t cases[][3] = {{1, 1, 1},     {16, 16, 32},   {17, 40, 33},
                             {49, 100, 96}, {5, 64, 70},    {33, 17, 64},
                             {100, 31, 40}, {64, 96, 1700}, {700, 48, 800}};
  for (const auto& [m, n, k] : cases) {
    check_matmul<2>(m, n, k, 1);
    check_matmul<3>(m, n, k, 1);
    check_matmul<2>(m, n, k, 3);
  }
}

template <int Parts>
void check_conv(const ConvCase& c, size_t shares, size_t block_offset) {
  const std::vector<float> in = random_values(c.batch * c.in_channels * c.height * c.width, 1);
  const std::vector<float> weights =
      random_values(c.out_channels * c.in_channels * c.kernel_y * c.kernel_x, 2);
  const std::vector<float> blocked = to_blocked(in, c.batch, c.in_channels, c.height * c.width);
  const HaloImage image{c.height, c.width, c.pad_top, c.pad_bottom,
                        std::max(c.pad_left, c.pad_right)};
  const size_t planes = ceil_div(c.in_channels, 32), panels = ceil_div(c.out_channels, 32);
  const size_t taps = c.kernel_y * c.kernel_x;
  std::vector<BFloat16> parts(c.batch * planes * image.pixels() * Parts * 32, BFloat16{0x7fc0});
  const BlockedImage in_image(c.in_channels, c.height, c.width);
  split_image<Parts>(blocked.data(), c.batch, in_image, Extent{size_t(1), size_t(1)}, image,
                     parts.data(), PartsInTurn{shares});
  std::vector<BFloat16> packed(panels * taps * planes * kAmxStep<Parts>);
  for (size_t o = 0; o < c.out_channels; ++o) {
    for (size_t i = 0; i < c.in_channels; ++i) {
      for (size_t t = 0; t < taps; ++t) {
        for (int part = 0; part < Parts; ++part) {
          const size_t step = (o / 32 * taps + t) * planes + i / 32;
          packed[(((step * Parts + part) * 2 + o % 32 / 16) * 16 + i % 32 / 2) * 32 + o % 16 * 2 +
                 i % 2] = part_of(weights[(o * c.in_channels + i) * taps + t], part);
        }
      }
    }
  }
  ConvOutput output(c, block_offset);
  const BlockedImage out_image(c.out_channels, c.out_height(), c.out_width(),
                               output.batch_stride());
  const Window window{Extent{c.kernel_y, c.kernel_x}, Extent{c.stride_y, c.stride_x},
                      Extent{c.dilation_y, c.dilation_x}, Extent{c.pad_top, c.pad_left}};
  conv2d_amx<16, Parts>(parts.data(), packed.data(), output.data(), c.batch, in_image, image,
                        out_image, window, output.epilogue(), PartsInTurn{shares});
  output.check(convolve(c, in, weights), 1e6 * tolerance(Parts, c.in_channels * taps));
}

TEST(Conv2dAmx, MatchesTheDefinition) {
  ONNXC_REQUIRE_AMX();
  const ConvCase cases[] = {
      {1, 16, 1, 1, 16, 1, 1},
      {1, 32, 7, 7, 48, 1, 1},
      {2, 48, 5, 9, 35, 1, 1},
      {1, 64, 14, 14, 32, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},
      {2, 40, 7, 7, 70, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},
      {1, 24, 28, 28, 20, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},
      {1, 16, 29, 31, 64, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1},
      {1, 16, 30, 30, 32, 3, 3, 2, 2, 1, 1, 0, 0, 1, 1},
      {1, 32, 56, 57, 16, 1, 1, 2, 2},
      {1, 16, 13, 13, 40, 5, 5, 1, 1, 1, 1, 2, 2, 2, 2},
      {1, 16, 20, 21, 32, 3, 3, 1, 1, 2, 2, 2, 2, 2, 2},
      {1, 32, 1, 50, 32, 1, 3, 1, 1, 1, 1, 0, 1, 0, 1},
      {1, 32, 12, 40, 32, 3, 5, 1, 1, 1, 1, 1, 2, 1, 0},
      {1, 320, 9, 9, 352, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},
  };
  for (const ConvCase& c : cases) {
    check_conv<2>(c, 1, 0);
    check_conv<3>(c, 1, 0);
    check_conv<2>(c, 3, 2);
  }
}

}  // namespace
}  // namespace onnxc

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif

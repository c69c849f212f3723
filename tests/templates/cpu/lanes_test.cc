// Loads, stores, conversions and reductions in lanes, and the 16-bit floats.
#include "templates/cpu/lanes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace onnxc {
namespace {

#if defined(__AVX512F__)
constexpr int kWidest = 16;
#elif defined(__AVX__)
constexpr int kWidest = 8;
#else
constexpr int kWidest = 4;
#endif

// binary16 by its definition.
double value_of(uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const double sign = bits & 0x8000 ? -1 : 1;
  if (exponent == 31) return fraction ? std::nan("") : sign * HUGE_VAL;
  return exponent ? sign * std::ldexp(1024 + fraction, exponent - 25)
                  : sign * std::ldexp(fraction, -24);
}

bool same(float a, double b) { return (std::isnan(a) && std::isnan(b)) || a == b; }

TEST(NarrowFloat, EveryFloat16BecomesItsValueAndComesBack) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const Float16 x = {uint16_t(bits)};
    const float wide = to_float(x);
    ASSERT_TRUE(same(wide, value_of(x.bits))) << bits;
    ASSERT_EQ(std::signbit(wide), (bits >> 15) != 0);
    if (!std::isnan(wide)) {
      ASSERT_EQ(from_float<Float16>(wide).bits, bits);
    }
  }
}

TEST(NarrowFloat, RoundsToTheNearestAndHalvesToEven) {
  auto check = [](float x) {
    const uint16_t got = from_float<Float16>(x).bits;
    const double size = std::fabs(x);
    if (std::isnan(x)) {
      ASSERT_TRUE(std::isnan(value_of(got)));
      return;
    }
    ASSERT_EQ(got >> 15, std::signbit(x));
    const uint16_t near = got & 0x7fff;
    if (near == 0x7c00) {
      ASSERT_GE(size, 65520.0);
      return;
    }
    const double here = std::fabs(value_of(near) - size);
    const double above = near + 1 == 0x7c00 ? 65536 - size : std::fabs(value_of(near + 1) - size);
    const double below = near ? std::fabs(value_of(near - 1) - size) : HUGE_VAL;
    ASSERT_LE(here, std::min(above, below)) << x;
    if (here == above || here == below) {
      ASSERT_EQ(near & 1, 0) << x;
    }
  };
  for (uint64_t bits = 0; bits <= 0xffffffffu; bits += 997) {
    const uint32_t low = uint32_t(bits);
    float x;
    std::memcpy(&x, &low, sizeof(x));
    check(x);
  }
  for (uint32_t bits = 0; bits < 0x7c00; ++bits) {
    check(float(
        (value_of(uint16_t(bits)) + (bits == 0x7bff ? 65536.0 : value_of(uint16_t(bits + 1)))) /
        2));
  }
  EXPECT_EQ(from_float<Float16>(1e30f).bits, 0x7c00);
  EXPECT_EQ(from_float<Float16>(-INFINITY).bits, 0xfc00);
}

TEST(NarrowFloat, BFloat16RoundsToEven) {
  EXPECT_EQ(from_float<BFloat16>(1.0f).bits, 0x3f80);
  EXPECT_EQ(from_float<BFloat16>(narrow::float_of(0x3f808000)).bits, 0x3f80);
  EXPECT_EQ(from_float<BFloat16>(narrow::float_of(0x3f818000)).bits, 0x3f82);
  EXPECT_EQ(from_float<BFloat16>(narrow::float_of(0x3f808001)).bits, 0x3f81);
  EXPECT_EQ(from_float<BFloat16>(3.4e38f).bits, 0x7f80);
  EXPECT_EQ(from_float<BFloat16>(narrow::float_of(1)).bits, 0);
  EXPECT_TRUE(std::isnan(to_float(from_float<BFloat16>(narrow::float_of(0x7f800001)))));
  EXPECT_EQ(to_float(BFloat16{0xc049}), -3.140625f);
}

template <class T, int N>
void check_narrow_lanes() {
  std::vector<T> from(65536 + 16);
  for (size_t i = 0; i < from.size(); ++i) from[i].bits = uint16_t(i);
  for (size_t i = 0; i < 65536; i += N) {
    float wide[N];
    T back[N];
    const auto value = Lanes<N>::load_float(&from[i]);
    Lanes<N>::store(wide, value);
    Lanes<N>::store_as(back, value);
    for (int lane = 0; lane < N; ++lane) {
      ASSERT_TRUE(same(wide[lane], to_float(from[i + lane])));
      if (!std::isnan(wide[lane])) {
        ASSERT_EQ(back[lane].bits, from[i + lane].bits);
      }
    }
  }
  for (uint64_t bits = 0; bits + N * 9973 <= 0xffffffffu; bits += N * 9973) {
    float wide[N];
    T got[N];
    for (int lane = 0; lane < N; ++lane)
      wide[lane] = narrow::float_of(uint32_t(bits + lane * 9973));
    Lanes<N>::store_as(got, Lanes<N>::load(wide));
    for (int lane = 0; lane < N; ++lane) {
      const T want = from_float<T>(wide[lane]);
      if (std::isnan(wide[lane])) {
        ASSERT_TRUE(std::isnan(to_float(got[lane])));
      } else {
        ASSERT_EQ(got[lane].bits, want.bits) << wide[lane];
      }
    }
  }
}

TEST(Lanes, NarrowFloatsConvertAsTheScalarsDo) {
  check_narrow_lanes<Float16, kWidest>();
  check_narrow_lanes<Float16, 4>();
  check_narrow_lanes<Float16, 1>();
  check_narrow_lanes<BFloat16, kWidest>();
  check_narrow_lanes<BFloat16, 4>();
  check_narrow_lanes<BFloat16, 1>();
}

template <class T, int N>
void check_integer_lanes() {
  T from[16], back[16];
  for (int i = 0; i < 16; ++i) from[i] = T(i * 37 - 260);
  float wide[16];
  int32_t whole[16];
  Lanes<N>::store(wide, Lanes<N>::load_float(from));
  Lanes<N>::store(whole, Lanes<N>::template load_as<int32_t>(from));
  for (int lane = 0; lane < N; ++lane) {
    ASSERT_EQ(wide[lane], float(from[lane]));
    ASSERT_EQ(whole[lane], int32_t(from[lane]));
  }
  Lanes<N>::store_as(back, Lanes<N>::load(whole));
  for (int lane = 0; lane < N; ++lane) ASSERT_EQ(back[lane], from[lane]);
  Lanes<N>::store_as(back, Lanes<N>::load(wide));
  for (int lane = 0; lane < N; ++lane) ASSERT_EQ(back[lane], T(from[lane]));
}

template <int N>
void check_all_integer_lanes() {
  check_integer_lanes<uint8_t, N>();
  check_integer_lanes<int8_t, N>();
  check_integer_lanes<uint16_t, N>();
  check_integer_lanes<int16_t, N>();
  check_integer_lanes<int32_t, N>();
  check_integer_lanes<int64_t, N>();
}

TEST(Lanes, IntegersConvertBothWays) {
  check_all_integer_lanes<kWidest>();
  check_all_integer_lanes<4>();
  check_all_integer_lanes<1>();
}

template <int N>
void check_masks() {
  bool from[16], to[16];
  for (int i = 0; i < 16; ++i) from[i] = i % 3 == 1;
  const auto mask = Lanes<N>::load_mask(from);
  Lanes<N>::store_mask(to, mask);
  float chosen[16];
  Lanes<N>::store(chosen, select(mask, Lanes<N>::broadcast(1.0f), Lanes<N>::broadcast(2.0f)));
  for (int i = 0; i < N; ++i) {
    EXPECT_EQ(to[i], from[i]);
    EXPECT_EQ(chosen[i], from[i] ? 1 : 2);
  }
  Lanes<N>::store_as(to, Lanes<N>::load_float(from));
  for (int i = 0; i < N; ++i) EXPECT_EQ(to[i], from[i]);
}

TEST(Lanes, MasksComeFromAndGoToBools) {
  check_masks<kWidest>();
  check_masks<4>();
  check_masks<1>();
}

TEST(Lanes, StridesAndRamps) {
  float from[64], to[64] = {}, line[16];
  for (int i = 0; i < 64; ++i) from[i] = float(i);
  Lanes<4>::store_strided(to, 5, Lanes<4>::load_strided(from, 3));
  for (int lane = 0; lane < 4; ++lane) EXPECT_EQ(to[lane * 5], lane * 3);
  EXPECT_EQ(to[1], 0);
  Lanes<4>::store(line, Lanes<4>::ramp(2.5f));
  EXPECT_EQ(line[3], 5.5f);
}

TEST(Lanes, EveryElementIsVisitedOnce) {
  for (size_t n = 0; n < 70; ++n) {
    std::vector<float> seen(n, 0);
    for_lanes<kWidest>(n, [&](auto lanes, size_t i) {
      lanes.store(&seen[i], lanes.load(&seen[i]) + lanes.broadcast(1.0f));
    });
    for (float count : seen) ASSERT_EQ(count, 1);
  }
}

TEST(Lanes, ReductionsCoverEveryLength) {
  for (size_t n = 0; n < 9000; n += n < 300 ? 1 : 911) {
    std::vector<float> row(n);
    float sum = 0, most = -INFINITY, least = INFINITY;
    for (size_t i = 0; i < n; ++i) {
      row[i] = float(int(i * 7919 % 1009) - 500);
      sum += row[i];
      most = std::max(most, row[i]);
      least = std::min(least, row[i]);
    }
    auto at = [&](auto lanes, size_t i) { return lanes.load(&row[i]); };
    EXPECT_EQ(reduce_lanes<kWidest>(
                  n, 0.0f, [](auto a, auto b) { return a + b; }, at),
              sum);
    EXPECT_EQ(reduce_lanes<kWidest>(
                  n, -INFINITY, [](auto a, auto b) { return max(a, b); }, at),
              most);
    EXPECT_EQ(reduce_lanes<4>(
                  n, INFINITY, [](auto a, auto b) { return min(a, b); }, at),
              least);
    EXPECT_EQ(reduce_lanes<1>(
                  n, 0.0f, [](auto a, auto b) { return a + b; }, at),
              sum);
  }
}

TEST(Lanes, ReductionsOfAVectorKeepNan) {
  float row[16];
  for (int i = 0; i < 16; ++i) row[i] = float(i - 3);
  EXPECT_EQ(reduce_max(load<kWidest>(row)), kWidest - 4);
  EXPECT_EQ(reduce_min(load<kWidest>(row)), -3);
  EXPECT_EQ(reduce_add(load<4>(row)), -6);
  row[2] = std::nanf("");
  EXPECT_TRUE(std::isnan(reduce_max(load<kWidest>(row))));
  EXPECT_TRUE(std::isnan(reduce_min(load<4>(row))));
}

}  // namespace
}  // namespace onnxc

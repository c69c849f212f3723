// Accuracy of the vector math against the C library in wider precision, over samples of every float
// or a wide range.
#include "templates/cpu/math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <string>
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

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// The distance of `got` from `want` in units of the last place of T at `want`; infinite where only
// one is special.
template <class T, class Wide>
double ulps(T got, Wide want) {
  const T rounded = T(want);
  if (std::isnan(got) || std::isnan(want)) return std::isnan(got) == std::isnan(want) ? 0 : 1e9;
  if (got == rounded) return 0;
  if (std::isinf(got) || std::isinf(rounded)) {
    const T largest = std::numeric_limits<T>::max();
    const Wide bound = std::isinf(got) ? want : Wide(got);
    return std::fabs(bound) >= Wide(largest) * (1 - Wide(4) * std::numeric_limits<T>::epsilon())
               ? 1
               : 1e9;
  }
  const int digits = std::numeric_limits<T>::digits;
  int exponent = 0;
  std::frexp(rounded, &exponent);
  exponent = std::max(exponent - digits, std::numeric_limits<T>::min_exponent - digits);
  return double(std::fabs(Wide(got) - want) / std::ldexp(Wide(1), exponent));
}

// Every `stride`-th float by its bits, NaN, infinities and subnormals included.
std::vector<float> floats_by_bits(uint32_t stride) {
  std::vector<float> all = {0.0f,
                            -0.0f,
                            kInf,
                            -kInf,
                            kNan,
                            1.0f,
                            -1.0f,
                            1e-45f,
                            -1e-45f,
                            std::numeric_limits<float>::max(),
                            std::numeric_limits<float>::min()};
  for (uint64_t bits = 0; bits <= 0xffffffffu; bits += stride) {
    const uint32_t low = uint32_t(bits);
    float x;
    std::memcpy(&x, &low, sizeof(x));
    all.push_back(x);
  }
  while (all.size() % 16 != 0) all.push_back(0.5f);
  return all;
}

std::vector<float> between(float low, float high, int count) {
  std::vector<float> all;
  for (int i = 0; i < count; ++i)
    all.push_back(float(low + (double(high) - low) * i / (count - 1)));
  while (all.size() % 16 != 0) all.push_back(low);
  return all;
}

template <int L, class F>
double worst(const std::vector<float>& xs, F function, double (*reference)(double), float* where) {
  double largest = 0;
  for (size_t i = 0; i + L <= xs.size(); i += L) {
    float y[16];
    store<L>(y, function(load<L>(&xs[i])));
    for (int lane = 0; lane < L; ++lane) {
      const double error = ulps(y[lane], reference(double(xs[i + lane])));
      if (error > largest) {
        largest = error;
        *where = xs[i + lane];
      }
    }
  }
  return largest;
}

template <class F>
void expect_float(const char* name, F function, double (*reference)(double), float low, float high,
                  double limit = 2.0) {
  float where = 0;
  double vector = 0, narrow = 0, scalar = 0;
  for (const auto& xs : {floats_by_bits(1999), between(low, high, 1 << 20)}) {
    vector = std::max(vector, worst<kWidest>(xs, function, reference, &where));
  }
  for (const auto& xs : {floats_by_bits(19997), between(low, high, 1 << 16)}) {
    narrow = std::max(narrow, worst<4>(xs, function, reference, &where));
    scalar = std::max(scalar, worst<1>(xs, function, reference, &where));
  }
  std::printf("%-10s float  %5.3f ulp (4 lanes %5.3f, 1 lane %5.3f)\n", name, vector, narrow,
              scalar);
  EXPECT_LE(std::max({vector, narrow, scalar}), limit) << name << " at " << where;
}

template <class F>
void expect_double(const char* name, F function, long double (*reference)(long double), double low,
                   double high, double limit = 4.0) {
  double largest = 0, where = 0;
  auto check = [&](double x) {
    const double error = ulps(function(x), reference((long double)x));
    if (error > largest) {
      largest = error;
      where = x;
    }
  };
  uint64_t state = 88172645463325252u;
  for (int i = 0; i < 400000; ++i) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    double x;
    std::memcpy(&x, &state, sizeof(x));
    check(x);
    check(low + (high - low) * double(state >> 11) * 0x1p-53);
    check(std::ldexp(1 + double(state >> 11) * 0x1p-53, int(state % 60) - 50));
  }
  for (double x :
       {0.0, -0.0, 1.0, -1.0, HUGE_VAL, -HUGE_VAL, std::nan(""), 4.9e-324, 2.3e-308, 1.7e308})
    check(x);
  std::printf("%-10s double %5.3f ulp\n", name, largest);
  EXPECT_LE(largest, limit) << name << " at " << where;
}

double sigmoid_reference(double x) {
  return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
}
long double sigmoid_long(long double x) {
  return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
}

#define ONNXC_TEST_FUNCTION(Name, function, reference, long_reference, low, high)           \
  TEST(Math, Name) {                                                                        \
    expect_float(                                                                           \
        #function, [](auto x) { return onnxc::function(x); }, reference, low, high);        \
    expect_double(                                                                          \
        #function, [](double x) { return onnxc::function(x); }, long_reference, low, high); \
  }

ONNXC_TEST_FUNCTION(Exp, exp, std::exp, std::exp, -104.0f, 89.0f)
ONNXC_TEST_FUNCTION(Log, log, std::log, std::log, 0.01f, 4.0f)
ONNXC_TEST_FUNCTION(Log1p, log1p, std::log1p, std::log1p, -0.999f, 4.0f)
ONNXC_TEST_FUNCTION(Sigmoid, sigmoid, sigmoid_reference, sigmoid_long, -104.0f, 20.0f)
ONNXC_TEST_FUNCTION(Tanh, tanh, std::tanh, std::tanh, -10.0f, 10.0f)
ONNXC_TEST_FUNCTION(Erf, erf, std::erf, std::erf, -4.5f, 4.5f)
ONNXC_TEST_FUNCTION(Sin, sin, std::sin, std::sin, -100000.0f, 100000.0f)
ONNXC_TEST_FUNCTION(Cos, cos, std::cos, std::cos, -100000.0f, 100000.0f)
ONNXC_TEST_FUNCTION(Tan, tan, std::tan, std::tan, -1000.0f, 1000.0f)
ONNXC_TEST_FUNCTION(Asin, asin, std::asin, std::asin, -1.0f, 1.0f)
ONNXC_TEST_FUNCTION(Acos, acos, std::acos, std::acos, -1.0f, 1.0f)
ONNXC_TEST_FUNCTION(Atan, atan, std::atan, std::atan, -5.0f, 5.0f)
ONNXC_TEST_FUNCTION(Sinh, sinh, std::sinh, std::sinh, -90.0f, 90.0f)
ONNXC_TEST_FUNCTION(Cosh, cosh, std::cosh, std::cosh, -90.0f, 90.0f)
ONNXC_TEST_FUNCTION(Asinh, asinh, std::asinh, std::asinh, -5.0f, 5.0f)
ONNXC_TEST_FUNCTION(Acosh, acosh, std::acosh, std::acosh, 1.0f, 5.0f)
ONNXC_TEST_FUNCTION(Atanh, atanh, std::atanh, std::atanh, -1.0f, 1.0f)
ONNXC_TEST_FUNCTION(Sqrt, sqrt, std::sqrt, std::sqrt, 0.0f, 100.0f)

TEST(Math, SinAndCosStayTwoUlpOnSmallAngles) {
  expect_float(
      "sin", [](auto x) { return onnxc::sin(x); }, std::sin, -10.0f, 10.0f);
  expect_float(
      "cos", [](auto x) { return onnxc::cos(x); }, std::cos, -10.0f, 10.0f);
}

TEST(Math, SquareRootByBitsIsCorrectlyRounded) {
  for (float x : floats_by_bits(9973)) {
    if (!(x > 0) || std::isinf(x)) continue;
    ASSERT_EQ(math::sqrt_by_bits(x), std::sqrt(x)) << x;
    const double wide = double(x) * 1.000000123;
    ASSERT_EQ(math::sqrt_by_bits(wide), std::sqrt(wide)) << wide;
  }
  ASSERT_EQ(math::sqrt_by_bits(4.9e-324), std::sqrt(4.9e-324));
}

TEST(Math, RoundingIsExactForEveryKindOfFloat) {
  for (const auto& xs :
       {floats_by_bits(4999), between(-70000.0f, 70000.0f, 1 << 18), between(-3.0f, 3.0f, 97)}) {
    float where = 0;
    EXPECT_EQ(worst<kWidest>(
                  xs, [](auto x) { return floor(x); }, std::floor, &where),
              0)
        << where;
    EXPECT_EQ(worst<kWidest>(
                  xs, [](auto x) { return ceil(x); }, std::ceil, &where),
              0)
        << where;
    EXPECT_EQ(worst<kWidest>(
                  xs, [](auto x) { return trunc(x); }, std::trunc, &where),
              0)
        << where;
    EXPECT_EQ(worst<kWidest>(
                  xs, [](auto x) { return round_even(x); }, std::nearbyint, &where),
              0)
        << where;
    EXPECT_EQ(worst<1>(
                  xs, [](auto x) { return floor(x); }, std::floor, &where),
              0)
        << where;
    EXPECT_EQ(worst<1>(
                  xs, [](auto x) { return ceil(x); }, std::ceil, &where),
              0)
        << where;
    EXPECT_EQ(worst<1>(
                  xs, [](auto x) { return trunc(x); }, std::trunc, &where),
              0)
        << where;
    EXPECT_EQ(worst<1>(
                  xs, [](auto x) { return round_even(x); }, std::nearbyint, &where),
              0)
        << where;
    for (float x : xs) {
      const double wide = double(x) * 1.37;
      ASSERT_EQ(ulps(floor(wide), std::floor(wide)), 0) << wide;
      ASSERT_EQ(ulps(ceil(wide), std::ceil(wide)), 0) << wide;
      ASSERT_EQ(ulps(round_even(wide), std::nearbyint(wide)), 0) << wide;
    }
  }
  EXPECT_TRUE(std::signbit(ceil(-0.7f)) && std::signbit(round_even(-0.2f)) &&
              std::signbit(trunc(-0.2f)));
}

TEST(Math, ZerosKeepTheirSign) {
  for (float x : {-0.0f}) {
    EXPECT_TRUE(std::signbit(onnxc::sin(x)));
    EXPECT_TRUE(std::signbit(onnxc::tan(x)));
    EXPECT_TRUE(std::signbit(onnxc::tanh(x)));
    EXPECT_TRUE(std::signbit(onnxc::asin(x)));
    EXPECT_TRUE(std::signbit(onnxc::atan(x)));
    EXPECT_TRUE(std::signbit(onnxc::sinh(x)));
    EXPECT_TRUE(std::signbit(onnxc::asinh(x)));
    EXPECT_TRUE(std::signbit(onnxc::atanh(x)));
    EXPECT_TRUE(std::signbit(onnxc::erf(x)));
    EXPECT_TRUE(std::signbit(onnxc::log1p(x)));
    EXPECT_TRUE(std::signbit(onnxc::sqrt(x)));
  }
}

const std::vector<float> kAwkward = {
    0.0f,         -0.0f,  1.0f,  -1.0f, 2.0f,   -2.0f,   3.0f,       -3.0f,     0.5f,
    -0.5f,        kInf,   -kInf, kNan,  1e-45f, -1e-45f, 1e38f,      -1e38f,    16777215.0f,
    -16777217.0f, 1e-39f, 2.5f,  -2.5f, 7.0f,   -7.0f,   1.0000001f, 0.9999999f};

TEST(Math, Pow) {
  double float_error = 0, double_error = 0, lane_error = 0;
  auto check = [&](float x, float y) {
    const double error = ulps(onnxc::pow(x, y), std::pow(double(x), double(y)));
    ASSERT_LE(error, 2.0) << x << " ** " << y << " = " << onnxc::pow(x, y);
    float_error = std::max(float_error, error);
    const double wide =
        ulps(onnxc::pow(double(x), double(y)), std::pow((long double)x, (long double)y));
    ASSERT_LE(wide, 4.0) << x << " ** " << y << " = " << onnxc::pow(double(x), double(y));
    double_error = std::max(double_error, wide);
    float lanes[kWidest];
    store<kWidest>(lanes, onnxc::pow(broadcast<kWidest>(x), broadcast<kWidest>(y)));
    lane_error = std::max(lane_error, ulps(lanes[kWidest - 1], std::pow(double(x), double(y))));
    ASSERT_LE(lane_error, 2.0) << x << " ** " << y;
  };
  for (float x : kAwkward) {
    for (float y : kAwkward) check(x, y);
  }
  uint32_t state = 1;
  auto next = [&] { return state = state * 1664525u + 1013904223u, float(state >> 8) * 0x1p-24f; };
  for (int i = 0; i < 300000; ++i) {
    check(std::exp(next() * 80 - 40), next() * 4 - 2);
    check(1 + (next() - 0.5f) * 0.01f, (next() - 0.5f) * 20000);
    check(next() * 10, float(int(next() * 20) - 10));
    check(-next() * 10, float(int(next() * 20) - 10));
  }
  for (int i = 0; i < 200000; ++i) {
    const double x = std::exp(next() * 1400 - 700), y = next() * 2 - 1;
    const double wide = ulps(onnxc::pow(x, y), std::pow((long double)x, (long double)y));
    ASSERT_LE(wide, 4.0) << x << " ** " << y;
    double_error = std::max(double_error, wide);
  }
  std::printf("pow        float %5.3f, double %5.3f ulp\n", float_error, double_error);
}

TEST(Math, RemaindersAreExact) {
  auto python_mod = [](double a, double b) {
    double rest = std::fmod(a, b);
    if (rest != 0 && (rest < 0) != (b < 0)) rest += b;
    return rest;
  };
  for (float a : kAwkward) {
    for (float b : kAwkward) {
      EXPECT_EQ(ulps(onnxc::fmod(a, b), std::fmod(a, b)), 0) << a << " " << b;
      EXPECT_EQ(ulps(onnxc::fmod(double(a), double(b)), std::fmod(double(a), double(b))), 0)
          << a << " " << b;
      if (std::isfinite(a) && std::isfinite(b)) {
        EXPECT_EQ(ulps(onnxc::mod(a, b), float(python_mod(a, b))), 0) << a << " " << b;
        float lanes[4];
        store<4>(lanes, onnxc::mod(broadcast<4>(a), broadcast<4>(b)));
        EXPECT_EQ(ulps(lanes[3], onnxc::mod(a, b)), 0);
      }
    }
  }
  uint32_t state = 5;
  auto next = [&] {
    return state = state * 1664525u + 1013904223u, float(state >> 8) * 0x1p-24f - 0.5f;
  };
  for (int i = 0; i < 100000; ++i) {
    const float a = next() * std::ldexp(1.0f, int(state % 60)), b = next();
    ASSERT_EQ(onnxc::fmod(a, b), std::fmod(a, b)) << a << " " << b;
    ASSERT_EQ(onnxc::fmod(double(a), double(b) * 1.1), std::fmod(double(a), double(b) * 1.1));
  }
}

TEST(Math, IntegersWrapAndNeverTrap) {
  const int32_t least = std::numeric_limits<int32_t>::min();
  EXPECT_EQ(onnxc::div(7, 2), 3);
  EXPECT_EQ(onnxc::div(-7, 2), -3);
  EXPECT_EQ(onnxc::div(least, -1), least);
  EXPECT_EQ(onnxc::div(5, 0), 0);
  EXPECT_EQ(onnxc::mod(-7, 3), 2);
  EXPECT_EQ(onnxc::mod(7, -3), -2);
  EXPECT_EQ(onnxc::fmod(-7, 3), -1);
  EXPECT_EQ(onnxc::mod(least, -1), 0);
  EXPECT_EQ(onnxc::abs(least), least);
  EXPECT_EQ(onnxc::neg(int8_t(-128)), int8_t(-128));
  EXPECT_EQ(onnxc::add(uint8_t(200), uint8_t(100)), uint8_t(44));
  EXPECT_EQ(onnxc::mul(uint16_t(65535), uint16_t(65535)), uint16_t(1));
  EXPECT_EQ(onnxc::mul(int32_t(65536), int32_t(65537)), int32_t(65536));
  EXPECT_EQ(onnxc::sub(uint32_t(1), uint32_t(2)), 0xffffffffu);
  EXPECT_EQ(onnxc::pow(int64_t(-3), int64_t(3)), -27);
  EXPECT_EQ(onnxc::pow(2, -1), 0);
  EXPECT_EQ(onnxc::pow(-1, -3), -1);
  EXPECT_EQ(onnxc::pow(uint8_t(2), uint8_t(9)), 0);
  EXPECT_EQ(onnxc::shift_left(uint8_t(0x81), uint8_t(1)), 2);
  EXPECT_EQ(onnxc::shift_right(uint8_t(0x81), uint8_t(1)), 0x40);
  EXPECT_EQ(onnxc::shift_left(uint64_t(1), uint64_t(64)), 0u);
  EXPECT_EQ(onnxc::bit_not(uint8_t(1)), uint8_t(254));
  EXPECT_EQ(onnxc::sign(uint8_t(9)), 1);
  EXPECT_EQ(onnxc::sign(int8_t(-9)), -1);
  int32_t lanes[4];
  store<4>(lanes, onnxc::div(broadcast<4>(least), broadcast<4>(-1)));
  EXPECT_EQ(lanes[2], least);
  store<4>(lanes, onnxc::abs(broadcast<4>(-5)));
  EXPECT_EQ(lanes[1], 5);
}

TEST(Math, MinimumAndMaximumPropagateNan) {
  for (float a : kAwkward) {
    for (float b : kAwkward) {
      const bool nan = std::isnan(a) || std::isnan(b);
      const float least = nan ? kNan : std::fmin(a, b), most = nan ? kNan : std::fmax(a, b);
      float lanes[kWidest];
      store<kWidest>(lanes, onnxc::min(broadcast<kWidest>(a), broadcast<kWidest>(b)));
      EXPECT_EQ(ulps(lanes[1], least), 0) << a << " " << b;
      store<kWidest>(lanes, onnxc::max(broadcast<kWidest>(a), broadcast<kWidest>(b)));
      EXPECT_EQ(ulps(lanes[1], most), 0) << a << " " << b;
      EXPECT_EQ(ulps(onnxc::min(double(a), double(b)), double(least)), 0);
      EXPECT_EQ(ulps(onnxc::max(double(a), double(b)), double(most)), 0);
    }
  }
}

TEST(Math, ConversionsKeepWhatFits) {
  EXPECT_EQ(convert<int32_t>(-2.9f), -2);
  EXPECT_EQ(convert<uint8_t>(-1.0f), 255);
  EXPECT_EQ(convert<uint8_t>(300.7), 44);
  EXPECT_EQ(convert<uint64_t>(1.8e19), 18000000000000000000u);
  EXPECT_EQ(convert<int64_t>(kNan), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(convert<int32_t>(3e9f), std::numeric_limits<int32_t>::min());
  EXPECT_EQ(convert<int8_t>(uint16_t(0x1ff)), -1);
  EXPECT_TRUE(convert<bool>(0.25f));
  EXPECT_TRUE(convert<bool>(kNan));
  EXPECT_FALSE(convert<bool>(-0.0));
  EXPECT_EQ(convert<float>(uint64_t(1) << 63), 0x1p63f);
  EXPECT_EQ(convert<float>(true), 1.0f);
  int32_t whole[4];
  store<4>(whole, convert<int32_t>(broadcast<4>(-7.9f)));
  EXPECT_EQ(whole[3], -7);
  float lanes[4];
  store<4>(lanes, convert<float>(broadcast<4>(-7)));
  EXPECT_EQ(lanes[0], -7.0f);
}

TEST(Math, MasksSelectAndCombine) {
  const float a[4] = {1, 2, kNan, 4}, b[4] = {2, 2, 2, kInf};
  const auto va = load<4>(a), vb = load<4>(b);
  float lanes[4];
  store<4>(lanes, select(or_(lt(va, vb), is_nan(va)), va, vb));
  EXPECT_EQ(lanes[0], 1);
  EXPECT_EQ(lanes[1], 2);
  EXPECT_TRUE(std::isnan(lanes[2]));
  EXPECT_EQ(lanes[3], 4);
  store<4>(lanes,
           select(and_(not_(is_inf(vb)), ge(va, vb)), broadcast<4>(1.0f), broadcast<4>(0.0f)));
  EXPECT_EQ(lanes[0] + 2 * lanes[1] + 4 * lanes[2] + 8 * lanes[3], 2);
  EXPECT_EQ(select(xor_(eq(1, 1), ne(2, 2)), 5, 6), 5);
}

}  // namespace
}  // namespace onnxc

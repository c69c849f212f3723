// Narrow types as kernels hold them agree with the tensors of the compiler.
#include "compiler/ir/narrow_float.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>
#include <vector>

#include "compiler/ir/tensor.h"
#include "templates/common/few_bits.h"
#include "templates/common/float8.h"

namespace onnxc {
namespace {

template <class T>
void expect_same_decoding(DType type, uint32_t patterns) {
  for (uint32_t bits = 0; bits < patterns; ++bits) {
    const float got = to_float(T{static_cast<decltype(T::bits)>(bits)});
    const float want = decode_narrow(type, bits);
    if (std::isnan(want)) {
      EXPECT_TRUE(std::isnan(got)) << name(type) << " " << bits;
    } else {
      EXPECT_EQ(std::bit_cast<uint32_t>(got), std::bit_cast<uint32_t>(want))
          << name(type) << " " << bits;
    }
  }
}

template <class T>
void expect_same_rounding(DType type) {
  std::mt19937 random(7);
  for (int i = 0; i < 200000; ++i) {
    const float x = std::bit_cast<float>(static_cast<uint32_t>(random()));
    ASSERT_EQ(from_float<T>(x).bits, encode_narrow(type, x)) << name(type) << " " << x;
  }
  for (int i = -4000; i <= 4000; ++i) {
    const float x = static_cast<float>(i) / 64.0f;
    ASSERT_EQ(from_float<T>(x).bits, encode_narrow(type, x)) << name(type) << " " << x;
    for (const float beside : {std::nextafter(x, 1e9f), std::nextafter(x, -1e9f)})
      ASSERT_EQ(from_float<T>(beside).bits, encode_narrow(type, beside)) << name(type) << " " << x;
  }
}

template <class T>
void expect_one_rounding_of_doubles(DType type) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 100000; ++i) {
    // Half-way between two values, and a hair beside it: beyond what a float holds.
    const double middle = (decode_narrow(type, static_cast<uint32_t>(random() & 0x3f)) +
                           decode_narrow(type, static_cast<uint32_t>(random() & 0x3f))) /
                          2.0;
    const double x = middle * (1 + std::ldexp(static_cast<double>(random() % 3) - 1.0, -45));
    ASSERT_EQ(from_float<T>(narrow::to_odd(x)).bits, encode_narrow_double(type, x)) << x;
  }
}

template <class T>
void expect_same(DType type, uint32_t patterns = 256) {
  expect_same_decoding<T>(type, patterns);
  expect_same_rounding<T>(type);
  expect_one_rounding_of_doubles<T>(type);
}

TEST(NarrowFloat, KernelsDecodeAndRoundAsTheCompilerDoes) {
  expect_same<Float8E4M3FN>(DType::kFloat8E4M3FN);
  expect_same<Float8E4M3FNUZ>(DType::kFloat8E4M3FNUZ);
  expect_same<Float8E5M2>(DType::kFloat8E5M2);
  expect_same<Float8E5M2FNUZ>(DType::kFloat8E5M2FNUZ);
  expect_same<Float4E2M1>(DType::kFloat4E2M1, 16);
  expect_same_decoding<Float8E8M0>(DType::kFloat8E8M0, 256);
  expect_same_rounding<Float8E8M0>(DType::kFloat8E8M0);
  expect_one_rounding_of_doubles<Float16>(DType::kFloat16);
  expect_one_rounding_of_doubles<BFloat16>(DType::kBfloat16);
}

TEST(NarrowFloat, OnlyInfinityBecomesInfinityInFloat8E5M2) {
  EXPECT_EQ(from_float<Float8E5M2>(INFINITY).bits, 0x7c);
  EXPECT_EQ(from_float<Float8E5M2>(-INFINITY).bits, 0xfc);
  EXPECT_EQ(from_float<Float8E5M2>(1e30f).bits, 0x7b);
}

TEST(FewBits, PackAsOnnxFilesDo) {
  const std::vector<int8_t> elements = {-8, 7, -1, 3, 1};
  std::vector<uint8_t> packed(3);
  pack_bits<4>(packed.data(), elements.data(), 5);
  EXPECT_EQ(packed, (std::vector<uint8_t>{0x78, 0x3f, 0x01}));
  std::vector<int8_t> back(5);
  unpack_bits<4>(back.data(), packed.data(), 5);
  EXPECT_EQ(back, elements);

  const Tensor tensor = Tensor::of(DType::kInt4, {5}, elements);
  const std::vector<std::byte> bytes = pack_bits(tensor);
  ASSERT_EQ(bytes.size(), packed.size());
  for (size_t i = 0; i < bytes.size(); ++i) EXPECT_EQ(static_cast<uint8_t>(bytes[i]), packed[i]);
  EXPECT_EQ(unpack_bits(DType::kInt4, {5}, bytes).as_int64s(), tensor.as_int64s());

  const std::vector<uint8_t> pairs = {3, 0, 2, 1, 1, 3};
  std::vector<uint8_t> few(2);
  pack_bits<2>(few.data(), pairs.data(), 6);
  EXPECT_EQ(few, (std::vector<uint8_t>{0x63, 0x0d}));
  std::vector<int8_t> negative(6);
  unpack_bits<2>(negative.data(), few.data(), 6);
  EXPECT_EQ(negative, (std::vector<int8_t>{-1, 0, -2, 1, 1, -1}));
}

}  // namespace
}  // namespace onnxc

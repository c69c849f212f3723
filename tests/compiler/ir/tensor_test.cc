// Constants: element access by type, narrow floats, sharing, views.
#include "compiler/ir/tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

constexpr DType kNumeric[] = {
    DType::kFloat,        DType::kUint8,    DType::kInt8,    DType::kUint16,    DType::kInt16,
    DType::kInt32,        DType::kInt64,    DType::kFloat16, DType::kDouble,    DType::kUint32,
    DType::kUint64,       DType::kBfloat16, DType::kUint4,   DType::kInt4,      DType::kUint2,
    DType::kFloat8E4M3FN, DType::kInt2,     DType::kBool,    DType::kFloat8E5M2};

TEST(DType, KnowsExactlyTheNumbersOfOnnx) {
  EXPECT_EQ(dtype_of(0), std::nullopt);
  EXPECT_EQ(dtype_of(27), std::nullopt);
  EXPECT_EQ(dtype_of(-1), std::nullopt);
  for (int number = 1; number <= 26; ++number) {
    ASSERT_TRUE(dtype_of(number).has_value());
    EXPECT_EQ(static_cast<int>(*dtype_of(number)), number);
  }
}

TEST(DType, NarrowTypesTakeAByteInMemoryAndLessInFiles) {
  EXPECT_EQ(byte_size(DType::kInt4), 1u);
  EXPECT_EQ(file_bits(DType::kInt4), 4u);
  EXPECT_EQ(file_bits(DType::kUint2), 2u);
  EXPECT_EQ(file_bits(DType::kFloat4E2M1), 4u);
  EXPECT_EQ(file_bits(DType::kDouble), 64u);
}

TEST(Tensor, HoldsZeroAndOneInEveryNumericType) {
  for (const DType type : kNumeric) {
    Tensor tensor(type, {2});
    EXPECT_EQ(tensor.as_double(0), 0.0) << name(type);
    tensor.set(1, 1.0);
    EXPECT_EQ(tensor.as_double(1), 1.0) << name(type);
    EXPECT_EQ(tensor.as_int64(1), 1) << name(type);
    EXPECT_EQ(tensor.byte_count(), 2 * byte_size(type)) << name(type);
  }
}

TEST(Tensor, RoundsToEvenAndClampsIntegers) {
  Tensor tensor(DType::kInt8, {5});
  const double values[] = {0.5, 1.5, 300, -300, std::nan("")};
  for (int i = 0; i < 5; ++i) tensor.set(i, values[i]);
  EXPECT_EQ(tensor.as_int64s(), (std::vector<int64_t>{0, 2, 127, -128, 0}));
}

TEST(Tensor, ClampsWideIntegersAtTheirTrueLimits) {
  Tensor signed_tensor = Tensor::scalar(DType::kInt64, 1e30);
  EXPECT_EQ(signed_tensor.as_int64(0), std::numeric_limits<int64_t>::max());
  signed_tensor.set(0, -1e30);
  EXPECT_EQ(signed_tensor.as_int64(0), std::numeric_limits<int64_t>::min());
  const Tensor unsigned_tensor = Tensor::scalar(DType::kUint64, 1e30);
  EXPECT_EQ(*unsigned_tensor.data<uint64_t>(), std::numeric_limits<uint64_t>::max());
}

TEST(Tensor, KeepsInt64Exactly) {
  const std::vector<int64_t> values = {std::numeric_limits<int64_t>::max(), (int64_t{1} << 53) + 1,
                                       -7};
  EXPECT_EQ(Tensor::of_int64(values).as_int64s(), values);
}

TEST(Tensor, SignExtendsNarrowIntegers) {
  Tensor tensor(DType::kInt4, {2});
  tensor.set_int64(0, 15);
  tensor.set_int64(1, 7);
  EXPECT_EQ(tensor.as_int64s(), (std::vector<int64_t>{-1, 7}));
  tensor.set(0, -100);
  EXPECT_EQ(tensor.as_int64(0), -8);
}

TEST(Tensor, CopiesShareUntilWritten) {
  Tensor first = Tensor::of(DType::kFloat, {2}, std::vector<float>{1, 2});
  const Tensor second = first;
  EXPECT_EQ(first.bytes().data(), second.bytes().data());
  first.set(0, 5);
  EXPECT_EQ(first.as_double(0), 5);
  EXPECT_EQ(second.as_double(0), 1);
}

TEST(Tensor, ViewsKeepTheirOwnerAlive) {
  auto storage = std::make_shared<std::vector<std::byte>>(8);
  std::weak_ptr<std::vector<std::byte>> watch = storage;
  Tensor tensor(DType::kFloat, {2}, *storage, storage);
  storage.reset();
  EXPECT_FALSE(watch.expired());
  tensor.set(1, 3);
  EXPECT_TRUE(watch.expired());
  EXPECT_EQ(tensor.as_double(1), 3);
}

TEST(Tensor, DataOfAnUnalignedViewIsAligned) {
  auto storage = std::make_shared<std::vector<std::byte>>(9);
  const float values[] = {1.5f, -2.5f};
  std::memcpy(storage->data() + 1, values, sizeof values);
  const Tensor tensor(DType::kFloat, {2}, std::span(*storage).subspan(1), storage);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.data<float>()) % alignof(float), 0u);
  EXPECT_EQ(tensor.data<float>()[1], -2.5f);
  EXPECT_EQ(tensor.as_double(0), 1.5);
}

TEST(Tensor, ReshapeSharesBytesAndRefusesAnotherCount) {
  const Tensor tensor = Tensor::of_int64({1, 2, 3, 4});
  EXPECT_EQ(tensor.reshaped({2, 2}).bytes().data(), tensor.bytes().data());
  EXPECT_THROW(tensor.reshaped({3}), InternalError);
}

TEST(Tensor, RefusesSizesThatOverflow) {
  EXPECT_THROW(Tensor(DType::kFloat, {int64_t{1} << 40, int64_t{1} << 40}), InternalError);
  EXPECT_THROW(Tensor(DType::kFloat, {-1}), InternalError);
}

TEST(NarrowFloat, EveryFinitePatternSurvivesTheRoundTrip) {
  const std::pair<DType, uint32_t> types[] = {
      {DType::kFloat16, 1 << 16},    {DType::kBfloat16, 1 << 16}, {DType::kFloat8E4M3FN, 256},
      {DType::kFloat8E4M3FNUZ, 256}, {DType::kFloat8E5M2, 256},   {DType::kFloat8E5M2FNUZ, 256},
      {DType::kFloat4E2M1, 16},      {DType::kFloat8E8M0, 256},
  };
  for (const auto& [type, patterns] : types) {
    for (uint32_t bits = 0; bits < patterns; ++bits) {
      const float value = decode_narrow(type, bits);
      if (!std::isfinite(value)) continue;
      EXPECT_EQ(encode_narrow(type, value), bits) << name(type) << " " << value;
    }
  }
}

TEST(NarrowFloat, KnowsTheLargestValues) {
  EXPECT_EQ(decode_narrow(DType::kFloat16, 0x7bff), 65504.0f);
  EXPECT_EQ(decode_narrow(DType::kFloat8E4M3FN, 0x7e), 448.0f);
  EXPECT_EQ(decode_narrow(DType::kFloat8E4M3FNUZ, 0x7f), 240.0f);
  EXPECT_EQ(decode_narrow(DType::kFloat8E5M2, 0x7b), 57344.0f);
  EXPECT_EQ(decode_narrow(DType::kFloat8E5M2FNUZ, 0x7f), 57344.0f);
  EXPECT_EQ(decode_narrow(DType::kFloat4E2M1, 0x7), 6.0f);
  EXPECT_EQ(decode_narrow(DType::kFloat8E8M0, 127), 1.0f);
}

TEST(NarrowFloat, RoundsTiesToEvenAndOverflowsAsStated) {
  EXPECT_EQ(encode_narrow(DType::kFloat16, 1.0f + 0x1p-11f), 0x3c00u);
  EXPECT_EQ(encode_narrow(DType::kFloat16, 1.0f + 3 * 0x1p-11f), 0x3c02u);
  EXPECT_EQ(encode_narrow(DType::kFloat16, 65519.0f), 0x7bffu);
  EXPECT_EQ(encode_narrow(DType::kFloat16, 65520.0f), 0x7c00u);
  EXPECT_EQ(encode_narrow(DType::kFloat16, 0x1p-25f), 0u);
  EXPECT_EQ(encode_narrow(DType::kFloat16, -0x1.8p-25f), 0x8001u);
  EXPECT_EQ(encode_narrow(DType::kFloat8E4M3FN, 1e9f), 0x7eu);
  EXPECT_EQ(encode_narrow(DType::kFloat8E5M2, -1e9f), 0xfbu);
  EXPECT_EQ(encode_narrow(DType::kFloat4E2M1, 2.5f), 0x4u);
  EXPECT_TRUE(
      std::isnan(decode_narrow(DType::kFloat8E4M3FN, encode_narrow(DType::kFloat8E4M3FN, NAN))));
  EXPECT_TRUE(std::isinf(decode_narrow(DType::kBfloat16, 0xff80)));
}

TEST(NarrowFloat, DoublesAreRoundedOnce) {
  Tensor tensor(DType::kFloat16, {1});
  tensor.set(0, 1.0 + 0x1p-11 + 0x1p-40);
  EXPECT_EQ(*tensor.data<uint16_t>(), 0x3c01u);
}

}  // namespace
}  // namespace onnxc

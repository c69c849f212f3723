// Every way a tensor's data can be stored.
#include "compiler/frontend/import_tensor.h"

#include <gtest/gtest.h>

#include "compiler/frontend/decode_onnx.h"
#include "compiler/support/diagnostics.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/wire_writer.h"

namespace onnxc {
namespace {

// The decoded tensor's views stay valid while `text` lives.
Tensor import_text(const std::string& text) {
  return import_tensor(decode_tensor(std::as_bytes(std::span(text))), {});
}

std::vector<double> doubles(const WireMessage& message) {
  const std::string text = message.text();
  const Tensor tensor = import_text(text);
  std::vector<double> values;
  for (int64_t i = 0; i < tensor.size(); ++i) values.push_back(tensor.as_double(i));
  return values;
}

std::string error_of(const WireMessage& message) {
  try {
    import_text(message.text());
  } catch (const CompileError& error) {
    return error.what();
  }
  return "no error";
}

using Values = std::vector<double>;

TEST(ImportTensor, RawDataIsAView) {
  const std::string text = wire_tensor("w", 1, {2}).bytes(9, raw({1.0f, -2.0f})).text();
  const Tensor tensor = import_text(text);
  EXPECT_EQ(tensor.bytes().data(),
            reinterpret_cast<const std::byte*>(text.data() + text.size() - 8));
  EXPECT_EQ(tensor.as_double(1), -2.0);
}

TEST(ImportTensor, TypedFieldsPackedAndNot) {
  EXPECT_EQ(doubles(wire_tensor("w", 1, {2}).bytes(4, raw({1.0f, 2.0f}))), (Values{1, 2}));
  EXPECT_EQ(doubles(wire_tensor("w", 1, {2}).fixed32(4, 1.0f).fixed32(4, 2.0f)), (Values{1, 2}));
  EXPECT_EQ(doubles(wire_tensor("w", 11, {2}).bytes(10, raw({1.5, 2.5}))), (Values{1.5, 2.5}));
  EXPECT_EQ(doubles(wire_tensor("w", 7, {2}).varint(7, 300).varint(7, static_cast<uint64_t>(-1))),
            (Values{300, -1}));
  EXPECT_EQ(doubles(wire_tensor("w", 7, {2}).bytes(7, std::string("\xac\x02\x01", 3))),
            (Values{300, 1}));
  EXPECT_EQ(doubles(wire_tensor("w", 13, {1}).varint(11, 4000000000)), (Values{4e9}));
}

TEST(ImportTensor, NarrowTypesStandInInt32Data) {
  EXPECT_EQ(doubles(wire_tensor("w", 3, {1}).varint(5, static_cast<uint64_t>(-5))), (Values{-5}));
  EXPECT_EQ(doubles(wire_tensor("w", 10, {1}).varint(5, 0x3e00)), (Values{1.5}));
  EXPECT_EQ(doubles(wire_tensor("w", 16, {1}).varint(5, 0x3fc0)), (Values{1.5}));
  EXPECT_EQ(doubles(wire_tensor("w", 9, {2}).varint(5, 7).varint(5, 0)), (Values{1, 0}));
  EXPECT_EQ(doubles(wire_tensor("w", 17, {1}).varint(5, 0x3c)), (Values{1.5}));
}

TEST(ImportTensor, TypesBelowEightBitsAreUnpacked) {
  EXPECT_EQ(doubles(wire_tensor("w", 22, {3}).bytes(9, std::string("\x8f\x07", 2))),
            (Values{-1, -8, 7}));
  EXPECT_EQ(doubles(wire_tensor("w", 21, {3}).bytes(9, std::string("\x8f\x07", 2))),
            (Values{15, 8, 7}));
  EXPECT_EQ(doubles(wire_tensor("w", 22, {3}).varint(5, 0x8f).varint(5, 0x07)),
            (Values{-1, -8, 7}));
  EXPECT_EQ(doubles(wire_tensor("w", 26, {5}).bytes(9, std::string("\xe4\x01", 2))),
            (Values{0, 1, -2, -1, 1}));
  EXPECT_EQ(doubles(wire_tensor("w", 25, {5}).bytes(9, std::string("\xe4\x01", 2))),
            (Values{0, 1, 2, 3, 1}));
  EXPECT_EQ(doubles(wire_tensor("w", 23, {2}).bytes(9, std::string("\x92", 1))), (Values{1, -0.5}));
}

TEST(ImportTensor, RawBoolsBecomeZeroOrOne) {
  const Tensor tensor =
      import_text(wire_tensor("w", 9, {3}).bytes(9, std::string("\x00\x02\x01", 3)).text());
  EXPECT_EQ(tensor.as_int64s(), (std::vector<int64_t>{0, 1, 1}));
}

TEST(ImportTensor, StringsAndEmptyTensors) {
  EXPECT_EQ(import_text(wire_tensor("w", 8, {2}).bytes(6, "a").bytes(6, "").text()).strings(),
            (std::vector<std::string>{"a", ""}));
  EXPECT_EQ(import_text(wire_tensor("w", 1, {0, 3}).text()).size(), 0);
}

TEST(ImportTensor, MismatchesAreNamed) {
  EXPECT_EQ(error_of(wire_tensor("w", 1, {2}).bytes(9, "123")),
            "raw_data has 3 bytes, but float[2] needs 8");
  EXPECT_EQ(error_of(wire_tensor("w", 1, {2}).fixed32(4, 1)),
            "float_data has 4 bytes, but float[2] needs 8");
  EXPECT_EQ(error_of(wire_tensor("w", 7, {2}).varint(7, 1)),
            "int64_data has fewer values than int64[2] needs");
  EXPECT_EQ(error_of(wire_tensor("w", 7, {1}).varint(7, 1).varint(7, 1)),
            "int64_data has 2 values, but int64[1] needs 1");
  EXPECT_EQ(error_of(wire_tensor("w", 1, {2})), "float_data has 0 bytes, but float[2] needs 8");
  EXPECT_EQ(error_of(wire_tensor("w", 99, {2})), "unknown element type 99");
  EXPECT_EQ(error_of(wire_tensor("w", 0, {2})), "unknown element type 0");
  EXPECT_EQ(error_of(wire_tensor("w", 1, {-2})), "shape [-2] has a negative dimension");
  EXPECT_EQ(error_of(wire_tensor("w", 1, {int64_t{1} << 40, int64_t{1} << 40})),
            "shape [1099511627776,1099511627776] has more elements than any memory holds");
  EXPECT_EQ(error_of(wire_tensor("w", 8, {2}).bytes(9, "12")),
            "strings cannot be stored as raw_data");
  EXPECT_EQ(error_of(wire_tensor("w", 8, {2}).bytes(6, "12")),
            "string_data has 1 values, but string[2] needs 2");
  EXPECT_EQ(error_of(wire_tensor("w", 1, {1}).message(3, WireMessage().varint(1, 0))),
            "tensors in segments are not supported");
}

ProtoSparseTensor sparse(Tensor values, Tensor indices, std::vector<int64_t> dims) {
  ProtoSparseTensor result;
  result.values.value = std::move(values);
  result.indices.value = std::move(indices);
  result.dims = std::move(dims);
  return result;
}

TEST(ImportTensor, SparseBecomesDense) {
  const Tensor values = Tensor::of(DType::kInt32, {2}, std::vector<int32_t>{5, 6});
  EXPECT_EQ(import_sparse_tensor(sparse(values, Tensor::of_int64({1, 5}), {2, 3}), {}).as_int64s(),
            (std::vector<int64_t>{0, 5, 0, 0, 0, 6}));
  EXPECT_EQ(import_sparse_tensor(
                sparse(values, Tensor::of_int64({0, 2, 1, 0}).reshaped({2, 2}), {2, 3}), {})
                .as_int64s(),
            (std::vector<int64_t>{0, 0, 5, 6, 0, 0}));
}

TEST(ImportTensor, SparseMistakesAreNamed) {
  const auto error = [](const ProtoSparseTensor& tensor) -> std::string {
    try {
      import_sparse_tensor(tensor, {});
    } catch (const CompileError& error) {
      return error.what();
    }
    return "no error";
  };
  const Tensor one = Tensor::of(DType::kFloat, {1}, std::vector<float>{5});
  EXPECT_EQ(error(sparse(one, Tensor::of_int64({6}), {2, 3})), "sparse index 6 lies outside [2,3]");
  EXPECT_EQ(error(sparse(one, Tensor::of_int64({0, 3}).reshaped({1, 2}), {2, 3})),
            "sparse index 3 lies outside axis 1");
  EXPECT_EQ(error(sparse(one, Tensor::of_int64({0, 1}), {2, 3})),
            "the indices of a sparse tensor must be int64[1] or int64[1,2], not int64[2]");
  EXPECT_EQ(error(sparse(one, Tensor::of_int64({0}), {1 << 20, 1 << 20})),
            "sparse tensor [1048576,1048576] would take 4398046511104 bytes as a dense one, more "
            "than the limit of "
            "1073741824");
}

TEST(ImportTensor, ExternalDataIsMappedFromTheFolder) {
  const TemporaryFolder folder;
  folder.write("sub/w.bin", "12345678" + raw({1.0f, 2.0f}) + raw({3.0f}));
  ExternalData external(folder.path());
  const auto import = [&](const std::string& offset, const std::string& length) {
    const std::string text =
        wire_tensor("w", 1, {2})
            .varint(14, 1)
            .message(13, WireMessage().bytes(1, "location").bytes(2, "sub/w.bin"))
            .message(13, WireMessage().bytes(1, "offset").bytes(2, offset))
            .message(13, WireMessage().bytes(1, "length").bytes(2, length))
            .text();
    return import_tensor(decode_tensor(std::as_bytes(std::span(text))), {nullptr, &external});
  };
  EXPECT_EQ(import("8", "8").as_double(1), 2.0);
  EXPECT_THROW(import("16", "8"), CompileError);
  EXPECT_THROW(import("8", "4"), CompileError);
  EXPECT_THROW(import("-8", "8"), CompileError);
  EXPECT_THROW(import("18446744073709551615", "8"), CompileError);
}

}  // namespace
}  // namespace onnxc

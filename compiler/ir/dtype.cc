// The element types: sizes, kinds and spellings, one row each.
#include "compiler/ir/dtype.h"

#include <array>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

enum class Kind : uint8_t { kNone, kFloat, kSigned, kUnsigned };

struct Row {
  std::string_view name;
  std::string_view cpp_name;
  uint8_t bytes;
  uint8_t file_bits;
  Kind kind;
};

constexpr std::array<Row, 27> kRows = {{
    {"undefined", "void", 0, 0, Kind::kNone},
    {"float", "float", 4, 32, Kind::kFloat},
    {"uint8", "uint8_t", 1, 8, Kind::kUnsigned},
    {"int8", "int8_t", 1, 8, Kind::kSigned},
    {"uint16", "uint16_t", 2, 16, Kind::kUnsigned},
    {"int16", "int16_t", 2, 16, Kind::kSigned},
    {"int32", "int32_t", 4, 32, Kind::kSigned},
    {"int64", "int64_t", 8, 64, Kind::kSigned},
    {"string", "String", 16, 128, Kind::kNone},
    {"bool", "bool", 1, 8, Kind::kNone},
    {"float16", "uint16_t", 2, 16, Kind::kFloat},
    {"double", "double", 8, 64, Kind::kFloat},
    {"uint32", "uint32_t", 4, 32, Kind::kUnsigned},
    {"uint64", "uint64_t", 8, 64, Kind::kUnsigned},
    {"complex64", "float", 8, 64, Kind::kNone},
    {"complex128", "double", 16, 128, Kind::kNone},
    {"bfloat16", "uint16_t", 2, 16, Kind::kFloat},
    {"float8e4m3fn", "uint8_t", 1, 8, Kind::kFloat},
    {"float8e4m3fnuz", "uint8_t", 1, 8, Kind::kFloat},
    {"float8e5m2", "uint8_t", 1, 8, Kind::kFloat},
    {"float8e5m2fnuz", "uint8_t", 1, 8, Kind::kFloat},
    {"uint4", "uint8_t", 1, 4, Kind::kUnsigned},
    {"int4", "int8_t", 1, 4, Kind::kSigned},
    {"float4e2m1", "uint8_t", 1, 4, Kind::kFloat},
    {"float8e8m0", "uint8_t", 1, 8, Kind::kFloat},
    {"uint2", "uint8_t", 1, 2, Kind::kUnsigned},
    {"int2", "int8_t", 1, 2, Kind::kSigned},
}};

const Row& row(DType type) {
  const auto index = static_cast<size_t>(type);
  ONNXC_CHECK(index < kRows.size(), "no element type has the number {}", index);
  return kRows[index];
}

}  // namespace

size_t byte_size(DType type) { return row(type).bytes; }
size_t file_bits(DType type) { return row(type).file_bits; }
bool is_float(DType type) { return row(type).kind == Kind::kFloat; }
bool is_integer(DType type) {
  return row(type).kind == Kind::kSigned || row(type).kind == Kind::kUnsigned;
}
bool is_signed(DType type) { return row(type).kind == Kind::kSigned; }
std::string_view name(DType type) { return row(type).name; }
std::string_view cpp_name(DType type) { return row(type).cpp_name; }

std::optional<DType> dtype_of(int onnx_number) {
  if (onnx_number <= 0 || onnx_number >= static_cast<int>(kRows.size())) return std::nullopt;
  return static_cast<DType>(onnx_number);
}

}  // namespace onnxc

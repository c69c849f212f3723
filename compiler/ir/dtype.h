// Element types, numbered as in ONNX's TensorProto.DataType.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace onnxc {

enum class DType : uint8_t {
  kUndefined = 0,
  kFloat = 1,
  kUint8 = 2,
  kInt8 = 3,
  kUint16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kString = 8,
  kBool = 9,
  kFloat16 = 10,
  kDouble = 11,
  kUint32 = 12,
  kUint64 = 13,
  kComplex64 = 14,
  kComplex128 = 15,
  kBfloat16 = 16,
  kFloat8E4M3FN = 17,
  kFloat8E4M3FNUZ = 18,
  kFloat8E5M2 = 19,
  kFloat8E5M2FNUZ = 20,
  kUint4 = 21,
  kInt4 = 22,
  kFloat4E2M1 = 23,
  kFloat8E8M0 = 24,
  kUint2 = 25,
  kInt2 = 26,
};

// Bytes of one element in memory. Types below 8 bits take one byte an element in memory (packed
// only in files).
size_t byte_size(DType type);
// Bits of one element in an ONNX file: 4 for the 4-bit types, 2 for the 2-bit ones, else 8 *
// byte_size.
size_t file_bits(DType type);

bool is_float(DType type);              // any floating-point type, narrow ones included
bool is_integer(DType type);            // signed or unsigned, not bool
bool is_signed(DType type);             // signed integer
std::string_view name(DType type);      // "float", "int64", ... as in ONNX's text form
std::string_view cpp_name(DType type);  // "float", "int64_t", ... as in emitted code
// The type of that ONNX number, or nothing if it is not one.
std::optional<DType> dtype_of(int onnx_number);

}  // namespace onnxc

// NumPy's .npy files to tensors and back.
#pragma once

#include <optional>
#include <string>

#include "compiler/ir/dtype.h"
#include "compiler/ir/tensor.h"

namespace onnxc {

// Reads either byte order, C and Fortran order. Element types that NumPy has no name for are
// written as their bits (bfloat16 as void of 2 bytes, float8 as void of 1 byte, types below 8 bits
// as int8 or uint8); `expected` tells what such bits mean. Any other mismatch with `expected` is
// left to the caller. Throws CompileError starting with `path`.
Tensor read_npy(const std::string& path, std::optional<DType> expected = std::nullopt);

// The content of a .npy file, version 1.0; strings as fixed-width UTF-32.
std::string npy_bytes(const Tensor& tensor);

// Replaces the file in one step.
void write_npy(const std::string& path, const Tensor& tensor);

}  // namespace onnxc

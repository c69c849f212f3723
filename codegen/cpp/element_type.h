// Element types as the emitted source spells them.
#pragma once

#include <string_view>

#include "compiler/ir/dtype.h"

namespace onnxc {

// "float", "int64_t", "Float16", ...: what kernels and loop nests see. CompileError for types that
// the C++ backend does not know yet.
std::string_view element_type(DType type);
// A 16-bit float that kernels hold as a struct and widen to compute.
bool is_half(DType type);

}  // namespace onnxc

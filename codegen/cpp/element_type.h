// Element types as the emitted source spells them.
#pragma once

#include <string_view>

#include "compiler/ir/dtype.h"

namespace onnxc {

// "float", "int64_t", "Float16", ...: what kernels and loop nests see; elements below 8 bits take a
// byte. CompileError for types that the C++ backend does not know yet.
std::string_view element_type(DType type);
// A float of 16 or fewer bits, which is held as a struct and widened to compute.
bool is_narrow_float(DType type);
// The header of templates/ that defines the type; empty for types of C++.
std::string_view element_header(DType type);

}  // namespace onnxc

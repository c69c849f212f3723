// Element types as the emitted source spells them.
#include "codegen/cpp/element_type.h"

#include "compiler/support/diagnostics.h"

namespace onnxc {

bool is_half(DType type) { return type == DType::kFloat16 || type == DType::kBfloat16; }

std::string_view element_type(DType type) {
  if (type == DType::kFloat16) return "Float16";
  if (type == DType::kBfloat16) return "BFloat16";
  const bool narrow_float = is_float(type) && byte_size(type) == 1;
  const bool complex = type == DType::kComplex64 || type == DType::kComplex128;
  if (narrow_float || complex || type == DType::kString || file_bits(type) < 8) {
    throw CompileError("element type {} is not supported in generated code", name(type));
  }
  return cpp_name(type);
}

}  // namespace onnxc

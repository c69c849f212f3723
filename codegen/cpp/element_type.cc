// Element types as the emitted source spells them.
#include "codegen/cpp/element_type.h"

#include "compiler/support/diagnostics.h"

namespace onnxc {

bool is_narrow_float(DType type) { return is_float(type) && byte_size(type) < 4; }

std::string_view element_type(DType type) {
  switch (type) {
    case DType::kFloat16:
      return "Float16";
    case DType::kBfloat16:
      return "BFloat16";
    case DType::kFloat8E4M3FN:
      return "Float8E4M3FN";
    case DType::kFloat8E4M3FNUZ:
      return "Float8E4M3FNUZ";
    case DType::kFloat8E5M2:
      return "Float8E5M2";
    case DType::kFloat8E5M2FNUZ:
      return "Float8E5M2FNUZ";
    case DType::kFloat4E2M1:
      return "Float4E2M1";
    case DType::kFloat8E8M0:
      return "Float8E8M0";
    case DType::kString:
      return "String";
    case DType::kComplex64:
    case DType::kComplex128:
      throw CompileError("element type {} is not supported in generated code", name(type));
    default:
      return cpp_name(type);
  }
}

std::string_view element_header(DType type) {
  if (type == DType::kString) return "templates/common/string.h";
  if (is_float(type) && byte_size(type) == 1) return "templates/common/float8.h";
  return is_narrow_float(type) ? "templates/common/narrow_float.h" : "";
}

}  // namespace onnxc

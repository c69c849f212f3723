// ONNX's textual syntax (onnx/docs/Syntax.md) to plain structs.
#pragma once

#include <string_view>

#include "compiler/frontend/onnx_proto.h"

namespace onnxc {

// A model with its functions; tensors are complete (ProtoTensor::value) or external. Throws
// CompileError with line and column.
ProtoModel parse_onnx_text(std::string_view text);

}  // namespace onnxc

// ONNX models in protobuf's two text forms, turned into the binary form.
#pragma once

#include <string>
#include <string_view>

namespace onnxc {

// Throw CompileError with line and column where the text is broken. Fields that the installed ONNX
// does not know are skipped.
std::string binary_from_protobuf_text(std::string_view text);
std::string binary_from_protobuf_json(std::string_view text);

}  // namespace onnxc

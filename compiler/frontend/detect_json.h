// Which of the formats that are spelled in JSON a text is.
#pragma once

#include <string_view>

#include "compiler/frontend/detect_format.h"

namespace onnxc {

// Reads only as far as it must. Throws CompileError saying what else the JSON seems to be, or where
// it is broken.
FileFormat detect_json(std::string_view text);

}  // namespace onnxc

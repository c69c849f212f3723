// What a file is, told by its content and never by its name.
#pragma once

#include "compiler/frontend/wire.h"

namespace onnxc {

enum class FileFormat { kOnnx, kOnnxText, kProtobufText, kProtobufJson, kNumrs, kNumrsCheckpoint };

// Throws CompileError saying what the file seems to be when it is none of these.
FileFormat detect_format(Bytes bytes);

}  // namespace onnxc

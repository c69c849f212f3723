// Binary ONNX messages to plain structs, without copying tensor payloads.
#pragma once

#include "compiler/frontend/onnx_proto.h"

namespace onnxc {

// `bytes` must outlive the result, whose tensors point into them. Throws CompileError where the
// encoding is broken.
ProtoModel decode_model(Bytes bytes);
ProtoTensor decode_tensor(Bytes bytes);

}  // namespace onnxc

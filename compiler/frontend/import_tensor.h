// ONNX tensors in any of their encodings to constants.
#pragma once

#include <memory>

#include "compiler/frontend/external_data.h"
#include "compiler/frontend/onnx_proto.h"
#include "compiler/ir/tensor.h"

namespace onnxc {

// What tensors of one model need to be read.
struct TensorSource {
  std::shared_ptr<const void> owner;  // keeps the decoded bytes alive
  ExternalData* external = nullptr;
};

// Largest dense form of a sparse tensor, in bytes.
inline constexpr uint64_t kMaxDenseBytes = uint64_t{1} << 30;

// Bytes as they are stored become views; packed integers and types below 8 bits are unpacked.
// Throws CompileError when type, dimensions and data do not fit each other.
Tensor import_tensor(const ProtoTensor& tensor, const TensorSource& source);

// Zeros where the sparse tensor has no value.
Tensor import_sparse_tensor(const ProtoSparseTensor& tensor, const TensorSource& source);

}  // namespace onnxc

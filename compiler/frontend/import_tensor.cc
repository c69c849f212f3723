// Type, dimensions and data of a tensor are checked against each other before anything is
// allocated.
#include "compiler/frontend/import_tensor.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

uint64_t checked_count(const std::vector<int64_t>& dims) {
  uint64_t count = 1;
  for (const int64_t dim : dims) {
    if (dim < 0) throw CompileError("shape [{}] has a negative dimension", fmt::join(dims, ","));
    if (__builtin_mul_overflow(count, static_cast<uint64_t>(dim), &count) ||
        count > (uint64_t{1} << 56)) {
      throw CompileError("shape [{}] has more elements than any memory holds",
                         fmt::join(dims, ","));
    }
  }
  return count;
}

DType checked_type(int data_type) {
  const auto type = dtype_of(data_type);
  if (!type) throw CompileError("unknown element type {}", data_type);
  return *type;
}

uint64_t file_bytes(DType type, uint64_t count) { return (count * file_bits(type) + 7) / 8; }

Tensor from_stored_bytes(DType type, const std::vector<int64_t>& dims, Bytes bytes,
                         std::shared_ptr<const void> owner) {
  if (file_bits(type) < 8) return unpack_bits(type, dims, bytes);
  Tensor tensor(type, dims, bytes, std::move(owner));
  const auto is_truth = [](std::byte value) { return value <= std::byte{1}; };
  if (type != DType::kBool || std::all_of(bytes.begin(), bytes.end(), is_truth)) return tensor;
  std::byte* values = tensor.mutable_bytes();
  std::transform(bytes.begin(), bytes.end(), values,
                 [](std::byte value) { return value == std::byte{0} ? value : std::byte{1}; });
  return tensor;
}

// Which typed field holds values of `type`, and how its elements are encoded.
struct TypedField {
  const char* name;
  const std::vector<Bytes>* runs;
  bool varint;
};

TypedField typed_field(DType type, const ProtoTensor& tensor) {
  switch (type) {
    case DType::kFloat:
    case DType::kComplex64:
      return {"float_data", &tensor.float_data, false};
    case DType::kDouble:
    case DType::kComplex128:
      return {"double_data", &tensor.double_data, false};
    case DType::kInt64:
      return {"int64_data", &tensor.int64_data, true};
    case DType::kUint32:
    case DType::kUint64:
      return {"uint64_data", &tensor.uint64_data, true};
    default:
      return {"int32_data", &tensor.int32_data, true};
  }
}

Tensor from_fixed_runs(DType type, const ProtoTensor& tensor, const TypedField& field,
                       uint64_t count, const TensorSource& source) {
  uint64_t total = 0;
  for (const Bytes run : *field.runs) total += run.size();
  if (total != count * byte_size(type)) {
    throw CompileError("{} has {} bytes, but {}[{}] needs {}", field.name, total, name(type),
                       fmt::join(tensor.dims, ","), count * byte_size(type));
  }
  if (field.runs->size() == 1) return Tensor(type, tensor.dims, field.runs->front(), source.owner);
  Tensor result(type, tensor.dims);
  std::byte* out = result.mutable_bytes();
  for (const Bytes run : *field.runs) out = std::copy(run.begin(), run.end(), out);
  return result;
}

// Low bytes of every integer, one element after the other (elements below 8 bits come packed in
// bytes).
Tensor from_varint_runs(DType type, const ProtoTensor& tensor, const TypedField& field,
                        uint64_t count) {
  const size_t width = byte_size(type);
  const uint64_t expected = file_bits(type) < 8 ? file_bytes(type, count) : count;
  uint64_t available = 0;
  for (const Bytes run : *field.runs) available += run.size();
  if (available < expected) {
    throw CompileError("{} has fewer values than {}[{}] needs", field.name, name(type),
                       fmt::join(tensor.dims, ","));
  }
  std::vector<std::byte> bytes;
  bytes.reserve(expected * width);
  uint64_t found = 0;
  for (const Bytes run : *field.runs) {
    for (int64_t value : unpack_varints(run)) {
      ++found;
      if (type == DType::kBool) value = value != 0;
      const auto* low = reinterpret_cast<const std::byte*>(&value);
      bytes.insert(bytes.end(), low, low + width);
    }
  }
  if (found != expected) {
    throw CompileError("{} has {} values, but {}[{}] needs {}", field.name, found, name(type),
                       fmt::join(tensor.dims, ","), expected);
  }
  if (file_bits(type) < 8) return unpack_bits(type, tensor.dims, bytes);
  Tensor result(type, tensor.dims);
  if (!bytes.empty()) std::memcpy(result.mutable_bytes(), bytes.data(), bytes.size());
  return result;
}

Tensor import_strings(const ProtoTensor& tensor, uint64_t count) {
  if (tensor.raw_data) throw CompileError("strings cannot be stored as raw_data");
  if (tensor.string_data.size() != count) {
    throw CompileError("string_data has {} values, but string[{}] needs {}",
                       tensor.string_data.size(), fmt::join(tensor.dims, ","), count);
  }
  return Tensor::of_strings(tensor.dims, tensor.string_data);
}

}  // namespace

Tensor import_tensor(const ProtoTensor& tensor, const TensorSource& source) {
  if (tensor.value) return *tensor.value;
  const DType type = checked_type(tensor.data_type);
  const uint64_t count = checked_count(tensor.dims);
  if (tensor.has_segment) throw CompileError("tensors in segments are not supported");
  if (type == DType::kString) return import_strings(tensor, count);
  const uint64_t stored = file_bytes(type, count);
  if (tensor.is_external) {
    if (!source.external) throw CompileError("external data is not allowed here");
    const ExternalData::View view = source.external->view(tensor.external_data, stored);
    return from_stored_bytes(type, tensor.dims, view.bytes, view.owner);
  }
  if (tensor.raw_data) {
    if (tensor.raw_data->size() != stored) {
      throw CompileError("raw_data has {} bytes, but {}[{}] needs {}", tensor.raw_data->size(),
                         name(type), fmt::join(tensor.dims, ","), stored);
    }
    return from_stored_bytes(type, tensor.dims, *tensor.raw_data, source.owner);
  }
  const TypedField field = typed_field(type, tensor);
  return field.varint ? from_varint_runs(type, tensor, field, count)
                      : from_fixed_runs(type, tensor, field, count, source);
}

Tensor import_sparse_tensor(const ProtoSparseTensor& tensor, const TensorSource& source) {
  const Tensor values = import_tensor(tensor.values, source);
  const Tensor indices = import_tensor(tensor.indices, source);
  const uint64_t count = checked_count(tensor.dims);
  const auto rank = static_cast<int64_t>(tensor.dims.size());
  const size_t width = byte_size(values.type());
  if (values.dims().size() != 1)
    throw CompileError("the values of a sparse tensor must have one dimension");
  if (width == 0) throw CompileError("sparse tensors of {} are not supported", name(values.type()));
  if (count * width > kMaxDenseBytes) {
    throw CompileError(
        "sparse tensor [{}] would take {} bytes as a dense one, more than the limit of {}",
        fmt::join(tensor.dims, ","), count * width, kMaxDenseBytes);
  }
  const int64_t entries = values.dims()[0];
  const bool linear = indices.dims() == std::vector<int64_t>{entries};
  if (indices.type() != DType::kInt64 ||
      (!linear && indices.dims() != std::vector<int64_t>{entries, rank})) {
    throw CompileError(
        "the indices of a sparse tensor must be int64[{0}] or int64[{0},{1}], not {2}[{3}]",
        entries, rank, name(indices.type()), fmt::join(indices.dims(), ","));
  }
  Tensor dense(values.type(), tensor.dims);
  std::byte* out = dense.mutable_bytes();
  for (int64_t entry = 0; entry < entries; ++entry) {
    int64_t position = linear ? indices.as_int64(entry) : 0;
    for (int64_t axis = 0; !linear && axis < rank; ++axis) {
      const int64_t size = tensor.dims[static_cast<size_t>(axis)];
      const int64_t index = indices.as_int64(entry * rank + axis);
      if (index < 0 || index >= size)
        throw CompileError("sparse index {} lies outside axis {}", index, axis);
      position = position * size + index;
    }
    if (position < 0 || position >= static_cast<int64_t>(count)) {
      throw CompileError("sparse index {} lies outside [{}]", position,
                         fmt::join(tensor.dims, ","));
    }
    std::memcpy(out + static_cast<size_t>(position) * width,
                values.bytes().data() + static_cast<size_t>(entry) * width, width);
  }
  return dense;
}

}  // namespace onnxc

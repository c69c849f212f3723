// Packing and unpacking of boxes.
#include "compiler/frontend/containers.h"

#include <algorithm>
#include <cstring>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

using Kind = TestValue::Kind;
using Dims = std::vector<int64_t>;

bool has_open_size(const OnnxType& type) {
  return std::any_of(type.shape->begin(), type.shape->end(),
                     [](const OnnxDim& d) { return !d.value; });
}

// Copies the corner of `dims` from one row-major block to another, one element after the other.
void copy_corner(const std::byte* from, const Dims& from_dims, std::byte* to, const Dims& to_dims,
                 const Dims& dims, size_t element) {
  int64_t count = 1;
  for (const int64_t d : dims) count *= d;
  for (int64_t i = 0; i < count; ++i) {
    int64_t rest = i, source = 0, target = 0, source_step = 1, target_step = 1;
    for (size_t k = dims.size(); k-- > 0; rest /= dims[k]) {
      source += rest % dims[k] * source_step;
      target += rest % dims[k] * target_step;
      source_step *= from_dims[k];
      target_step *= to_dims[k];
    }
    std::memcpy(to + static_cast<size_t>(target) * element,
                from + static_cast<size_t>(source) * element, element);
  }
}

std::vector<Tensor> flattened_sequence(const TestValue& value, const OnnxType& type) {
  const OnnxType& element = *type.element;
  if (!element.shape) {
    if (!value.elements.empty())
      throw CompileError("a sequence of elements whose rank the model leaves open is not empty");
    return {Tensor(element.dtype, {0})};
  }
  const size_t rank = element.shape->size();
  Dims box(rank, 1);
  for (size_t k = 0; k < rank; ++k) {
    if ((*element.shape)[k].value) box[k] = *(*element.shape)[k].value;
  }
  const auto length = static_cast<int64_t>(value.elements.size());
  Tensor shapes(DType::kInt64, {length, static_cast<int64_t>(rank)});
  for (size_t i = 0; i < value.elements.size(); ++i) {
    const Dims& dims = value.elements[i].tensor.dims();
    if (dims.size() != rank)
      throw CompileError("element {} of a sequence has rank {}, expected {}", i, dims.size(), rank);
    for (size_t k = 0; k < rank; ++k) {
      box[k] = std::max(box[k], dims[k]);
      shapes.set_int64(static_cast<int64_t>(i * rank + k), dims[k]);
    }
  }
  Dims all{length};
  all.insert(all.end(), box.begin(), box.end());
  Tensor boxes(element.dtype, all);
  const size_t stride = length > 0 ? boxes.byte_count() / static_cast<size_t>(length) : 0;
  std::byte* to = boxes.mutable_bytes();
  for (const TestValue& v : value.elements) {
    if (v.tensor.type() != element.dtype)
      throw CompileError("an element of a sequence is {}, expected {}", name(v.tensor.type()),
                         name(element.dtype));
    copy_corner(v.tensor.bytes().data(), v.tensor.dims(), to, box, v.tensor.dims(),
                byte_size(element.dtype));
    to += stride;
  }
  if (!has_open_size(element)) return {boxes};
  return {boxes, shapes};
}

TestValue unpacked(const Tensor& boxes, const Tensor* shapes) {
  TestValue value;
  value.kind = Kind::kSequence;
  const Dims box(boxes.dims().begin() + 1, boxes.dims().end());
  const auto rank = static_cast<int64_t>(box.size());
  const int64_t length = boxes.dims()[0];
  const size_t stride = length > 0 ? boxes.byte_count() / static_cast<size_t>(length) : 0;
  for (int64_t i = 0; i < length; ++i) {
    Dims dims = box;
    for (int64_t k = 0; shapes && k < rank; ++k)
      dims[static_cast<size_t>(k)] = shapes->as_int64(i * rank + k);
    Dims in_box = dims;
    std::replace(in_box.begin(), in_box.end(), int64_t{-1}, int64_t{1});
    std::erase(dims, -1);
    TestValue element;
    element.tensor = Tensor(boxes.type(), dims);
    copy_corner(boxes.bytes().data() + static_cast<size_t>(i) * stride, box,
                element.tensor.mutable_bytes(), in_box, in_box, byte_size(boxes.type()));
    value.elements.push_back(std::move(element));
  }
  return value;
}

OnnxType* element_type_of(OnnxType& type) {
  OnnxType* inner = &type;
  while (inner->element) inner = inner->element.get();
  return inner;
}

// The first tensor in it; null if there is none.
const Tensor* first_tensor(const TestValue& value) {
  if (value.kind == Kind::kTensor) return &value.tensor;
  return value.elements.empty() ? nullptr : first_tensor(value.elements[0]);
}

}  // namespace

std::vector<Tensor> flattened(const TestValue& value, const OnnxType& type) {
  if (type.kind == OnnxType::Kind::kSequence) {
    if (value.kind != Kind::kSequence) throw CompileError("a sequence is expected");
    return flattened_sequence(value, type);
  }
  if (type.kind != OnnxType::Kind::kOptional) {
    if (value.kind == Kind::kTensor) return {value.tensor};
    if (value.kind == Kind::kOptional && value.elements.size() == 1 &&
        value.elements[0].kind == Kind::kTensor)
      return {value.elements[0].tensor};
    throw CompileError("a tensor is expected");
  }
  TestValue content;
  const bool present = value.kind != Kind::kOptional || !value.elements.empty();
  if (present) {
    content = value.kind == Kind::kOptional ? value.elements[0] : value;
  } else if (type.element->kind == OnnxType::Kind::kSequence) {
    content.kind = Kind::kSequence;
  } else {
    Dims dims;
    for (const OnnxDim& d : type.element->shape.value_or(std::vector<OnnxDim>{}))
      dims.push_back(d.value.value_or(1));
    content.tensor = Tensor(type.element->dtype, dims);
  }
  std::vector<Tensor> parts = flattened(content, *type.element);
  parts.push_back(Tensor::of(DType::kBool, {}, std::vector<int64_t>{present ? 1 : 0}));
  return parts;
}

TestValue assembled(const OnnxValueInfo& info, const std::vector<std::string>& names,
                    const std::vector<Tensor>& tensors, size_t& next) {
  TestValue value;
  const OnnxType& type = info.type;
  const bool optional = type.kind == OnnxType::Kind::kOptional;
  const OnnxType::Kind kind = optional && type.element ? type.element->kind : type.kind;
  const Tensor& content = tensors.at(next++);
  if (kind == OnnxType::Kind::kSequence) {
    const bool has_shapes = next < names.size() && names[next] == info.name + "_shapes";
    value = unpacked(content, has_shapes ? &tensors.at(next++) : nullptr);
  } else {
    value.tensor = content;
  }
  if (!optional) return value;
  TestValue holder;
  holder.kind = Kind::kOptional;
  if (tensors.at(next++).as_int64(0) != 0) holder.elements.push_back(std::move(value));
  return holder;
}

std::set<std::string> empty_sizes(const OnnxGraph& graph, const TestDataSet& set) {
  std::set<std::string> names;
  for (size_t i = 0; i < graph.inputs.size() && i < set.inputs.size(); ++i) {
    const OnnxType& type = graph.inputs[i].type;
    if (set.inputs[i].empty() || type.kind != OnnxType::Kind::kTensor || !type.shape) continue;
    const Dims dims = read_test_value(set.inputs[i], type).tensor.dims();
    for (size_t k = 0; k < dims.size() && k < type.shape->size(); ++k) {
      if (dims[k] == 0 && !(*type.shape)[k].symbol.empty()) names.insert((*type.shape)[k].symbol);
    }
  }
  return names;
}

void complete_types(OnnxGraph& graph, const TestDataSet& set) {
  for (size_t i = 0; i < graph.inputs.size() && i < set.inputs.size(); ++i) {
    OnnxType& type = graph.inputs[i].type;
    if (set.inputs[i].empty() ||
        (type.kind != OnnxType::Kind::kSequence && type.kind != OnnxType::Kind::kOptional))
      continue;
    const TestValue value = read_test_value(set.inputs[i], type);
    OnnxType& element = *element_type_of(type);
    const Tensor* recorded = first_tensor(value);
    if (!recorded) {
      const bool of_sequence = type.kind == OnnxType::Kind::kSequence ||
                               (type.element && type.element->kind == OnnxType::Kind::kSequence);
      if (of_sequence && element.shape && element.shape->empty()) element.shape.reset();
      continue;
    }
    if (element.shape && element.shape->size() == recorded->dims().size()) continue;
    element.shape = std::vector<OnnxDim>(recorded->dims().size());
  }
}

}  // namespace onnxc

// Builds calls of kernels.
#include "compiler/ops/kernel_step.h"

#include <algorithm>

namespace onnxc {

KernelStep& KernelStep::input(Value* value) {
  if (!value) {
    call_.arguments.emplace_back(KernelCall::Input{-1});
    return *this;
  }
  call_.arguments.emplace_back(KernelCall::Input{static_cast<int>(inputs_.size())});
  inputs_.push_back(value);
  return *this;
}

KernelStep& KernelStep::output(size_t k, DType type, Shape shape) {
  if (!x_.wants_output(k)) {
    call_.arguments.emplace_back(KernelCall::Output{-1});
    return *this;
  }
  call_.arguments.emplace_back(KernelCall::Output{static_cast<int>(results_.size())});
  results_.push_back({x_.node().outputs[k], type, std::move(shape)});
  node_outputs_.push_back(static_cast<int>(k));
  return *this;
}

KernelStep& KernelStep::temporary(const std::string& part, DType type, Shape shape) {
  call_.arguments.emplace_back(KernelCall::Output{static_cast<int>(results_.size())});
  results_.push_back({x_.part_name(part), type, std::move(shape)});
  node_outputs_.push_back(-1);
  return *this;
}

KernelStep& KernelStep::size(const Dim& value) {
  call_.arguments.emplace_back(value);
  return *this;
}

KernelStep& KernelStep::sizes(std::vector<Dim> values) {
  call_.arguments.emplace_back(std::move(values));
  return *this;
}

KernelStep& KernelStep::code(std::string text) {
  call_.arguments.emplace_back(KernelCall::Code{std::move(text)});
  return *this;
}

KernelStep& KernelStep::scratch(const Dim& bytes) {
  call_.arguments.emplace_back(KernelCall::Scratch{});
  call_.scratch_bytes = bytes;
  return *this;
}

KernelStep& KernelStep::result(SymbolRef symbol) {
  call_.result = std::move(symbol);
  return *this;
}

std::vector<Value*> KernelStep::build() {
  const Node* node = x_.graph().add_node(std::move(call_), inputs_, results_, x_.origins());
  for (size_t i = 0; i < node->outputs.size(); ++i) {
    if (node_outputs_[i] >= 0) x_.output(node_outputs_[i], node->outputs[i]);
  }
  return node->outputs;
}

AxisSplit split_at(const Shape& shape, int axis) {
  return {product({shape.begin(), shape.begin() + axis}), shape[axis],
          product({shape.begin() + axis + 1, shape.end()})};
}

}  // namespace onnxc

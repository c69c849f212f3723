// One call of a kernel under construction: its arguments in order, and the outputs it fills.
#pragma once

#include <string>
#include <vector>

#include "compiler/ops/lowering.h"

namespace onnxc {

class KernelStep {
 public:
  KernelStep(Lowering& lowering, std::string kernel, std::string header, std::vector<DType> types)
      : x_(lowering) {
    call_.kernel = std::move(kernel);
    call_.header = std::move(header);
    call_.types = std::move(types);
  }

  KernelStep& input(Value* value);  // null: a null pointer
  // The node's output `k`, if it is wanted; a null pointer otherwise.
  KernelStep& output(size_t k, DType type, Shape shape);
  // A result that is none of the node's outputs.
  KernelStep& temporary(const std::string& part, DType type, Shape shape);
  KernelStep& size(const Dim& value);
  KernelStep& sizes(std::vector<Dim> values);
  KernelStep& code(std::string text);
  KernelStep& scratch(const Dim& bytes);
  KernelStep& result(SymbolRef symbol);

  // Adds the step to the graph and defines the node's outputs; all results in order.
  std::vector<Value*> build();

 private:
  Lowering& x_;
  KernelCall call_;
  std::vector<Value*> inputs_;
  std::vector<Graph::Result> results_;
  std::vector<int> node_outputs_;  // of each result; -1 for a temporary
};

// Sizes before, at and after `axis`, as kernels take them.
struct AxisSplit {
  Dim outer, axis, inner;
};
AxisSplit split_at(const Shape& shape, int axis);

}  // namespace onnxc

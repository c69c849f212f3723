// What a model means: its unoptimised graph, computed in double.
#pragma once

#include <vector>

#include "compiler/compile.h"
#include "compiler/tool/native_model.h"

namespace onnxc {

class ReferenceModel {
 public:
  ReferenceModel(const OnnxModel& model, const Options& options, const Keep& keep = nullptr);

  // Takes inputs of the model's types; outputs that the model calls float are double.
  std::vector<Tensor> run(const std::vector<Tensor>& inputs) const;
  const Graph& graph() const { return compiled_.program.graph; }

 private:
  Compiled compiled_;
  NativeModel native_;
};

// The elements converted to `type`.
Tensor rounded_to(const Tensor& tensor, DType type);

}  // namespace onnxc

// Running the reference.
#include "compiler/tool/reference_model.h"

namespace onnxc {

ReferenceModel::ReferenceModel(const OnnxModel& model, const Options& options, const Keep& keep)
    : compiled_(compile_reference(model, options, keep)),
      native_(compiled_, native_available() ? "clang" : "g++", options.march) {}

std::vector<Tensor> ReferenceModel::run(const std::vector<Tensor>& inputs) const {
  std::vector<Tensor> wide;
  for (const Tensor& input : inputs) {
    wide.push_back(
        rounded_to(input, input.type() == DType::kFloat ? DType::kDouble : input.type()));
  }
  NativeModel::Call call(native_, std::move(wide));
  call.run();
  return call.outputs();
}

Tensor rounded_to(const Tensor& tensor, DType type) {
  if (tensor.type() == type) return tensor;
  Tensor result(type, tensor.dims());
  for (int64_t i = 0; i < tensor.size(); ++i) result.set(i, tensor.as_double(i));
  return result;
}

}  // namespace onnxc

// Building convolution steps: shared by the operators that convolve.
#pragma once

#include <string>
#include <vector>

#include "compiler/ops/lowering.h"
#include "compiler/ops/window.h"

namespace onnxc {

// A convolution under construction: windows, groups and checks from the node's attributes, an
// expression over the sum as its result.
class ConvBuilder {
 public:
  // Convolves `image` [N, C, spatial...] with `weight` [O, C/groups, kernel...], both of one type,
  // as the node's attributes say.
  ConvBuilder(Lowering& lowering, Value* image, Value* weight);
  // As above with windows and groups given.
  ConvBuilder(Lowering& lowering, Value* image, Value* weight, Window window, int64_t groups);

  const Shape& shape() const { return shape_; }  // [N, O, spatial...]
  Dim index(int axis) const { return Dim::index(axis, shape_.at(axis)); }
  E sum() const { return accumulator(image_->type); }
  // For the result: element `at` of `value`, widened to its compute type.
  E load(Value* value, std::vector<Dim> at);
  // The same, broadcast to the shape as numpy does.
  E load(Value* value);
  // The sum plus bias[o] where `bias` is not null.
  E sum_with_bias(Value* bias);
  Value* build(E result, DType type, const std::string& part = "");

 private:
  void check();
  Value* padded(Value* image);

  Lowering& x_;
  Value *image_, *weight_;
  Window window_;
  int64_t groups_;
  Shape shape_;
  std::vector<Value*> inputs_;
};

// Sizes of the weight's kernel axes, compared with the attribute kernel_shape.
std::vector<int64_t> kernel_of(const Lowering& x, const Shape& weight);
// The optional bias input `i`, checked to have `channels` elements; null if it is left out.
Value* bias_input(Lowering& x, size_t i, const Dim& channels);

}  // namespace onnxc

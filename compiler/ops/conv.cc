// Convolution as the core's convolution step.
#include "compiler/ops/conv.h"

#include <algorithm>

#include "compiler/ops/fused_activation.h"
#include "compiler/ops/op.h"

namespace onnxc {

std::vector<int64_t> kernel_of(const Lowering& x, const Shape& weight) {
  const auto sizes = constant_shape(Shape(weight.begin() + 2, weight.end()));
  if (!sizes) throw x.error("the kernel's sizes {} must be known at compile time", text(weight));
  const std::vector<int64_t> declared = x.attribute_ints("kernel_shape", *sizes);
  if (declared != *sizes) {
    throw x.error("kernel_shape is [{}], the weight has shape {}", fmt::join(declared, ","),
                  text(weight));
  }
  return *sizes;
}

Value* bias_input(Lowering& x, size_t i, const Dim& channels) {
  if (!x.has_input(i)) return nullptr;
  const Shape& shape = x.shape(i);
  if (shape.size() != 1 || proves_ne(shape[0], channels)) {
    throw x.error("the bias has shape {}, expected [{}]", text(shape), channels.text());
  }
  return x.input(i);
}

ConvBuilder::ConvBuilder(Lowering& lowering, Value* image, Value* weight)
    : ConvBuilder(lowering, image, weight,
                  read_window(lowering, spatial_of(lowering, image->shape),
                              kernel_of(lowering, weight->shape)),
                  lowering.attribute_int("group", 1)) {}

ConvBuilder::ConvBuilder(Lowering& lowering, Value* image, Value* weight, Window window,
                         int64_t groups)
    : x_(lowering), image_(image), weight_(weight), window_(std::move(window)), groups_(groups) {
  check();
  shape_ = {image->shape[0], weight->shape[0]};
  shape_.insert(shape_.end(), window_.out.begin(), window_.out.end());
  image_ = padded(image);
  inputs_ = {image_, weight_};
}

void ConvBuilder::check() {
  const Shape &image = image_->shape, &weight = weight_->shape;
  if (image.size() != weight.size()) {
    throw x_.error("input {} and weight {} have different ranks", text(image), text(weight));
  }
  if (groups_ < 1) throw x_.error("group is {}, expected a positive number", groups_);
  if (proves_ne(image[1], weight[1] * groups_)) {
    throw x_.error("input has {} channels, expected {}: {} group{} of the weight's {}",
                   image[1].text(), (weight[1] * groups_).text(), groups_, groups_ == 1 ? "" : "s",
                   weight[1].text());
  }
  if (!floor_mod(weight[0], groups_).is(0)) {
    throw x_.error("the weight's {} output channels do not divide into {} groups", weight[0].text(),
                   groups_);
  }
}

// The convolution step takes constant padding; sizes that depend on the image's are padded ahead.
Value* ConvBuilder::padded(Value* image) {
  const bool fixed = std::all_of(window_.pads_begin.begin(), window_.pads_begin.end(),
                                 [](const Dim& d) { return d.is_constant(); }) &&
                     std::all_of(window_.pads_end.begin(), window_.pads_end.end(),
                                 [](const Dim& d) { return d.is_constant(); });
  if (fixed) return image;
  Shape space{image->shape[0], image->shape[1]};
  for (int i = 0; i < window_.rank(); ++i) {
    space.push_back((window_.out[i] - 1) * window_.strides[i] + window_.reach(i));
  }
  MapBuilder map(x_, space);
  std::vector<Dim> at{map.index(0), map.index(1)};
  E within = constant_integer(DType::kBool, 1);
  for (int i = 0; i < window_.rank(); ++i) {
    at.push_back(map.index(2 + i) - window_.pads_begin[i]);
    within = within && inside(at.back(), image->shape[2 + i]);
  }
  Value* result = map.build(select(within, map.load_raw(image, at), 0.0), image->type, "padded");
  window_.pads_begin.assign(window_.rank(), 0);
  window_.pads_end.assign(window_.rank(), 0);
  return result;
}

E ConvBuilder::load(Value* value, std::vector<Dim> at) {
  const auto it = std::find(inputs_.begin() + 2, inputs_.end(), value);
  const int slot = static_cast<int>(it - inputs_.begin());
  if (it == inputs_.end()) inputs_.push_back(value);
  return cast(compute_type(value->type), onnxc::load(slot, value->type, std::move(at)));
}

E ConvBuilder::load(Value* value) {
  std::vector<Dim> at;
  const size_t lead = shape_.size() - value->shape.size();
  for (size_t i = 0; i < value->shape.size(); ++i) {
    at.push_back(value->shape[i].is(1) ? Dim(0) : index(static_cast<int>(lead + i)));
  }
  return load(value, std::move(at));
}

E ConvBuilder::sum_with_bias(Value* bias) { return bias ? sum() + load(bias, {index(1)}) : sum(); }

Value* ConvBuilder::build(E result, DType type, const std::string& part) {
  Conv conv{window_.strides, window_.dilations, {}, {}, groups_, E(), ""};
  for (const Dim& d : window_.pads_begin) conv.pads_begin.push_back(d.value());
  for (const Dim& d : window_.pads_end) conv.pads_end.push_back(d.value());
  result = cast(type, result);
  if (result->kind != Expr::Kind::kAccumulator) conv.finish = result;
  return x_.add(std::move(conv), inputs_, type, shape_, part);
}

namespace {

void conv(Lowering& x) {
  const DType wide = compute_type(x.type(0));
  ConvBuilder builder(x, x.cast_to(x.input(0), wide), x.cast_to(x.input(1), wide));
  Value* bias = bias_input(x, 2, x.shape(1)[0]);
  x.output(0, builder.build(builder.sum_with_bias(bias), x.type(0)));
}

// As Conv, then a sum with input 3 and an activation.
void fused_conv(Lowering& x) {
  const DType wide = compute_type(x.type(0));
  ConvBuilder builder(x, x.cast_to(x.input(0), wide), x.cast_to(x.input(1), wide));
  E y = builder.sum_with_bias(bias_input(x, 2, x.shape(1)[0]));
  if (x.has_input(3)) y = y + builder.load(x.input(3));
  x.output(0, builder.build(fused_activation(x)(y), x.type(0)));
}

}  // namespace

OPS_TABLE(conv){
    {"Conv", 1, "float", conv},
    {"FusedConv", 1, "float", fused_conv, "", "com.microsoft"},
};
OPS_END(conv)

}  // namespace onnxc

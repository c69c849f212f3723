// Quantised arithmetic.
#include <algorithm>

#include "tests/fuzz/builder.h"

namespace onnxc::fuzz {
namespace {

using enum DType;

DType byte_type(Builder& b) { return b.random().one_of({kUint8, kInt8}); }

Operand scale(Builder& b, const Dims& dims = {}) {
  return b.fresh(kFloat, dims, b.fill(0.0625, 0.5, 0.0625));
}

Operand zero_point(Builder& b, DType type, const Dims& dims = {}) {
  return b.fresh(type, dims, is_signed(type) ? b.fill(-9, 9) : b.fill(100, 140));
}

Operand bytes(Builder& b, DType type, const Dims& dims) {
  return b.fresh(type, dims, is_signed(type) ? b.fill(-128, 127) : b.fill(0, 255));
}

bool make_quantize(Builder& b) {
  const Operand x = b.some({kFloat}, 0, 4);
  const DType type = byte_type(b);
  if (x.rank() == 0 || b.random().chance(0.6))
    return b.add("QuantizeLinear", {x, scale(b), zero_point(b, type)});
  const int64_t axis = b.random().between(-x.rank(), x.rank() - 1);
  const Dims dims = {x.dims()[static_cast<size_t>(axis < 0 ? axis + x.rank() : axis)]};
  return b.add("QuantizeLinear", {x, scale(b, dims), zero_point(b, type, dims)}, {{"axis", axis}});
}

bool make_dequantize(Builder& b) {
  const Operand x = b.some({kUint8, kInt8}, 0, 4);
  if (x.rank() == 0 || b.random().chance(0.6))
    return b.add("DequantizeLinear", {x, scale(b), zero_point(b, x.type())});
  const int64_t axis = b.random().between(0, x.rank() - 1);
  const Dims dims = {x.dims()[static_cast<size_t>(axis)]};
  return b.add("DequantizeLinear", {x, scale(b, dims), zero_point(b, x.type(), dims)},
               {{"axis", axis}});
}

bool make_dynamic_quantize(Builder& b) {
  const Operand x = b.some({kFloat}, 1, 3);
  if (x.value.size() == 0) return false;
  return b.add("DynamicQuantizeLinear", {x}, {}, 3);
}

bool make_mat_mul_integer(Builder& b) {
  const Operand x = b.some({kUint8, kInt8}, 2, 3);
  const DType type = byte_type(b);
  const int64_t n = b.size() % 70;
  std::vector<Operand> inputs = {x, bytes(b, type, {x.dims().back(), n})};
  if (b.random().chance(0.6)) inputs.push_back(zero_point(b, x.type()));
  if (inputs.size() == 3 && b.random().chance(0.5)) inputs.push_back(zero_point(b, type));
  return b.add("MatMulInteger", inputs);
}

bool make_qlinear_mat_mul(Builder& b) {
  const Operand x = b.some({kUint8, kInt8}, 2, 3);
  const DType type = byte_type(b), result = x.type();
  const int64_t n = b.size() % 70;
  return b.add(
      "QLinearMatMul",
      {x, scale(b), zero_point(b, x.type()), bytes(b, type, {x.dims().back(), n}), scale(b),
       zero_point(b, type), b.fresh(kFloat, {}, b.fill(8, 64)), zero_point(b, result)});
}

bool make_qlinear_conv(Builder& b) {
  const DType type = byte_type(b), weights = byte_type(b);
  const int64_t in = b.random().one_of<int64_t>({1, 3, 4, 8, 17}),
                out = b.random().one_of<int64_t>({1, 4, 5, 16, 20});
  const int64_t side = b.random().between(3, 9), kernel = b.random().between(1, 3);
  const Operand x = b.like(type, {b.random().between(1, 2), in, side, side + 1});
  const bool depthwise = b.random().chance(0.3);
  const int64_t filters = depthwise ? in : out;
  const Operand w = bytes(b, weights, {filters, depthwise ? 1 : in, kernel, kernel});
  const int64_t pad = b.random().between(0, kernel - 1), stride = b.random().between(1, 2);
  Attributes attributes = {{"pads", std::vector<int64_t>{pad, pad, pad, pad}},
                           {"strides", std::vector<int64_t>{stride, stride}},
                           {"group", depthwise ? in : int64_t{1}}};
  if (b.random().chance(0.3)) return b.add("ConvInteger", {x, w, zero_point(b, type)}, attributes);
  const bool each = b.random().chance(0.5);
  const Dims dims = each ? Dims{filters} : Dims{};
  std::vector<Operand> inputs = {x,
                                 scale(b),
                                 zero_point(b, type),
                                 w,
                                 scale(b, dims),
                                 zero_point(b, weights, dims),
                                 b.fresh(kFloat, {}, b.fill(8, 64)),
                                 zero_point(b, type)};
  if (b.random().chance(0.5)) inputs.push_back(b.fresh(kInt32, {filters}, b.fill(-500, 500)));
  return b.add("QLinearConv", inputs, attributes);
}

// Quantised and back, around a convolution or product, as quantised exports have it.
bool make_fake_quantized_product(Builder& b) {
  const Operand x = b.some({kFloat}, 2, 2);
  const DType type = byte_type(b);
  const Operand s = scale(b), z = zero_point(b, type);
  if (!b.add("QuantizeLinear", {x, s, z}) || !b.add("DequantizeLinear", {b.results()[0], s, z}))
    return false;
  const Operand left = b.results()[0];
  const Operand w = bytes(b, kInt8, {left.dims()[1], b.random().between(1, 20)});
  const Operand zero = b.constant(Tensor(kInt8, {}));
  if (!b.add("DequantizeLinear", {w, scale(b), zero})) return false;
  return b.add("MatMul", {left, b.results()[0]});
}

}  // namespace

const std::vector<Maker>& integer_makers() {
  static const std::vector<Maker> makers = {
      {"quantize", 1.2, make_quantize},
      {"dequantize", 1.5, make_dequantize},
      {"dynamic quantize", 0.4, make_dynamic_quantize},
      {"integer product", 1, make_mat_mul_integer},
      {"quantised product", 1, make_qlinear_mat_mul},
      {"quantised convolution", 1.5, make_qlinear_conv},
      {"fake-quantised product", 0.8, make_fake_quantized_product},
  };
  return makers;
}

}  // namespace onnxc::fuzz

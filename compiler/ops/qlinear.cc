// Products and convolutions of quantised operands: exact int32 sums, then one multiplier.
#include "compiler/ops/conv.h"
#include "compiler/ops/matmul.h"
#include "compiler/ops/op.h"
#include "compiler/ops/quantized.h"

namespace onnxc {
namespace {

Value* optional_input(Lowering& x, size_t i) { return x.has_input(i) ? x.input(i) : nullptr; }

// Image and weight without their zero points, the weight's one for all or one an output channel.
ConvBuilder integer_conv(Lowering& x, size_t image, size_t image_zero, size_t weight,
                         size_t weight_zero) {
  Value *zero_x = optional_input(x, image_zero), *zero_w = optional_input(x, weight_zero);
  Value* plain = less_zero_point(
      x, x.input(image), zero_x,
      [&](const MapBuilder&) { return std::vector<Dim>(zero_x->shape.size(), Dim(0)); }, "x");
  Value* kernel = less_zero_point(
      x, x.input(weight), zero_w,
      [&](const MapBuilder& map) { return scalar_or_along(zero_w, map.index(0)); }, "w");
  return ConvBuilder(x, plain, kernel);
}

void conv_integer(Lowering& x) {
  ConvBuilder conv = integer_conv(x, 0, 2, 1, 3);
  x.output(0, conv.build(conv.sum(), DType::kInt32));
}

void qlinear_conv(Lowering& x) {
  Value* bias = bias_input(x, 8, x.shape(3)[0]);
  Value* scale = multiplier(x, x.input(1), x.input(4), x.input(6));
  Value* zero = x.input(7);
  ConvBuilder conv = integer_conv(x, 0, 2, 3, 5);
  const E factor = conv.load(scale, scalar_or_along(scale, conv.index(1)));
  const E zero_point = cast(DType::kFloat, conv.load(zero, std::vector<Dim>(zero->shape.size())));
  const E sum = cast(DType::kFloat, conv.sum_with_bias(bias));
  x.output(0, conv.build(quantized(sum * factor, zero_point, zero->type), zero->type));
}

// The element of a scale or zero point of a matrix: one for all, a vector along `axis` of the
// product, or a tensor that broadcasts against it.
E operand_parameter(MapBuilder& map, Value* parameter, int axis) {
  const Shape& shape = parameter->shape;
  if (shape.size() <= 1) return map.load(parameter, scalar_or_along(parameter, map.index(axis)));
  return map.load(parameter);
}

E integer_product(MapBuilder& map, const Matmul& m, Value* zero_a, Value* zero_b) {
  E a = cast(DType::kInt32, map.load(m.a, m.at_a(map)));
  E b = cast(DType::kInt32, map.load(m.b, m.at_b(map)));
  const int rank = map.rank();
  if (zero_a) a = a - cast(DType::kInt32, operand_parameter(map, zero_a, rank - 2));
  if (zero_b) b = b - cast(DType::kInt32, operand_parameter(map, zero_b, rank - 1));
  return a * b;
}

void matmul_integer(Lowering& x) {
  const Matmul m = plan_matmul(x, x.input(0), x.input(1));
  MapBuilder map(x, m.space, m.reduced());
  const E product = integer_product(map, m, optional_input(x, 2), optional_input(x, 3));
  Value* y = map.build_reduction(Reduction::kSum, product, nullptr, DType::kInt32);
  x.output(0, x.reshape(y, m.result));
}

bool is_single(const Shape& shape) { return product(shape).is(1); }

void qlinear_matmul(Lowering& x) {
  const Matmul m = plan_matmul(x, x.input(0), x.input(3));
  MapBuilder map(x, m.space, m.reduced());
  const int rank = map.rank();
  const E product = integer_product(map, m, x.input(2), x.input(5));
  Value *scale = x.input(6), *zero = x.input(7);
  const DType type = zero->type;
  const bool plain = x.rank(1) <= 1 && x.rank(4) <= 1 && x.rank(6) <= 1 &&
                     (is_single(x.shape(1)) || is_single(x.shape(4)));
  Value* folded = plain ? multiplier(x, x.input(1), x.input(4), scale) : nullptr;
  const bool by_row = !is_single(x.shape(1));
  const auto finish = [&](E sum) {
    const auto wide = [&](Value* v, int axis) {
      return cast(DType::kDouble, operand_parameter(map, v, axis));
    };
    const E factor =
        folded ? multiplier_at(map, folded, map.index(by_row ? rank - 2 : rank - 1))
               : cast(DType::kFloat, wide(x.input(1), rank - 2) * wide(x.input(4), rank - 1) /
                                         wide(scale, rank - 1));
    const E zero_point = cast(DType::kFloat, operand_parameter(map, zero, rank - 1));
    return quantized(cast(DType::kFloat, sum) * factor, zero_point, type);
  };
  Value* y = map.build_reduction(Reduction::kSum, product, finish, type);
  x.output(0, x.reshape(y, m.result));
}

}  // namespace

OPS_TABLE(qlinear){
    {"ConvInteger", 10, "int8, uint8", conv_integer},
    {"MatMulInteger", 10, "int8, uint8", matmul_integer},
    {"QLinearConv", 10, "int8, uint8", qlinear_conv},
    {"QLinearMatMul", 10, "int8, uint8", qlinear_matmul},
};
OPS_END(qlinear)

}  // namespace onnxc

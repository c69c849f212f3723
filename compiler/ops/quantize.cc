// To quantised values and back: QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear.
#include "compiler/ops/op.h"
#include "compiler/ops/quantized.h"

namespace onnxc {
namespace {

// Where the scale and zero point of an element lie: one for all, one an index of an axis, or one a
// block of an axis.
std::vector<Dim> parameter_index(Lowering& x, const MapBuilder& map) {
  const Shape &shape = x.shape(0), &scale = x.shape(1);
  const int64_t block = x.attribute_int("block_size", 0);
  if (block == 0 && (scale.empty() || (scale.size() == 1 && scale[0].is(1)))) {
    return std::vector<Dim>(scale.size(), Dim(0));
  }
  const int rank = static_cast<int>(shape.size());
  const int axis = x.normalized_axis(x.attribute_int("axis", 1), rank);
  if (block == 0) {
    if (scale.size() != 1 || proves_ne(scale[0], shape[axis])) {
      throw x.error("the scale has shape {}, expected a scalar or [{}] for axis {}", text(scale),
                    shape[axis].text(), axis);
    }
    return {map.index(axis)};
  }
  if (scale.size() != shape.size()) {
    throw x.error("the scale has shape {}, expected blocks of {} along axis {} of {}", text(scale),
                  block, axis, text(shape));
  }
  std::vector<Dim> at = identity_index(shape);
  at[axis] = floor_div(at[axis], block);
  return at;
}

// The zero point's index: as the scale's, but both may be scalars of different ranks.
std::vector<Dim> zero_point_index(Lowering& x, const std::vector<Dim>& scale_index) {
  if (product(x.shape(2)).is(1)) return std::vector<Dim>(x.shape(2).size(), Dim(0));
  if (x.shape(2).size() != scale_index.size()) {
    throw x.error("the scale has shape {}, the zero point {}", text(x.shape(1)), text(x.shape(2)));
  }
  return scale_index;
}

DType type_attribute(const Lowering& x, const std::string& name, DType fallback) {
  const int64_t number = x.attribute_int(name, 0);
  if (number == 0) return fallback;
  const auto type = dtype_of(static_cast<int>(number));
  if (!type) throw x.error("{} is {}, which is no element type", name, number);
  return *type;
}

void quantize_linear(Lowering& x) {
  MapBuilder map(x, x.shape(0));
  const std::vector<Dim> at = parameter_index(x, map);
  const DType type = x.has_input(2) ? x.type(2) : type_attribute(x, "output_dtype", DType::kUint8);
  const DType arithmetic =
      x.type(0) == DType::kDouble || x.type(1) == DType::kDouble ? DType::kDouble : DType::kFloat;
  const E scaled =
      cast(arithmetic, map.load(x.input(0))) / cast(arithmetic, map.load(x.input(1), at));
  if (is_float(type)) {
    const bool saturate = x.attribute_int("saturate", 1) != 0;
    x.output(0, map.build(saturate ? saturated(scaled, type) : unsaturated(scaled, type), type));
    return;
  }
  const E zero = x.has_input(2) ? cast(arithmetic, map.load(x.input(2), zero_point_index(x, at)))
                                : constant(arithmetic, 0);
  x.output(0, map.build(quantized(scaled, zero, type), type));
}

void dequantize_linear(Lowering& x) {
  MapBuilder map(x, x.shape(0));
  const std::vector<Dim> at = parameter_index(x, map);
  const E scale = map.load(x.input(1), at);
  const DType stored = x.type(0), type = type_attribute(x, "output_dtype", x.type(1));
  E value = map.load(x.input(0));
  if (is_float(stored)) {
    value = cast(scale.type(), value);
  } else {
    value = cast(DType::kInt32, value);
    if (x.has_input(2))
      value = value - cast(DType::kInt32, map.load(x.input(2), zero_point_index(x, at)));
    value = cast(scale.type(), value);
  }
  x.output(0, map.build(value * scale, type));
}

void dynamic_quantize_linear(Lowering& x) {
  const Dynamic d = quantized_dynamically(x, x.input(0));
  x.output(0, d.value);
  x.output(1, d.scale);
  x.output(2, d.zero_point);
}

}  // namespace

OPS_TABLE(quantize){
    {"DequantizeLinear", 10, "integers, narrow floats", dequantize_linear},
    {"DequantizeLinear", 1, "integers", dequantize_linear, "", "com.microsoft"},
    {"DynamicQuantizeLinear", 11, "float", dynamic_quantize_linear},
    {"QuantizeLinear", 10, "float, int32", quantize_linear},
    {"QuantizeLinear", 1, "float", quantize_linear, "", "com.microsoft"},
};
OPS_END(quantize)

}  // namespace onnxc

// Arithmetic on quantised values.
#include "compiler/ops/quantized.h"

#include <limits>

namespace onnxc {
namespace {

struct Limits {
  double low, high;
};

Limits limits_of(DType type) {
  switch (type) {
    case DType::kInt2:
      return {-2, 1};
    case DType::kUint2:
      return {0, 3};
    case DType::kInt4:
      return {-8, 7};
    case DType::kUint4:
      return {0, 15};
    case DType::kInt8:
      return {-128, 127};
    case DType::kUint8:
      return {0, 255};
    case DType::kInt16:
      return {-32768, 32767};
    case DType::kUint16:
      return {0, 65535};
    default:
      throw CompileError("{} is no type of quantised values", name(type));
  }
}

}  // namespace

E saturated(E value, DType type) {
  // The only narrow float that saturates and has infinities.
  if (type == DType::kFloat8E5M2) {
    if (!is_float(value.type())) value = cast(DType::kFloat, value);
    return cast(type, max(min(value, 57344.0), -57344.0));
  }
  if (is_float(type)) return cast(type, value);
  const Limits l = limits_of(type);
  return cast(type, max(min(call(ScalarOp::kRoundEven, {value}), l.high), l.low));
}

E unsaturated(E value, DType type) {
  struct Limit {
    DType type;
    double beyond;  // the least magnitude that rounds beyond the largest number
    double becomes;
  };
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr Limit kLimits[] = {{DType::kFloat8E4M3FN, 0x1.d00002p8, kNan},
                               {DType::kFloat8E4M3FNUZ, 248, kNan},
                               {DType::kFloat8E5M2, 61440, kInfinity},
                               {DType::kFloat8E5M2FNUZ, 61440, kNan}};
  for (const Limit& l : kLimits) {
    if (l.type != type) continue;
    const E wide = is_float(value.type()) ? value : cast(DType::kFloat, value);
    const E beyond = select(wide < 0.0, constant(wide.type(), -l.becomes), l.becomes);
    return cast(type, select(abs(wide) >= l.beyond, beyond, wide));
  }
  return cast(type, value);
}

E quantized(E value, E zero_point, DType type) {
  if (is_float(type)) return cast(type, value + zero_point);
  const Limits l = limits_of(type);
  return cast(type, max(min(call(ScalarOp::kRoundEven, {value}) + zero_point, l.high), l.low));
}

Value* less_zero_point(Lowering& x, Value* value, Value* zero_point,
                       const std::function<std::vector<Dim>(const MapBuilder&)>& zero_at,
                       const std::string& part) {
  MapBuilder map(x, value->shape);
  E element = cast(DType::kInt32, map.load(value));
  if (zero_point) element = element - cast(DType::kInt32, map.load(zero_point, zero_at(map)));
  return map.build(element, DType::kInt32, part);
}

Dynamic quantized_dynamically(Lowering& x, Value* input) {
  std::vector<int> axes;
  for (size_t i = 0; i < input->shape.size(); ++i) axes.push_back(static_cast<int>(i));
  Value* largest = x.reduce(
      Reduction::kMax, input, axes, false, nullptr, [](E v) { return max(v, 0.0); }, "largest");
  Value* smallest = x.reduce(
      Reduction::kMin, input, axes, false, nullptr, [](E v) { return min(v, 0.0); }, "smallest");
  MapBuilder scales(x, {});
  const E range = scales.load(largest) - scales.load(smallest);
  Value* scale = scales.build(select(eq(range, constant(range.type(), 0)), 1.0, range / 255.0),
                              DType::kFloat, "scale");
  MapBuilder zeros(x, {});
  Value* zero =
      zeros.build(saturated(max(min(0.0 - zeros.load(smallest) / zeros.load(scale), 255.0), 0.0),
                            DType::kUint8),
                  DType::kUint8, "zero_point");
  MapBuilder map(x, input->shape);
  const E steps = map.load(input) / map.load(scale);
  return {map.build(quantized(steps, cast(DType::kFloat, map.load(zero)), DType::kUint8),
                    DType::kUint8, "quantized"),
          scale, zero};
}

std::vector<Dim> scalar_or_along(const Value* operand, const Dim& at_axis) {
  std::vector<Dim> at(operand->shape.size(), Dim(0));
  if (at.size() == 1 && !operand->shape[0].is(1)) at[0] = at_axis;
  return at;
}

Value* multiplier(Lowering& x, Value* a, Value* b, Value* c) {
  Dim count = 1;
  for (const Value* v : {a, b, c}) {
    if (v->shape.size() > 1) throw x.error("scale {} is no scalar or vector", text(v->shape));
    if (!product(v->shape).is(1)) count = v->shape[0];
  }
  MapBuilder map(x, {count});
  const auto load = [&](Value* v) {
    return cast(DType::kDouble, map.load(v, scalar_or_along(v, map.index(0))));
  };
  return map.build(load(a) * load(b) / load(c), DType::kFloat, "multiplier");
}

E multiplier_at(MapBuilder& map, Value* multiplier, const Dim& channel) {
  return map.load(multiplier, scalar_or_along(multiplier, channel));
}

}  // namespace onnxc

// Operators of several tensors, element by element, with broadcasting: a row each.
#include "compiler/ops/lowering.h"
#include "compiler/ops/op.h"

namespace onnxc {
namespace {

// The second operand as numpy broadcasting expects it. Before opset 7, attribute `axis` said at
// which axis of the first operand the second one's shape begins.
Value* second_operand(Lowering& x) {
  const int64_t axis = x.attribute_int("axis", -1);
  if (x.opset() >= 7 || axis < 0 || x.attribute_int("broadcast", 0) == 0) return x.input(1);
  Shape shape = x.shape(1);
  if (axis + x.rank(1) > x.rank(0))
    throw x.error("shape {} at axis {} does not fit into shape {}", text(shape), axis,
                  text(x.shape(0)));
  shape.resize(x.rank(0) - axis, Dim(1));
  return x.reshape(x.input(1), shape);
}

void require_equal_types(Lowering& x) {
  for (size_t i = 1; i < x.input_count(); ++i) {
    if (x.type(i) != x.type(0))
      throw x.error("input 0 is {}, input {} is {}; they must have one type", name(x.type(0)), i,
                    name(x.type(i)));
  }
}

// One map over the broadcast shape of both inputs; `Scalar` takes the two elements in their compute
// type.
template <class Scalar>
void each_pair(Lowering& x, DType result, Scalar scalar) {
  Value* second = second_operand(x);
  MapBuilder map(x, x.broadcast_shape(x.shape(0), second->shape));
  const E a = map.load(x.input(0)), b = map.load(second);
  x.output(0, map.build(scalar(a, b), result));
}

template <ScalarOp op>
void arithmetic(Lowering& x) {
  require_equal_types(x);
  each_pair(x, x.type(0), [](E a, E b) { return call(op, {a, b}); });
}

template <ScalarOp op>
void comparison(Lowering& x) {
  require_equal_types(x);
  each_pair(x, DType::kBool, [](E a, E b) { return call(op, {a, b}); });
}

// Sum, Min and their like: any number of inputs, taken one after the other.
template <ScalarOp op>
E combined(Lowering& x, MapBuilder& map) {
  require_equal_types(x);
  E result = map.load(x.input(0));
  for (size_t i = 1; i < x.input_count(); ++i) result = call(op, {result, map.load(x.input(i))});
  return result;
}

Shape common_shape(Lowering& x) {
  Shape shape = x.shape(0);
  for (size_t i = 1; i < x.input_count(); ++i) shape = x.broadcast_shape(shape, x.shape(i));
  return shape;
}

template <ScalarOp op>
void variadic(Lowering& x) {
  MapBuilder map(x, common_shape(x));
  x.output(0, map.build(combined<op>(x, map), x.type(0)));
}

void mean(Lowering& x) {
  MapBuilder map(x, common_shape(x));
  const E sum = combined<ScalarOp::kAdd>(x, map);
  x.output(0, map.build(sum / static_cast<double>(x.input_count()), x.type(0)));
}

void mod(Lowering& x) {
  if (x.attribute_int("fmod", 0) != 0) {
    arithmetic<ScalarOp::kFmod>(x);
  } else {
    arithmetic<ScalarOp::kMod>(x);
  }
}

// The type in which a power of mixed operands is computed: one that holds both.
DType power_type(DType base, DType exponent) {
  if (is_float(exponent) && is_float(base))
    return compute_type(base) == compute_type(exponent) ? compute_type(base) : DType::kDouble;
  if (is_float(base)) return compute_type(base);
  return is_float(exponent) ? DType::kDouble : DType::kInt64;
}

void power(Lowering& x) {
  const DType base = x.type(0), exponent = x.type(1);
  const DType type = base == exponent ? compute_type(base) : power_type(base, exponent);
  each_pair(x, base, [&](E a, E b) { return pow(cast(type, a), cast(type, b)); });
}

void bit_shift(Lowering& x) {
  const std::string direction = x.attribute_string("direction", "");
  if (direction == "LEFT") {
    arithmetic<ScalarOp::kShiftLeft>(x);
  } else if (direction == "RIGHT") {
    arithmetic<ScalarOp::kShiftRight>(x);
  } else {
    throw x.error("attribute \"direction\" is \"{}\", must be LEFT or RIGHT", direction);
  }
}

// x where it is not negative, slope * x elsewhere. Before opset 7 a vector of slopes belonged to
// the channels.
void p_relu(Lowering& x) {
  require_equal_types(x);
  Value* slope = x.input(1);
  if (x.opset() < 7 && slope->shape.size() == 1 && !slope->shape[0].is(1) && x.rank(0) > 2) {
    Shape shape(x.rank(0) - 1, Dim(1));
    shape[0] = slope->shape[0];
    slope = x.reshape(slope, shape);
  }
  MapBuilder map(x, x.broadcast_shape(x.shape(0), slope->shape));
  const E v = map.load(x.input(0));
  x.output(0, map.build(select(v < 0.0, v * map.load(slope), v), x.type(0)));
}

}  // namespace

OPS_TABLE(elementwise_binary){
    {"Add", 1, "numbers", arithmetic<ScalarOp::kAdd>},
    {"And", 1, "bool", arithmetic<ScalarOp::kAnd>},
    {"BitShift", 11, "unsigned integers", bit_shift},
    {"BitwiseAnd", 18, "integers", arithmetic<ScalarOp::kBitAnd>},
    {"BitwiseOr", 18, "integers", arithmetic<ScalarOp::kBitOr>},
    {"BitwiseXor", 18, "integers", arithmetic<ScalarOp::kBitXor>},
    {"Div", 1, "numbers", arithmetic<ScalarOp::kDiv>},
    {"Equal", 1, "any", comparison<ScalarOp::kEq>},
    {"Greater", 1, "numbers", comparison<ScalarOp::kGt>},
    {"GreaterOrEqual", 12, "numbers", comparison<ScalarOp::kGe>},
    {"Less", 1, "numbers", comparison<ScalarOp::kLt>},
    {"LessOrEqual", 12, "numbers", comparison<ScalarOp::kLe>},
    {"Max", 1, "numbers", variadic<ScalarOp::kMax>},
    {"Mean", 1, "float", mean},
    {"Min", 1, "numbers", variadic<ScalarOp::kMin>},
    {"Mod", 10, "numbers", mod},
    {"Mul", 1, "numbers", arithmetic<ScalarOp::kMul>},
    {"Or", 1, "bool", arithmetic<ScalarOp::kOr>},
    {"PRelu", 1, "numbers", p_relu},
    {"Pow", 1, "numbers", power},
    {"Sub", 1, "numbers", arithmetic<ScalarOp::kSub>},
    {"Sum", 1, "float", variadic<ScalarOp::kAdd>},
    {"Xor", 1, "bool", arithmetic<ScalarOp::kXor>},
};
OPS_END(elementwise_binary)

}  // namespace onnxc

// Constants, written out or filled.
#include "compiler/ops/lowering.h"
#include "compiler/ops/op.h"
#include "compiler/ops/operands.h"

namespace onnxc {
namespace {

Tensor constant_attribute(Lowering& x) {
  for (const char* name : {"value", "sparse_value"}) {
    if (const Tensor* t = x.attribute_tensor(name)) return *t;
  }
  if (x.has_attribute("value_float"))
    return Tensor::scalar(DType::kFloat, x.attribute_float("value_float", 0));
  if (x.has_attribute("value_int")) {
    Tensor t(DType::kInt64, {});
    t.set_int64(0, x.attribute_int("value_int", 0));
    return t;
  }
  if (x.has_attribute("value_string"))
    return Tensor::of_strings({}, {x.attribute_string("value_string", "")});
  if (x.has_attribute("value_floats")) {
    const auto values = x.attribute_floats("value_floats", {});
    return Tensor::of(DType::kFloat, {static_cast<int64_t>(values.size())}, values);
  }
  if (x.has_attribute("value_ints")) return Tensor::of_int64(x.attribute_ints("value_ints", {}));
  if (x.has_attribute("value_strings")) {
    auto values = x.attribute_strings("value_strings", {});
    return Tensor::of_strings({static_cast<int64_t>(values.size())}, std::move(values));
  }
  throw x.error("none of its value attributes is given");
}

void constant(Lowering& x) { x.output(0, x.constant_value(constant_attribute(x), "")); }

// One value, repeated in the shape that the input holds.
void constant_of_shape(Lowering& x) {
  const Integers sizes(x, 0);
  const Shape shape = shape_operand(x, sizes, 0, "filled_size");
  const Tensor* given = x.attribute_tensor("value");
  const Tensor value = given ? *given : Tensor::scalar(DType::kFloat, 0);
  if (value.size() != 1)
    throw x.error("attribute \"value\" must have one element, has {}", value.size());
  MapBuilder map(x, shape);
  x.output(0, map.build(element_of(value, 0), value.type()));
}

}  // namespace

OPS_TABLE(constant){
    {"Constant", 1, "any", constant},
    {"ConstantOfShape", 9, "numbers, bool", constant_of_shape},
};
OPS_END(constant)

}  // namespace onnxc

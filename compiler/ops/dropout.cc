// Dropout: nothing in inference; in training, elements at random become 0 and the rest grow.
#include "compiler/ops/kernel_step.h"
#include "compiler/ops/op.h"
#include "compiler/ops/operands.h"

namespace onnxc {
namespace {

// Whether training mode is on: known, or a scalar of the model's.
struct Mode {
  bool known = false;  // never on
  Value* value = nullptr;
};

Mode training_mode(Lowering& x) {
  if (x.opset() < 12) return {x.opset() >= 7 || x.attribute_int("is_test", 0) != 0, nullptr};
  if (!x.has_input(2)) return {true, nullptr};
  const auto mode = x.constant(2);
  return {mode && mode->as_int64(0) == 0, x.input(2)};
}

// NumPy's stream for the seed, in the shape of the data.
Value* uniform_numbers(Lowering& x) {
  const Shape& shape = x.shape(0);
  const auto seed = static_cast<uint32_t>(x.attribute_int("seed", 0));
  Value* numbers = KernelStep(x, "mersenne_twister", "templates/common/mersenne_twister.h", {})
                       .temporary("uniform", DType::kDouble, {product(shape)})
                       .scratch(624 * 4)
                       .size(static_cast<int64_t>(seed))
                       .size(product(shape))
                       .build()[0];
  return x.reshape(numbers, shape);
}

void keep_all(Lowering& x) {
  x.output(0, x.input(0));
  if (!x.wants_output(1)) return;
  const DType type = x.opset() < 10 ? x.type(0) : DType::kBool;
  MapBuilder map(x, x.shape(0));
  x.output(1, map.build(onnxc::constant(compute_type(type), 1), type, "mask"));
}

// Dropped where the number lies below the ratio.
void dropout(Lowering& x) {
  const Mode mode = training_mode(x);
  if (mode.known) return keep_all(x);
  Value* numbers = uniform_numbers(x);
  const auto scalar = [&](MapBuilder& map, Value* value) {
    return map.load(value, std::vector<Dim>(value->shape.size(), Dim(0)));
  };
  const auto ratio = [&](MapBuilder& map) {
    const double fallback = x.attribute_float("ratio", 0.5f);
    return x.opset() >= 12 && x.has_input(1) ? cast(DType::kDouble, scalar(map, x.input(1)))
                                             : onnxc::constant(DType::kDouble, fallback);
  };
  const auto kept = [&](MapBuilder& map) {
    E keep = map.load(numbers) >= ratio(map);
    return mode.value ? keep || logical_not(cast(DType::kBool, scalar(map, mode.value))) : keep;
  };
  MapBuilder map(x, x.shape(0));
  const E value = map.load(x.input(0));
  E scaled = value * cast(value.type(), 1.0 / (1.0 - ratio(map)));
  if (mode.value) scaled = select(cast(DType::kBool, scalar(map, mode.value)), scaled, value);
  x.output(0, map.build(select(kept(map), scaled, 0.0), x.type(0)));
  if (!x.wants_output(1)) return;
  MapBuilder mask(x, x.shape(0));
  x.output(1, mask.build(kept(mask), x.opset() < 10 ? x.type(0) : DType::kBool, "mask"));
}

}  // namespace

OPS_TABLE(dropout){
    {"Dropout", 1, "float", dropout, "training draws NumPy's stream of the seed (0 if none)"},
};
OPS_END(dropout)

}  // namespace onnxc

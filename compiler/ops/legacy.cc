// Operators that the standard has dropped but old models still use.
#include "compiler/ops/lowering.h"
#include "compiler/ops/op.h"

namespace onnxc {
namespace {

void affine(Lowering& x) {
  MapBuilder map(x, x.shape(0));
  const E v = map.load(x.input(0)) * static_cast<double>(x.attribute_float("alpha", 1)) +
              static_cast<double>(x.attribute_float("beta", 0));
  x.output(0, map.build(v, x.type(0)));
}

// x * scale + bias[channel].
void image_scaler(Lowering& x) {
  const Shape& shape = x.shape(0);
  const std::vector<float> bias = x.attribute_floats("bias", {});
  if (shape.size() != 4 || proves_ne(shape[1], static_cast<int64_t>(bias.size()))) {
    throw x.error("input {} does not have {} channels, one for each bias", text(shape),
                  bias.size());
  }
  Value* biases = x.constant_value(
      Tensor::of(DType::kFloat, {static_cast<int64_t>(bias.size())}, bias), "bias");
  MapBuilder map(x, shape);
  const E v = map.load(x.input(0));
  const E b = cast(v.type(), map.load(biases, {map.index(1)}));
  x.output(0, map.build(v * static_cast<double>(x.attribute_float("scale", 1)) + b, x.type(0)));
}

// Cuts the border (left, top, right, bottom) off an image; `scale` gives height and width instead
// of the latter two.
void crop(Lowering& x) {
  const Shape& shape = x.shape(0);
  const std::vector<int64_t> border = x.attribute_ints("border", {});
  const std::vector<int64_t> scale = x.attribute_ints("scale", {});
  if (shape.size() != 4 || border.size() != 4 || (!scale.empty() && scale.size() != 2)) {
    throw x.error("input {} with a border of {} numbers, expected four axes and numbers",
                  text(shape), border.size());
  }
  Shape out = shape;
  out[2] = scale.empty() ? shape[2] - border[1] - border[3] : Dim(scale[0]);
  out[3] = scale.empty() ? shape[3] - border[0] - border[2] : Dim(scale[1]);
  MapBuilder map(x, out);
  std::vector<Dim> at = identity_index(out);
  at[2] = at[2] + border[1];
  at[3] = at[3] + border[0];
  x.output(0, map.build(map.load_raw(x.input(0), at), x.type(0)));
}

void scaled_tanh(Lowering& x) {
  MapBuilder map(x, x.shape(0));
  const E v = map.load(x.input(0)) * static_cast<double>(x.attribute_float("beta", 1));
  x.output(0, map.build(tanh(v) * static_cast<double>(x.attribute_float("alpha", 1)), x.type(0)));
}

void parametric_softplus(Lowering& x) {
  MapBuilder map(x, x.shape(0));
  const E v = map.load(x.input(0)) * static_cast<double>(x.attribute_float("beta", 1));
  const E softplus = max(v, 0.0) + call(ScalarOp::kLog1p, {exp(-abs(v))});
  x.output(0, map.build(softplus * static_cast<double>(x.attribute_float("alpha", 1)), x.type(0)));
}

}  // namespace

OPS_TABLE(legacy){
    {"Affine", 1, "float", affine},
    {"Crop", 1, "any", crop},
    {"ImageScaler", 1, "float", image_scaler},
    {"ParametricSoftplus", 1, "float", parametric_softplus},
    {"ScaledTanh", 1, "float", scaled_tanh},
};
OPS_END(legacy)

}  // namespace onnxc

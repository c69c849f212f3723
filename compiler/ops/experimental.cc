// Operators that opsets 1 to 9 knew as experimental and old exporters wrote.
#include "compiler/ops/lowering.h"
#include "compiler/ops/op.h"

namespace onnxc {
namespace {

template <class Scalar>
void each(Lowering& x, Scalar scalar) {
  MapBuilder map(x, x.shape(0));
  x.output(0, map.build(scalar(map.load(x.input(0))), x.type(0)));
}

void affine(Lowering& x) {
  const double alpha = x.attribute_float("alpha", 1), beta = x.attribute_float("beta", 0);
  each(x, [&](E v) { return v * alpha + beta; });
}

void scaled_tanh(Lowering& x) {
  const double alpha = x.attribute_float("alpha", 1), beta = x.attribute_float("beta", 1);
  each(x, [&](E v) { return tanh(v * beta) * alpha; });
}

void parametric_softplus(Lowering& x) {
  const double alpha = x.attribute_float("alpha", 1), beta = x.attribute_float("beta", 1);
  each(x, [&](E v) {
    const E w = v * beta;
    return (max(w, 0.0) + call(ScalarOp::kLog1p, {exp(-abs(w))})) * alpha;
  });
}

// A factor for all elements and a bias for each channel.
void image_scaler(Lowering& x) {
  const double scale = x.attribute_float("scale", 1);
  const auto bias = x.attribute_floats("bias", {});
  if (x.rank(0) != 4 || !x.shape(0)[1].is(static_cast<int64_t>(bias.size())))
    throw x.error("{} biases are given for an image of shape {}", bias.size(), text(x.shape(0)));
  const Tensor biases = Tensor::of(DType::kFloat, {static_cast<int64_t>(bias.size())}, bias);
  Value* offset = x.constant_value(biases, "bias");
  MapBuilder map(x, x.shape(0));
  const E v = map.load(x.input(0));
  x.output(0, map.build(v * scale + cast(v.type(), map.load(offset, {map.index(1)})), x.type(0)));
}

// Cuts a border [left, top, right, bottom] off, or `scale` (height, width) elements from left and
// top.
void crop(Lowering& x) {
  const auto border = x.attribute_ints("border", {}), size = x.attribute_ints("scale", {});
  if (border.size() != 4 || x.rank(0) != 4 || (!size.empty() && size.size() != 2))
    throw x.error(
        "attribute \"border\" needs four numbers, \"scale\" two or none, and the input four axes");
  Shape shape = x.shape(0);
  shape[2] = size.empty() ? shape[2] - (border[1] + border[3]) : Dim(size[0]);
  shape[3] = size.empty() ? shape[3] - (border[0] + border[2]) : Dim(size[1]);
  MapBuilder map(x, shape);
  const E element = map.load_raw(
      x.input(0), {map.index(0), map.index(1), map.index(2) + border[1], map.index(3) + border[0]});
  x.output(0, map.build(element, x.type(0)));
}

}  // namespace

OPS_TABLE(experimental){
    {"Affine", 1, "float", affine},
    {"Crop", 1, "float", crop},
    {"ImageScaler", 1, "float", image_scaler},
    {"ParametricSoftplus", 1, "float", parametric_softplus},
    {"ScaledTanh", 1, "float", scaled_tanh},
};
OPS_END(experimental)

}  // namespace onnxc

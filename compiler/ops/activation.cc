// Element-wise functions with attributes: a row each, with its scalar expression.
#include <cmath>
#include <limits>

#include "compiler/ops/lowering.h"
#include "compiler/ops/op.h"

namespace onnxc {
namespace {

// One map over the input's shape: `scalar` takes the element in its compute type.
template <class Scalar>
void each(Lowering& x, Scalar scalar) {
  MapBuilder map(x, x.shape(0));
  x.output(0, map.build(scalar(map.load(x.input(0))), x.type(0)));
}

E softplus(E v) { return max(v, 0.0) + call(ScalarOp::kLog1p, {exp(-abs(v))}); }

void elu(Lowering& x) {
  const double alpha = x.attribute_float("alpha", 1);
  each(x, [&](E v) { return select(v < 0.0, (exp(v) - 1.0) * alpha, v); });
}

void celu(Lowering& x) {
  const double alpha = x.attribute_float("alpha", 1);
  each(x, [&](E v) { return select(v < 0.0, (exp(v / alpha) - 1.0) * alpha, v); });
}

void selu(Lowering& x) {
  const bool old = x.opset() < 6;
  const double alpha = x.attribute_float("alpha", old ? 1.6732F : 1.67326319217681884765625F);
  const double gamma = x.attribute_float("gamma", old ? 1.0507F : 1.05070102214813232421875F);
  each(x, [&](E v) { return select(v > 0.0, v, exp(v) * alpha - alpha) * gamma; });
}

void leaky_relu(Lowering& x) {
  const double alpha = x.attribute_float("alpha", 0.01F);
  each(x, [&](E v) { return select(v < 0.0, v * alpha, v); });
}

void thresholded_relu(Lowering& x) {
  const double alpha = x.attribute_float("alpha", 1);
  each(x, [&](E v) { return select(v > alpha, v, 0.0); });
}

void hard_sigmoid(Lowering& x) {
  const double alpha = x.attribute_float("alpha", 0.2F), beta = x.attribute_float("beta", 0.5F);
  each(x, [&](E v) { return min(max(v * alpha + beta, 0.0), 1.0); });
}

void hard_swish(Lowering& x) {
  each(x, [](E v) { return v * min(max(v * (1.0 / 6.0) + 0.5, 0.0), 1.0); });
}

void mish(Lowering& x) {
  each(x, [](E v) { return v * tanh(softplus(v)); });
}

void swish(Lowering& x) {
  const double alpha = x.attribute_float("alpha", 1);
  each(x, [&](E v) { return v * sigmoid(v * alpha); });
}

void gelu(Lowering& x) {
  const std::string approximate = x.attribute_string("approximate", "none");
  if (approximate == "none") {
    each(x, [](E v) { return v * 0.5 * (erf(v * std::sqrt(0.5)) + 1.0); });
  } else if (approximate == "tanh") {
    const double scale = std::sqrt(2 / 3.14159265358979323846);
    each(x, [&](E v) { return v * 0.5 * (tanh((v + v * v * v * 0.044715) * scale) + 1.0); });
  } else {
    throw x.error("attribute \"approximate\" is \"{}\", must be none or tanh", approximate);
  }
}

void shrink(Lowering& x) {
  const double bias = x.attribute_float("bias", 0), lambda = x.attribute_float("lambd", 0.5F);
  const DType type = is_float(x.type(0)) ? compute_type(x.type(0)) : DType::kDouble;
  each(x, [&](E v) {
    const E w = cast(type, v);
    return select(w < -lambda, w + bias, select(w > lambda, w - bias, 0.0));
  });
}

void is_inf(Lowering& x) {
  const bool positive = x.attribute_int("detect_positive", 1) != 0;
  const bool negative = x.attribute_int("detect_negative", 1) != 0;
  MapBuilder map(x, x.shape(0));
  const E v = map.load(x.input(0));
  E found = call(ScalarOp::kIsInf, {v});
  if (!positive) found = found && v < 0.0;
  if (!negative) found = found && v > 0.0;
  x.output(0, map.build(found, DType::kBool));
}

// Limits are attributes before opset 11, then scalar inputs; either may be left out.
void clip(Lowering& x) {
  MapBuilder map(x, x.shape(0));
  E v = map.load(x.input(0));
  const auto limit = [&](size_t i) {
    if (x.rank(i) > 0 && !product(x.shape(i)).is(1))
      throw x.error("limit (input {}) must be a scalar, has shape {}", i, text(x.shape(i)));
    return map.load(x.input(i), std::vector<Dim>(x.rank(i), Dim(0)));
  };
  if (x.has_attribute("min")) v = max(v, x.attribute_float("min", 0));
  if (x.has_input(1)) v = max(v, limit(1));
  if (x.has_attribute("max")) v = min(v, x.attribute_float("max", 0));
  if (x.has_input(2)) v = min(v, limit(2));
  x.output(0, map.build(v, x.type(0)));
}

}  // namespace

OPS_TABLE(activation){
    {"Celu", 12, "float", celu},
    {"Clip", 1, "numbers", clip},
    {"Elu", 1, "float", elu},
    {"Gelu", 20, "float", gelu},
    {"HardSigmoid", 1, "float", hard_sigmoid},
    {"HardSwish", 14, "float", hard_swish},
    {"IsInf", 10, "float", is_inf},
    {"LeakyRelu", 1, "float", leaky_relu},
    {"Mish", 18, "float", mish},
    {"Selu", 1, "float", selu},
    {"Shrink", 9, "numbers", shrink},
    {"Swish", 24, "float", swish},
    {"ThresholdedRelu", 10, "float", thresholded_relu},
};
OPS_END(activation)

}  // namespace onnxc

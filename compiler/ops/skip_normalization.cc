// Normalisation as optimisers fuse it: with a residual sum before it, or without a mean.
#include "compiler/ops/normalization.h"
#include "compiler/ops/op.h"

namespace onnxc {
namespace {

Value* optional_input(Lowering& x, size_t i) { return x.has_input(i) ? x.input(i) : nullptr; }

// input + skip + bias, in the stored type.
Value* residual_sum(Lowering& x, size_t bias) {
  MapBuilder map(x, x.shape(0));
  E sum = map.load(x.input(0)) + map.load(x.input(1));
  if (x.has_input(bias)) sum = sum + map.load(x.input(bias));
  return map.build(sum, x.type(0), "sum");
}

void skip_layer_normalization(Lowering& x) {
  Value* sum = residual_sum(x, 4);
  const int rank = x.rank(0);
  const Moments m = moments(x, sum, {rank - 1}, x.attribute_float("epsilon", 1e-12f));
  x.output(0, normalized(x, sum, m, x.input(2), optional_input(x, 3), x.type(0)));
  x.output(1, m.mean);
  x.output(2, m.inverse);
  x.output(3, sum);
}

void skip_simplified_layer_normalization(Lowering& x) {
  Value* sum = residual_sum(x, 3);
  if (x.wants_output(1)) throw x.error("output 1, the mean, does not exist without a mean");
  Value* inverse = inverse_rms(x, sum, {x.rank(0) - 1}, x.attribute_float("epsilon", 1e-12f));
  x.output(0, normalized(x, sum, {nullptr, inverse}, x.input(2), nullptr, x.type(0)));
  x.output(2, inverse);
  x.output(3, sum);
}

void simplified_layer_normalization(Lowering& x) {
  const int rank = x.rank(0);
  const int axis = x.normalized_axis(x.attribute_int("axis", -1), rank);
  Value* inverse =
      inverse_rms(x, x.input(0), axes_from(axis, rank), x.attribute_float("epsilon", 1e-5f));
  x.output(0, normalized(x, x.input(0), {nullptr, inverse}, x.input(1), nullptr, x.type(1)));
  x.output(1, inverse);
}

}  // namespace

OPS_TABLE(skip_normalization){
    {"SimplifiedLayerNormalization", 1, "float", simplified_layer_normalization},
    {"SimplifiedLayerNormalization", 1, "float", simplified_layer_normalization, "",
     "com.microsoft"},
    {"SkipLayerNormalization", 1, "float", skip_layer_normalization, "", "com.microsoft"},
    {"SkipSimplifiedLayerNormalization", 1, "float", skip_simplified_layer_normalization, "",
     "com.microsoft"},
};
OPS_END(skip_normalization)

}  // namespace onnxc

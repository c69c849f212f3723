// Activations that optimisers put in place of their parts: Gelu in its forms, and a softmax with
// bias.
#include <cmath>

#include "compiler/ops/lowering.h"
#include "compiler/ops/op.h"

namespace onnxc {
namespace {

E exact_gelu(E v) { return v * 0.5 * (erf(v * std::sqrt(0.5)) + 1.0); }

E tanh_gelu(E v) {
  return v * 0.5 * (tanh(v * (v * v * 0.035677408136300125 + 0.7978845608028654)) + 1.0);
}

// `f` of the sum of input 0 and input 1, where that is given.
void with_bias(Lowering& x, E (*f)(E)) {
  MapBuilder map(x, x.shape(0));
  E v = map.load(x.input(0));
  if (x.has_input(1)) v = v + map.load(x.input(1));
  x.output(0, map.build(f(v), x.type(0)));
}

void gelu(Lowering& x) { with_bias(x, exact_gelu); }
void fast_gelu(Lowering& x) { with_bias(x, tanh_gelu); }

void quick_gelu(Lowering& x) {
  const double alpha = x.attribute_float("alpha", 1.702f);
  MapBuilder map(x, x.shape(0));
  const E v = map.load(x.input(0));
  x.output(0, map.build(v * sigmoid(v * alpha), x.type(0)));
}

// a * sigmoid(alpha * a) * b.
void swiglu(Lowering& x) {
  const double alpha = x.attribute_float("alpha", 1);
  MapBuilder map(x, x.broadcast_shape(x.shape(0), x.shape(1)));
  const E a = map.load(x.input(0));
  x.output(0, map.build(a * sigmoid(a * alpha) * map.load(x.input(1)), x.type(0)));
}

void bias_softmax(Lowering& x) {
  const DType wide = compute_type(x.type(0));
  const int rank = x.rank(0), axis = x.normalized_axis(x.attribute_int("axis", 1), rank);
  std::vector<int> axes;
  for (int i = axis; i < rank; ++i) axes.push_back(i);
  MapBuilder add(x, x.shape(0));
  Value* sum = add.build(add.load(x.input(0)) + add.load(x.input(1)), wide, "biased");
  Value* largest = x.reduce(Reduction::kMax, sum, axes, true, nullptr, nullptr, "max");
  MapBuilder power(x, x.shape(0));
  Value* powers = power.build(exp(power.load(sum) - power.load(largest)), wide, "powers");
  Value* total = x.reduce(Reduction::kSum, powers, axes, true, nullptr, nullptr, "sum");
  MapBuilder map(x, x.shape(0));
  x.output(0, map.build(map.load(powers) / map.load(total), x.type(0)));
}

}  // namespace

OPS_TABLE(gelu){
    {"BiasGelu", 1, "float", gelu, "", "com.microsoft"},
    {"BiasSoftmax", 1, "float", bias_softmax, "", "com.microsoft"},
    {"FastGelu", 1, "float", fast_gelu, "", "com.microsoft"},
    {"Gelu", 1, "float", gelu, "", "com.microsoft"},
    {"QuickGelu", 1, "float", quick_gelu, "", "com.microsoft"},
    {"SwiGLU", 27, "float", swiglu},
};
OPS_END(gelu)

}  // namespace onnxc

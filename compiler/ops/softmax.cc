// Softmax and its relatives along an axis: a maximum, an exponential, a sum, a quotient.
#include "compiler/ops/lowering.h"
#include "compiler/ops/op.h"

namespace onnxc {
namespace {

// The axes over which a node normalises: one from opset 13; before, all from `axis` on, as if
// flattened to 2-D.
std::vector<int> normalized_axes(Lowering& x) {
  const int rank = x.rank(0);
  const int axis = x.normalized_axis(x.attribute_int("axis", x.opset() < 13 ? 1 : -1), rank);
  if (x.opset() >= 13) return {axis};
  std::vector<int> axes;
  for (int i = axis; i < rank; ++i) axes.push_back(i);
  return axes;
}

void softmax(Lowering& x) {
  const std::vector<int> axes = normalized_axes(x);
  const DType type = compute_type(x.type(0));
  Value* largest = x.reduce(Reduction::kMax, x.input(0), axes, true, nullptr, nullptr, "max");
  MapBuilder shift(x, x.shape(0));
  Value* powers = shift.build(exp(shift.load(x.input(0)) - shift.load(largest)), type, "powers");
  Value* sum = x.reduce(Reduction::kSum, powers, axes, true, nullptr, nullptr, "sum");
  MapBuilder map(x, x.shape(0));
  x.output(0, map.build(map.load(powers) / map.load(sum), x.type(0)));
}

void log_softmax(Lowering& x) {
  const std::vector<int> axes = normalized_axes(x);
  const DType type = compute_type(x.type(0));
  Value* largest = x.reduce(Reduction::kMax, x.input(0), axes, true, nullptr, nullptr, "max");
  MapBuilder shift(x, x.shape(0));
  Value* shifted = shift.build(shift.load(x.input(0)) - shift.load(largest), type, "shifted");
  const auto power = [](E v) { return exp(v); };
  Value* sum = x.reduce(Reduction::kSum, shifted, axes, true, power, nullptr, "sum");
  MapBuilder map(x, x.shape(0));
  x.output(0, map.build(map.load(shifted) - log(map.load(sum)), x.type(0)));
}

// 1 at the first largest element along the axis, 0 elsewhere.
void hardmax(Lowering& x) {
  const std::vector<int> axes = normalized_axes(x);
  Value* input = x.input(0);
  Shape flat(x.shape(0).begin(), x.shape(0).begin() + axes[0]);
  Dim run = 1;
  for (int a : axes) run = run * x.shape(0)[a];
  flat.push_back(run);
  for (int i = axes.back() + 1; i < x.rank(0); ++i) flat.push_back(x.shape(0)[i]);
  Value* rows = x.reshape(input, flat);
  Value* first =
      x.reduce(Reduction::kArgMaxFirst, rows, {axes[0]}, true, nullptr, nullptr, "position");
  MapBuilder map(x, flat);
  E hit = eq(map.load(first), integer(map.index(axes[0])));
  x.output(0, x.reshape(map.build(select(hit, constant(compute_type(x.type(0)), 1), 0.0), x.type(0),
                                  "hot"),
                        x.shape(0)));
}

}  // namespace

OPS_TABLE(softmax){
    {"Hardmax", 1, "float", hardmax},
    {"LogSoftmax", 1, "float", log_softmax},
    {"Softmax", 1, "float", softmax},
};
OPS_END(softmax)

}  // namespace onnxc

// Running sums and products along an axis.
#include "compiler/ops/kernel_step.h"
#include "compiler/ops/op.h"
#include "compiler/ops/operands.h"

namespace onnxc {
namespace {

Value* cumulated(Lowering& x, Value* from, int axis, const char* combine, int identity) {
  const AxisSplit split = split_at(from->shape, axis);
  return KernelStep(x, "cumulate", "templates/cpu/cumulate.h", {from->type})
      .input(from)
      .temporary(fmt::format("axis_{}", axis), from->type, from->shape)
      .size(split.outer)
      .size(split.axis)
      .size(split.inner)
      .code(fmt::format("{}({})", cpp_name(from->type), identity))
      .code(combine)
      .code(x.attribute_int("exclusive", 0) != 0 ? "Exclusive{}" : "Inclusive{}")
      .code(x.attribute_int("reverse", 0) != 0 ? "Backward{}" : "Forward{}")
      .build()[0];
}

// Narrow floats run in float. An axis that is known only when it runs chooses among the results
// along each axis.
void cumulate(Lowering& x, const char* combine, int identity) {
  const int rank = x.rank(0);
  if (rank == 0) throw x.error("the input must not be a scalar");
  Value* from = x.cast_to(x.input(0), compute_type(x.type(0)));
  const Integers axis(x, 1);
  if (axis.size() != 1) throw x.error("the axis (input 1) must be one number");
  if (axis.known()) {
    const int at = normalized_axes(x, axis, rank)[0];
    x.output(0, x.cast_to(cumulated(x, from, at, combine, identity), x.type(0)));
    return;
  }
  MapBuilder map(x, x.shape(0));
  const E chosen = from_end_if_negative(axis.element(map, 0), rank);
  E result = map.load(cumulated(x, from, 0, combine, identity));
  for (int at = 1; at < rank; ++at)
    result = select(eq(chosen, integer(at)), map.load(cumulated(x, from, at, combine, identity)),
                    result);
  x.output(0, map.build(result, x.type(0)));
}

}  // namespace

OPS_TABLE(cumulate){
    {"CumProd", 26, "numbers", [](Lowering& x) { cumulate(x, "Product{}", 1); }},
    {"CumSum", 11, "numbers", [](Lowering& x) { cumulate(x, "Sum{}", 0); }},
};
OPS_END(cumulate)

}  // namespace onnxc

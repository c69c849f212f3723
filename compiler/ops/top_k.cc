// The largest or smallest elements along an axis, with their positions.
#include "compiler/ops/kernel_step.h"
#include "compiler/ops/op.h"
#include "compiler/ops/operands.h"

namespace onnxc {
namespace {

Dim count_of(Lowering& x, int axis) {
  return x.has_attribute("k") ? Dim(x.attribute_int("k", 0))
                              : size_operand(x, 0, 1, axis, "k", x.shape(0)[axis]);
}

void top_k(Lowering& x) {
  if (x.rank(0) == 0) throw x.error("the input must not be a scalar");
  const int axis = x.normalized_axis(x.attribute_int("axis", -1), x.rank(0));
  const Dim k = count_of(x, axis);
  const AxisSplit split = split_at(x.shape(0), axis);
  if (proves_lt(split.axis, k) || k.range().max < 0)
    throw x.error("k is {}, but axis {} has {} elements", k.text(), axis, split.axis.text());
  Shape shape = x.shape(0);
  shape[axis] = k;
  KernelStep(x, "top_k", "templates/cpu/top_k.h", {x.type(0)})
      .input(x.input(0))
      .output(0, x.type(0), shape)
      .output(1, DType::kInt64, shape)
      .size(split.outer)
      .size(split.axis)
      .size(split.inner)
      .size(k)
      .code(x.attribute_int("largest", 1) != 0 ? "Largest{}" : "Smallest{}")
      .scratch(k * 16)
      .build();
}

}  // namespace

OPS_TABLE(top_k){
    {"TopK", 1, "numbers", top_k},
};
OPS_END(top_k)

}  // namespace onnxc

// MaxUnpool: every element goes back to where the pooling found it, zeros elsewhere.
#include "compiler/ops/kernel_step.h"
#include "compiler/ops/op.h"
#include "compiler/ops/operands.h"
#include "compiler/ops/window.h"

namespace onnxc {
namespace {

// The shape that a pooling with the node's windows would have had as its input.
Shape unpooled_shape(Lowering& x) {
  const Shape spatial = spatial_of(x, x.shape(0));
  const size_t rank = spatial.size();
  const auto kernel = spatial_attribute(x, "kernel_shape", rank, 1);
  const auto strides = spatial_attribute(x, "strides", rank, 1);
  const auto pads = x.attribute_ints("pads", std::vector<int64_t>(2 * rank, 0));
  if (pads.size() != 2 * rank) {
    throw x.error("pads has {} entries, expected {}", pads.size(), 2 * rank);
  }
  Shape shape{x.shape(0)[0], x.shape(0)[1]};
  for (size_t i = 0; i < rank; ++i) {
    shape.push_back((spatial[i] - 1) * strides[i] + kernel[i] - pads[i] - pads[rank + i]);
  }
  return shape;
}

Value* zeros(Lowering& x, const Dim& count) {
  MapBuilder map(x, {count});
  return map.build(constant(compute_type(x.type(0)), 0), x.type(0), "zeros");
}

void max_unpool(Lowering& x) {
  const Shape inner = unpooled_shape(x);
  const Dim total = product(inner), count = product(x.shape(0));
  Value* placed =
      KernelStep(x, "scatter_elements", "templates/cpu/scatter.h", {x.type(0), DType::kInt64})
          .input(zeros(x, total))
          .input(x.reshape(x.cast_to(x.input(1), DType::kInt64), {count}))
          .input(x.reshape(x.input(0), {count}))
          .temporary("placed", x.type(0), {total})
          .sizes({total})
          .sizes({count})
          .size(0)
          .code("Overwrite{}")
          .build()[0];
  placed = x.reshape(placed, inner);
  if (!x.has_input(2)) {
    x.output(0, placed);
    return;
  }
  const Shape out = shape_operand(x, Integers(x, 2), 0, "unpooled_size");
  if (out.size() != inner.size()) {
    throw x.error("output_shape has {} entries, expected {}", out.size(), inner.size());
  }
  MapBuilder map(x, out);
  E within = constant_integer(DType::kBool, 1);
  const std::vector<Dim> at = identity_index(out);
  for (size_t i = 0; i < out.size(); ++i) within = within && inside(at[i], inner[i]);
  x.output(0, map.build(select(within, map.load(placed, at), 0.0), x.type(0)));
}

}  // namespace

OPS_TABLE(max_unpool){
    {"MaxUnpool", 9, "float", max_unpool},
};
OPS_END(max_unpool)

}  // namespace onnxc

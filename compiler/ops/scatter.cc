// Copies of a tensor with elements or slices replaced or combined at given positions.
#include "compiler/ops/kernel_step.h"
#include "compiler/ops/op.h"
#include "compiler/ops/operands.h"

namespace onnxc {
namespace {

std::string combine_of(Lowering& x) {
  const std::string reduction = x.attribute_string("reduction", "none");
  if (reduction == "none") return "Overwrite{}";
  if (reduction == "add") return "Sum{}";
  if (reduction == "mul") return "Product{}";
  if (reduction == "min") return "Minimum{}";
  if (reduction == "max") return "Maximum{}";
  throw x.error("attribute \"reduction\" is \"{}\", must be none, add, mul, min or max", reduction);
}

void require_equal_types(Lowering& x) {
  if (x.type(0) != x.type(2))
    throw x.error("data is {}, updates are {}; they must have one type", name(x.type(0)),
                  name(x.type(2)));
}

void scatter_elements(Lowering& x) {
  require_equal_types(x);
  const int axis = x.normalized_axis(x.attribute_int("axis", 0), x.rank(0));
  if (x.rank(1) != x.rank(0) || x.rank(2) != x.rank(0))
    throw x.error("data {}, indices {} and updates {} must have one rank", text(x.shape(0)),
                  text(x.shape(1)), text(x.shape(2)));
  KernelStep(x, "scatter_elements", "templates/cpu/scatter.h", {x.type(0), x.type(1)})
      .input(x.input(0))
      .input(x.input(1))
      .input(x.input(2))
      .output(0, x.type(0), x.shape(0))
      .sizes(x.shape(0))
      .sizes(x.shape(1))
      .size(axis)
      .code(combine_of(x))
      .build();
}

void scatter_nd(Lowering& x) {
  require_equal_types(x);
  const Shape &data = x.shape(0), &indices = x.shape(1);
  if (indices.empty() || !indices.back().is_constant())
    throw x.error("the last size of the indices must be a number, their shape is {}",
                  text(indices));
  const int64_t depth = indices.back().value();
  if (depth > x.rank(0))
    throw x.error("indices of shape {} name {} axes, data has shape {}", text(indices), depth,
                  text(data));
  const auto middle = data.begin() + depth;
  KernelStep(x, "scatter_nd", "templates/cpu/scatter.h", {x.type(0)})
      .input(x.input(0))
      .input(x.cast_to(x.input(1), DType::kInt64))
      .input(x.input(2))
      .output(0, x.type(0), data)
      .size(product({indices.begin(), indices.end() - 1}))
      .sizes({data.begin(), middle})
      .size(product({middle, data.end()}))
      .code(combine_of(x))
      .build();
}

// Writes a run of steps into a cache, from a position of its own for each batch element.
void tensor_scatter(Lowering& x) {
  const int rank = x.rank(0);
  const int axis = x.normalized_axis(x.attribute_int("axis", -2), rank);
  const std::string mode = x.attribute_string("mode", "linear");
  if (mode != "linear" && mode != "circular")
    throw x.error("attribute \"mode\" is \"{}\", must be linear or circular", mode);
  if (axis == 0 || x.rank(1) != rank)
    throw x.error("a cache of shape {} cannot be updated by shape {} along axis {}",
                  text(x.shape(0)), text(x.shape(1)), axis);
  const Dim room = x.shape(0)[axis], steps = x.shape(1)[axis];
  MapBuilder map(x, x.shape(0));
  E from = integer(map.index(axis));
  if (x.has_input(2)) from = from - cast(DType::kInt64, map.load(x.input(2), {map.index(0)}));
  if (mode == "circular") from = call(ScalarOp::kMod, {from, integer(room)});
  std::vector<Dim> at = identity_index(x.shape(0));
  at[axis] = as_index(from, {0, steps.range().max - 1});
  const E fresh = map.load(x.input(1), at);
  x.output(
      0, map.build(select(from >= integer(0) && from < integer(steps), fresh, map.load(x.input(0))),
                   x.type(0)));
}

}  // namespace

OPS_TABLE(scatter){
    {"Scatter", 9, "numbers, bool", scatter_elements},
    {"ScatterElements", 11, "numbers, bool", scatter_elements},
    {"ScatterND", 11, "numbers, bool", scatter_nd},
    {"TensorScatter", 24, "numbers, bool", tensor_scatter},
};
OPS_END(scatter)

}  // namespace onnxc

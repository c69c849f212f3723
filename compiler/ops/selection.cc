// Operators whose output size depends on data: each defines a bounded size.
#include <algorithm>

#include "compiler/ops/kernel_step.h"
#include "compiler/ops/op.h"
#include "compiler/ops/operands.h"

namespace onnxc {
namespace {

void nonzero(Lowering& x) {
  Value* from = x.rank(0) == 0 ? x.reshape(x.input(0), {1}) : x.input(0);
  const SymbolRef count = x.fresh_symbol("nonzero_count", 0, product(from->shape));
  KernelStep(x, "nonzero", "templates/cpu/select_positions.h", {from->type})
      .input(from)
      .output(0, DType::kInt64, {static_cast<int64_t>(from->shape.size()), Dim(count)})
      .sizes(from->shape)
      .result(count)
      .build();
}

// How many of the conditions hold, where that is known.
std::optional<int64_t> known_count(Lowering& x, const Dim& axis) {
  const auto condition = x.constant(1);
  if (!condition || !axis.is_constant()) return std::nullopt;
  int64_t count = 0;
  for (int64_t k = 0; k < condition->size() && k < axis.value(); ++k)
    count += condition->as_int64(k) != 0;
  return count;
}

void compress(Lowering& x) {
  if (x.rank(1) != 1)
    throw x.error("the condition must be a vector, has shape {}", text(x.shape(1)));
  const bool flat = !x.has_attribute("axis");
  Value* from = flat ? x.reshape(x.input(0), {product(x.shape(0))}) : x.input(0);
  const int axis =
      x.normalized_axis(x.attribute_int("axis", 0), static_cast<int>(from->shape.size()));
  const AxisSplit split = split_at(from->shape, axis);
  const auto known = known_count(x, split.axis);
  const SymbolRef count =
      known ? nullptr : x.fresh_symbol("compressed_count", 0, min(split.axis, x.shape(1)[0]));
  Shape shape = from->shape;
  shape[axis] = known ? Dim(*known) : Dim(count);
  KernelStep(x, "compress", "templates/cpu/select_positions.h", {from->type})
      .input(from)
      .input(x.input(1))
      .output(0, from->type, shape)
      .size(x.shape(1)[0])
      .size(split.outer)
      .size(split.axis)
      .size(split.inner)
      .result(count)
      .build();
}

void unique(Lowering& x) {
  const bool flat = !x.has_attribute("axis");
  Value* from = flat ? x.reshape(x.input(0), {product(x.shape(0))}) : x.input(0);
  const int axis =
      x.normalized_axis(x.attribute_int("axis", 0), static_cast<int>(from->shape.size()));
  const AxisSplit split = split_at(from->shape, axis);
  const SymbolRef count = x.fresh_symbol("unique_count", 0, split.axis);
  Shape shape = from->shape;
  shape[axis] = Dim(count);
  KernelStep(x, "unique", "templates/cpu/unique.h", {from->type})
      .input(from)
      .output(0, from->type, shape)
      .output(1, DType::kInt64, {Dim(count)})
      .output(2, DType::kInt64, {split.axis})
      .output(3, DType::kInt64, {Dim(count)})
      .size(split.outer)
      .size(split.axis)
      .size(split.inner)
      .code(x.attribute_int("sorted", 1) != 0 ? "Sorted{}" : "AsFound{}")
      .scratch(split.axis * 32)
      .result(count)
      .build();
}

void non_max_suppression(Lowering& x) {
  const Shape &boxes = x.shape(0), &scores = x.shape(1);
  if (boxes.size() != 3 || scores.size() != 3)
    throw x.error(
        "boxes must be [batch, boxes, 4] and scores [batch, classes, boxes], are {} and {}",
        text(boxes), text(scores));
  const auto optional = [&](size_t i) { return x.has_input(i) ? x.input(i) : nullptr; };
  Dim most = boxes[1];
  if (const auto limit = x.has_input(2) ? x.constant(2) : std::nullopt)
    most = min(most, std::clamp<int64_t>(limit->as_int64(0), 0, int64_t{1} << 31));
  const Dim bound = scores[0] * scores[1] * most;
  const SymbolRef count = x.fresh_symbol("selected_count", 0, bound);
  KernelStep(x, "non_max_suppression", "templates/cpu/non_max_suppression.h", {})
      .input(x.input(0))
      .input(x.input(1))
      .input(optional(2))
      .input(optional(3))
      .input(optional(4))
      .output(0, DType::kInt64, {Dim(count), 3})
      .size(scores[0])
      .size(scores[1])
      .size(boxes[1])
      .code(x.attribute_int("center_point_box", 0) != 0 ? "CenterBoxes{}" : "CornerBoxes{}")
      .scratch(boxes[1] * 16)
      .result(count)
      .build();
}

}  // namespace

OPS_TABLE(selection){
    {"Compress", 9, "numbers, bool", compress},
    {"NonMaxSuppression", 10, "float", non_max_suppression},
    {"NonZero", 9, "numbers, bool", nonzero},
    {"Unique", 11, "numbers, bool", unique},
};
OPS_END(selection)

}  // namespace onnxc

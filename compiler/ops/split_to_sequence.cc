// SplitToSequence: parts one by one where their sizes are known, packed otherwise.
#include <algorithm>

#include "compiler/ops/op.h"
#include "compiler/ops/operands.h"
#include "compiler/ops/sequence_value.h"

namespace onnxc {
namespace {

// Sizes of the parts, where all are expressions of sizes and their number is known.
std::optional<std::vector<Dim>> known_sizes(Lowering& x, const Dim& total) {
  std::vector<Dim> sizes;
  if (!x.has_input(1)) {
    if (!total.is_constant()) return std::nullopt;
    return std::vector<Dim>(static_cast<size_t>(total.value()), Dim(1));
  }
  const Integers given(x, 1);
  if (!given.known()) return std::nullopt;
  if (x.rank(1) == 1) return given.dims();
  if (!given[0].is_constant() || !total.is_constant()) return std::nullopt;
  if (given[0].value() < 1) throw x.error("parts of {} elements", given[0].value());
  for (int64_t begin = 0; begin < total.value(); begin += given[0].value())
    sizes.push_back(std::min(given[0].value(), total.value() - begin));
  return sizes;
}

Sequence known_parts(Lowering& x, int axis, bool drops_axis, const std::vector<Dim>& sizes) {
  Sequence parts{x.type(0), {}, nullptr, nullptr};
  Dim begin = 0;
  for (const Dim& size : sizes) {
    Shape shape = x.shape(0);
    shape[axis] = size;
    MapBuilder map(x, shape);
    std::vector<Dim> at = identity_index(shape);
    at[axis] = at[axis] + begin;
    Value* part = map.build(map.load_raw(x.input(0), at), x.type(0), "part");
    if (drops_axis) shape.erase(shape.begin() + axis);
    parts.elements.push_back(x.reshape(part, shape));
    begin = begin + size;
  }
  return parts;
}

// How part i lies along the axis: where it begins and how long it is, as int64 scalars.
struct Part {
  E begin, size;
};

// Parts whose sizes are read when the program runs, or whose number is an expression.
struct Split {
  Dim count;
  Dim box;
  bool fixed;  // all parts are as long as the box
  std::function<Part(MapBuilder&, const Dim& i)> part;
};

Split split_of(Lowering& x, const Dim& total) {
  if (!x.has_input(1))
    return {total, 1, true, [](MapBuilder&, const Dim& i) { return Part{integer(i), integer(1)}; }};
  if (x.rank(1) == 0) {
    const Integers given(x, 1);
    if (!given.known()) throw x.error("parts whose one size is found out when it runs");
    const Dim size = given[0];
    return {ceil_div(total, size), size, false, [=](MapBuilder&, const Dim& i) {
              return Part{integer(i * size), integer(min(size, total - i * size))};
            }};
  }
  // Where each part begins: the sum of the sizes before it.
  Value* sizes = x.input(1);
  const Dim count = sizes->shape[0];
  MapBuilder sums(x, {count}, {count});
  const E before = select(integer(sums.index(1)) < integer(sums.index(0)),
                          cast(DType::kInt64, sums.load_raw(sizes, {sums.index(1)})),
                          constant_integer(DType::kInt64, 0));
  Value* begins = sums.build_reduction(Reduction::kSum, before, nullptr, DType::kInt64, "begins");
  return {count, total, false, [=](MapBuilder& map, const Dim& i) {
            return Part{map.load_raw(begins, {i}), cast(DType::kInt64, map.load_raw(sizes, {i}))};
          }};
}

Sequence packed_parts(Lowering& x, int axis, bool drops_axis) {
  const Split split = split_of(x, x.shape(0)[axis]);
  const Dim total = x.shape(0)[axis];
  Shape boxes = x.shape(0);
  boxes[axis] = split.box;
  boxes.insert(boxes.begin(), split.count);
  MapBuilder map(x, boxes);
  std::vector<Dim> at = identity_index(boxes);
  const Dim i = at[0], k = at[axis + 1];
  at.erase(at.begin());
  const Part part = split.part(map, i);
  at[axis] = as_index(max(min(part.begin + integer(k), integer(total - 1)), integer(0)),
                      {0, std::max<int64_t>(0, total.range().max - 1)});
  const E element = map.load_raw(x.input(0), at);
  const E zero =
      is_float(element.type()) ? constant(element.type(), 0) : constant_integer(element.type(), 0);
  Sequence parts{x.type(0), {}, nullptr, nullptr};
  parts.boxes = map.build(split.fixed ? element : select(integer(k) < part.size, element, zero),
                          x.type(0), "parts");
  if (drops_axis) {
    boxes.erase(boxes.begin() + axis + 1);
    parts.boxes = x.reshape(parts.boxes, boxes);
  }
  if (split.fixed) return parts;
  const Shape& whole = x.shape(0);
  MapBuilder shapes(x, {split.count, static_cast<int64_t>(whole.size())});
  E size = split.part(shapes, shapes.index(0)).size;
  for (size_t a = 0; a < whole.size(); ++a) {
    if (static_cast<int>(a) != axis)
      size = select(eq(integer(shapes.index(1)), integer(static_cast<int64_t>(a))),
                    integer(whole[a]), size);
  }
  parts.shapes = shapes.build(size, DType::kInt64, "shapes");
  return parts;
}

void split_to_sequence(Lowering& x) {
  const int axis = x.normalized_axis(x.attribute_int("axis", 0), x.rank(0));
  const bool drops_axis = !x.has_input(1) && x.attribute_int("keepdims", 1) == 0;
  const auto sizes = known_sizes(x, x.shape(0)[axis]);
  x.output_sequence(
      0, sizes ? known_parts(x, axis, drops_axis, *sizes) : packed_parts(x, axis, drops_axis));
}

}  // namespace

OPS_TABLE(split_to_sequence){
    {"SplitToSequence", 11, "any", split_to_sequence},
};
OPS_END(split_to_sequence)

}  // namespace onnxc

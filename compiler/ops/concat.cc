// Tensors side by side, and back into parts.
#include "compiler/ops/lowering.h"
#include "compiler/ops/op.h"
#include "compiler/ops/operands.h"

namespace onnxc {
namespace {

void concat(Lowering& x) {
  if (x.input_count() == 0) throw x.error("it has no inputs");
  if (x.opset() >= 4 && !x.has_attribute("axis")) throw x.error("attribute \"axis\" is missing");
  const int rank = x.rank(0);
  const int axis = x.normalized_axis(x.attribute_int("axis", 1), rank);
  Shape shape = x.shape(0);
  std::vector<Value*> parts;
  for (size_t i = 0; i < x.input_count(); ++i) {
    const Shape& part = x.shape(i);
    if (x.rank(i) != rank || x.type(i) != x.type(0))
      throw x.error("input {} is {}{}, input 0 is {}{}; they must agree but for axis {}", i,
                    name(x.type(i)), text(part), name(x.type(0)), text(x.shape(0)), axis);
    for (int k = 0; k < rank; ++k) {
      if (k == axis) continue;
      if (proves_ne(part[k], shape[k]))
        throw x.error("input {} has shape {}, input 0 has {}; they must agree but for axis {}", i,
                      text(part), text(x.shape(0)), axis);
      x.require_equal(part[k], shape[k]);
      if (part[k].is_constant()) shape[k] = part[k];
    }
    if (i > 0) shape[axis] = shape[axis] + part[axis];
    if (!part[axis].is(0)) parts.push_back(x.input(i));
  }
  if (parts.size() < 2) {
    x.output(0, parts.empty() ? x.input(0) : parts[0]);
    return;
  }
  x.output(0, x.add(Concat{axis}, parts, x.type(0), shape));
}

Dim part_size(Lowering& x, const Integers& given, size_t k, int axis) {
  if (given.known(k)) return given[k];
  if (const auto declared = x.declared_shape(k)) return declared->at(static_cast<size_t>(axis));
  return size_element(x, given, k, "part_size", x.shape(0)[axis]);
}

// Sizes of the parts along the axis: given, or equal ones.
std::vector<Dim> part_sizes(Lowering& x, int axis) {
  const Dim total = x.shape(0)[axis];
  const size_t count = x.output_count();
  if (const auto given = integers_operand(x, "split", 1)) {
    if (given->size() != count)
      throw x.error("{} sizes are given for {} outputs", given->size(), count);
    if (given->known()) return given->dims();
    std::vector<Dim> sizes;
    for (size_t k = 0; k < count; ++k) sizes.push_back(part_size(x, *given, k, axis));
    return sizes;
  }
  const int64_t parts = x.attribute_int("num_outputs", static_cast<int64_t>(count));
  if (parts != static_cast<int64_t>(count))
    throw x.error("attribute \"num_outputs\" is {}, but there are {} outputs", parts, count);
  const Dim chunk = x.opset() >= 18 ? ceil_div(total, parts) : floor_div(total, parts);
  if (x.opset() < 18 && total.is_constant() && total.value() % parts != 0)
    throw x.error("size {} of axis {} does not divide into {} equal parts", total.text(), axis,
                  parts);
  std::vector<Dim> sizes(count, chunk);
  if (x.opset() >= 18) sizes.back() = total - chunk * (parts - 1);
  return sizes;
}

void split(Lowering& x) {
  const int axis = x.normalized_axis(x.attribute_int("axis", 0), x.rank(0));
  const std::vector<Dim> sizes = part_sizes(x, axis);
  Dim sum = 0;
  for (const Dim& s : sizes) sum = sum + s;
  if (proves_ne(sum, x.shape(0)[axis]))
    throw x.error("the parts' sizes add up to {}, axis {} has {}", sum.text(), axis,
                  x.shape(0)[axis].text());
  Dim begin = 0;
  for (size_t k = 0; k < sizes.size(); ++k) {
    Shape shape = x.shape(0);
    shape[axis] = sizes[k];
    if (x.wants_output(k)) {
      MapBuilder map(x, shape);
      std::vector<Dim> at = identity_index(shape);
      at[axis] = at[axis] + begin;
      x.output(k, map.build(map.load_raw(x.input(0), at), x.type(0), x.node().outputs[k]));
    }
    begin = begin + sizes[k];
  }
}

}  // namespace

OPS_TABLE(concat){
    {"Concat", 1, "any", concat},
    {"Split", 1, "any", split},
};
OPS_END(concat)

}  // namespace onnxc

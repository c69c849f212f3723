// Padding: each output element is an input element found by its mode, or the constant.
#include "compiler/ops/lowering.h"
#include "compiler/ops/op.h"
#include "compiler/ops/operands.h"

namespace onnxc {
namespace {

enum class Mode { kConstant, kReflect, kEdge, kWrap };

Mode mode_of(Lowering& x) {
  const std::string mode = x.attribute_string("mode", "constant");
  if (mode == "constant") return Mode::kConstant;
  if (mode == "reflect") return Mode::kReflect;
  if (mode == "edge") return Mode::kEdge;
  if (mode == "wrap") return Mode::kWrap;
  throw x.error("attribute \"mode\" is \"{}\", must be constant, reflect, edge or wrap", mode);
}

// Where position `at` of an axis, counted from its first element and perhaps outside, takes its
// element from.
Dim source(Mode mode, const Dim& at, const Dim& size) {
  const Dim last = size - 1;
  switch (mode) {
    case Mode::kConstant:
      return at;
    case Mode::kEdge:
      return clamp(at, 0, last);
    case Mode::kWrap:
      return floor_mod(at, size);
    case Mode::kReflect:
      if (size.is(1)) return 0;
      if (proves_le(Dim(0) - at, last) && proves_le(at, last * 2)) {
        const Dim folded = max(at, Dim(0) - at);
        return min(folded, last * 2 - folded);
      }
      const Dim phase = floor_mod(at, max(last * 2, 1));
      return min(phase, last * 2 - phase);
  }
  return at;
}

// For each axis, the numbers of its begin and end in the list of pads; -1 where it is not padded.
struct Slots {
  std::vector<int> begin, end;
};

Slots slots_of(Lowering& x, const Integers& pads) {
  const int rank = x.rank(0);
  std::vector<int> axes;
  if (x.has_input(3)) {
    const Integers given(x, 3);
    if (!given.known()) throw x.error("the list of axes (input 3) must be constant");
    axes = normalized_axes(x, given, rank);
  } else {
    for (int i = 0; i < rank; ++i) axes.push_back(i);
  }
  const int count = static_cast<int>(axes.size());
  if (pads.size() != 2 * axes.size())
    throw x.error("{} pads are given for {} axes, two an axis are needed", pads.size(), count);
  Slots slots{std::vector<int>(rank, -1), std::vector<int>(rank, -1)};
  for (int k = 0; k < count; ++k) {
    slots.begin[axes[k]] = k;
    slots.end[axes[k]] = count + k;
  }
  return slots;
}

E fill(Lowering& x, MapBuilder& map) {
  if (x.has_input(2)) return map.load(x.input(2), std::vector<Dim>(x.rank(2), Dim(0)));
  return onnxc::constant(compute_type(x.type(0)), x.attribute_float("value", 0));
}

Dim padded_size(Lowering& x, const Integers& pads, const Slots& slots, int axis) {
  const Dim size = x.shape(0)[axis];
  const auto begin = static_cast<size_t>(slots.begin[axis]);
  const auto end = static_cast<size_t>(slots.end[axis]);
  if (pads.known(begin) && pads.known(end)) return size + pads[begin] + pads[end];
  return run_time_size(x, "padded_size", [&](MapBuilder& map) {
    return integer(size) + pads.element(map, begin) + pads.element(map, end);
  });
}

void pad(Lowering& x) {
  const Mode mode = mode_of(x);
  const auto pads = integers_operand(x, x.opset() < 2 ? "paddings" : "pads", 1);
  if (!pads) throw x.error("the list of pads is missing");
  const Slots slots = slots_of(x, *pads);
  const int rank = x.rank(0);
  Shape shape = x.shape(0);
  const auto declared = pads->known() ? std::nullopt : x.declared_shape(0);
  if (declared) shape = *declared;
  for (int i = 0; i < rank && !declared; ++i) {
    if (slots.begin[i] >= 0) shape[i] = padded_size(x, *pads, slots, i);
    if (shape[i].range().max < 0)
      throw x.error("axis {} of shape {} is cropped to a negative size", i, text(x.shape(0)));
  }
  MapBuilder map(x, shape);
  E inside = constant_integer(DType::kBool, 1);
  std::vector<Dim> at;
  for (int i = 0; i < rank; ++i) {
    const Dim size = x.shape(0)[i];
    Dim position = map.index(i);
    const auto is_zero = [&](int slot) { return pads->known(slot) && (*pads)[slot].is(0); };
    if (slots.begin[i] < 0 || (is_zero(slots.begin[i]) && is_zero(slots.end[i]))) {
      at.push_back(position);
      continue;
    }
    position = as_index(integer(position) - pads->element(map, slots.begin[i]),
                        {-shape[i].range().max, shape[i].range().max});
    at.push_back(source(mode, position, size));
    if (mode == Mode::kConstant)
      inside = inside && integer(position) >= integer(0) && integer(position) < integer(size);
  }
  const E element = map.load(x.input(0), at);
  x.output(0, map.build(mode == Mode::kConstant ? select(inside, element, fill(x, map)) : element,
                        x.type(0)));
}

}  // namespace

OPS_TABLE(pad){
    {"Pad", 1, "numbers, bool", pad},
};
OPS_END(pad)

}  // namespace onnxc

// Parts of a tensor by begin, end and step, and cropping or padding around the centre.
#include <cstdlib>
#include <limits>

#include "compiler/ops/lowering.h"
#include "compiler/ops/op.h"
#include "compiler/ops/operands.h"

namespace onnxc {
namespace {

struct SliceOperands {
  Integers starts, ends, axes, steps;
};

SliceOperands slice_operands(Lowering& x) {
  const auto starts = integers_operand(x, "starts", 1), ends = integers_operand(x, "ends", 2);
  if (!starts || !ends) throw x.error("the starts or ends are missing");
  const size_t count = starts->size();
  std::vector<int64_t> all_axes(count), ones(count, 1);
  for (size_t k = 0; k < count; ++k) all_axes[k] = static_cast<int64_t>(k);
  const Integers axes = integers_operand(x, "axes", 3).value_or(Integers(all_axes));
  const Integers steps = integers_operand(x, "steps", 4).value_or(Integers(ones));
  if (ends->size() != count || axes.size() != count || steps.size() != count)
    throw x.error("{} starts, {} ends, {} axes and {} steps are given", count, ends->size(),
                  axes.size(), steps.size());
  return {*starts, *ends, axes, steps};
}

// The elements first, first + step, ... of an axis.
struct Run {
  Dim first, count;
};

Run known_run(const Dim& size, const Dim& from, const Dim& to, int64_t step) {
  const Dim start = from_end_if_negative(from, size);
  const bool to_the_end = to.is_constant() && to.value() >= std::numeric_limits<int32_t>::max();
  const Dim end = to_the_end ? size : from_end_if_negative(to, size);
  if (step > 0) {
    const Dim first = clamp(start, 0, size);
    return {first, max(0, ceil_div(clamp(end, 0, size) - first, step))};
  }
  const Dim first = clamp(start, 0, size - 1);
  return {first, max(0, ceil_div(first - clamp(end, -1, size - 1), -step))};
}

// A run whose begin or end is found out when the program runs.
Run run_time_run(Lowering& x, const SliceOperands& o, size_t k, const Dim& size, int64_t step) {
  const Dim last = step > 0 ? size : size - 1;
  const auto limited = [&](const E& position, int64_t least) {
    return max(integer(least), min(from_end_if_negative(position, size), integer(last)));
  };
  const auto first = [&](MapBuilder& map) { return limited(o.starts.element(map, k), 0); };
  const auto count = [&](MapBuilder& map) {
    const E end = limited(o.ends.element(map, k), step > 0 ? 0 : -1);
    const E way = step > 0 ? end - first(map) : first(map) - end;
    const int64_t stride = std::abs(step);
    return max(way + integer(stride - 1), integer(0)) / integer(stride);
  };
  return {run_time_size(x, "slice_begin", first, max(size, 0)),
          run_time_size(x, "slice_size", count, ceil_div(size, std::abs(step)))};
}

void slice_by_runs(Lowering& x, const SliceOperands& o) {
  const std::vector<int> axes = normalized_axes(x, o.axes, x.rank(0));
  Shape shape = x.shape(0);
  std::vector<Dim> first(shape.size(), Dim(0)), steps(shape.size(), Dim(1));
  for (size_t k = 0; k < axes.size(); ++k) {
    const int axis = axes[k];
    const Dim size = x.shape(0)[axis], step = o.steps[k];
    if (!step.is_constant() || step.is(0))
      throw x.error("step {} of axis {} must be a number other than 0", step.text(), axis);
    const Run run = o.starts.known(k) && o.ends.known(k)
                        ? known_run(size, o.starts[k], o.ends[k], step.value())
                        : run_time_run(x, o, k, size, step.value());
    steps[axis] = step;
    first[axis] = run.first;
    shape[axis] = run.count;
  }
  MapBuilder map(x, shape);
  std::vector<Dim> at;
  for (int i = 0; i < map.rank(); ++i) at.push_back(first[i] + map.index(i) * steps[i]);
  x.output(0, map.build(map.load_raw(x.input(0), at), x.type(0)));
}

// Positions that are loaded; the sizes are those that the model declares.
void slice_loaded(Lowering& x, const SliceOperands& o) {
  MapBuilder map(x, declared_output(x, 0, 1, "the list of starts"));
  std::vector<Dim> at;
  for (int i = 0; i < map.rank(); ++i) {
    const Dim size = x.shape(0)[i];
    E position = integer(map.index(i));
    for (size_t k = 0; k < o.starts.size(); ++k) {
      const E step = o.steps.element(map, k);
      const E start = from_end_if_negative(o.starts.element(map, k), size);
      const E first =
          max(integer(0), min(start, select(step > 0.0, integer(size), integer(size - 1))));
      const E mine = eq(from_end_if_negative(o.axes.element(map, k), x.rank(0)), integer(i));
      position = select(mine, first + integer(map.index(i)) * step, position);
    }
    at.push_back(as_index(position, {0, size.range().max - 1}));
  }
  x.output(0, map.build(map.load_raw(x.input(0), at), x.type(0)));
}

void slice(Lowering& x) {
  const SliceOperands o = slice_operands(x);
  const bool known = o.starts.known() && o.ends.known();
  if (o.axes.known() && o.steps.known() && (known || !x.declared_shape(0))) {
    slice_by_runs(x, o);
  } else {
    slice_loaded(x, o);
  }
}

// Crops or zero-pads each axis to a size, evenly on both sides; an odd element goes to the end.
void center_crop_pad(Lowering& x) {
  const int rank = x.rank(0);
  const Integers sizes(x, 1);
  Shape shape = x.shape(0);
  std::vector<int64_t> all;
  for (int i = 0; i < rank; ++i) all.push_back(i);
  const std::vector<int> axes = normalized_axes(x, Integers(x.attribute_ints("axes", all)), rank);
  if (axes.size() != sizes.size())
    throw x.error("{} sizes are given for {} axes", sizes.size(), axes.size());
  if (!sizes.known()) {
    const auto declared = x.declared_shape(0);
    for (size_t k = 0; k < axes.size(); ++k)
      shape[axes[k]] = declared ? (*declared)[axes[k]] : size_element(x, sizes, k, "cropped_size");
  } else {
    for (size_t k = 0; k < axes.size(); ++k) shape[axes[k]] = sizes[k];
  }
  MapBuilder map(x, shape);
  E inside = constant_integer(DType::kBool, 1);
  std::vector<Dim> at;
  for (int i = 0; i < rank; ++i) {
    const Dim from = x.shape(0)[i], to = shape[i];
    const Dim cropped = floor_div(max(from - to, 0), 2), padded = floor_div(max(to - from, 0), 2);
    at.push_back(map.index(i) + cropped - padded);
    inside = inside && integer(at[i]) >= integer(0) && integer(at[i]) < integer(from);
  }
  x.output(0, map.build(select(inside, map.load(x.input(0), at), 0.0), x.type(0)));
}

}  // namespace

OPS_TABLE(slice){
    {"CenterCropPad", 18, "numbers, bool", center_crop_pad},
    {"Slice", 1, "any", slice},
};
OPS_END(slice)

}  // namespace onnxc

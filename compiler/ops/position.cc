// Tensors whose elements follow from their positions: ranges, triangles, one-hot codes, window
// functions.
#include <cmath>

#include "compiler/ops/lowering.h"
#include "compiler/ops/op.h"
#include "compiler/ops/operands.h"

namespace onnxc {
namespace {

// The only element of input `i`, a scalar or a vector of one.
E single(Lowering& x, MapBuilder& map, size_t i) {
  return map.load(x.input(i), std::vector<Dim>(x.rank(i), Dim(0)));
}

// How many steps lead from start to limit; nothing if that depends on data.
std::optional<Dim> range_length(Lowering& x) {
  if (is_float(x.type(0))) {
    const auto start = x.constant(0), limit = x.constant(1), delta = x.constant(2);
    if (!start || !limit || !delta) return std::nullopt;
    const double step = delta->as_double(0);
    if (step == 0) throw x.error("the step is 0");
    const double length = std::ceil((limit->as_double(0) - start->as_double(0)) / step);
    return static_cast<int64_t>(std::max(0.0, length));
  }
  const Integers start(x, 0), limit(x, 1), delta(x, 2);
  if (!start.known() || !limit.known() || !delta.known()) return std::nullopt;
  if (delta[0].is(0)) throw x.error("the step is 0");
  if (proves_nonnegative(delta[0])) return max(0, ceil_div(limit[0] - start[0], delta[0]));
  if (proves_nonnegative(Dim(0) - delta[0]))
    return max(0, ceil_div(start[0] - limit[0], Dim(0) - delta[0]));
  throw x.error("the sign of step {} is not known", delta[0].text());
}

// The length where it is found out when the program runs: declared by the model, or read.
Dim found_length(Lowering& x) {
  if (const auto declared = x.declared_shape(0); declared && declared->size() == 1)
    return declared->front();
  MapBuilder map(x, {});
  const E way = cast(DType::kDouble, single(x, map, 1) - single(x, map, 0));
  const E steps = call(ScalarOp::kCeil, {way / cast(DType::kDouble, single(x, map, 2))});
  Value* length = map.build(cast(DType::kInt64, max(steps, 0.0)), DType::kInt64, "length");
  return Dim(x.read_size(length, x.open_symbol("range_size")));
}

void range(Lowering& x) {
  const auto length = range_length(x);
  MapBuilder map(x, {length ? *length : found_length(x)});
  const auto operand = [&](size_t i) {
    const auto known = x.integers(x.input(i));
    return known && x.type(i) == DType::kInt64 ? integer(known->at(0)) : single(x, map, i);
  };
  const E start = operand(0), step = operand(2);
  x.output(0, map.build(start + cast(start.type(), integer(map.index(0))) * step, x.type(0)));
}

void eye_like(Lowering& x) {
  if (x.rank(0) != 2) throw x.error("the input must be a matrix, has shape {}", text(x.shape(0)));
  const auto type =
      dtype_of(static_cast<int>(x.attribute_int("dtype", static_cast<int64_t>(x.type(0)))));
  if (!type) throw x.error("attribute \"dtype\" is no element type");
  MapBuilder map(x, x.shape(0));
  const E hit = eq(integer(map.index(1)), integer(map.index(0) + x.attribute_int("k", 0)));
  x.output(0, map.build(cast(compute_type(*type), hit), *type));
}

void one_hot(Lowering& x) {
  const int rank = x.rank(0) + 1;
  const int axis = x.normalized_axis(x.attribute_int("axis", -1), rank);
  const Dim size = size_operand(x, 0, 1, axis, "depth");
  Shape shape = x.shape(0);
  shape.insert(shape.begin() + axis, size);
  MapBuilder map(x, shape);
  std::vector<Dim> at;
  for (int i = 0; i < rank; ++i) {
    if (i != axis) at.push_back(map.index(i));
  }
  const E index = from_end_if_negative(cast(DType::kInt64, map.load(x.input(0), at)), size);
  const E on = map.load(x.input(2), {1}), off = map.load(x.input(2), {0});
  x.output(0, map.build(select(eq(index, integer(map.index(axis))), on, off), x.type(2)));
}

// Keeps the elements on one side of diagonal `k` of the last two axes.
void trilu(Lowering& x) {
  if (x.rank(0) < 2) throw x.error("the input needs two axes, has shape {}", text(x.shape(0)));
  MapBuilder map(x, x.shape(0));
  const E diagonal = x.has_input(1) ? Integers(x, 1).element(map, 0) : integer(0);
  const E distance = integer(map.index(map.rank() - 1) - map.index(map.rank() - 2));
  const E kept = x.attribute_int("upper", 1) != 0 ? distance >= diagonal : distance <= diagonal;
  const E element = map.load(x.input(0));
  x.output(0, map.build(select(kept, element, onnxc::constant(element.type(), 0)), x.type(0)));
}

// a - b cos(2 pi n / N) + c cos(4 pi n / N), over one period of N, or N - 1 where it is symmetric.
void window(Lowering& x, double a, double b, double c) {
  const auto type = dtype_of(static_cast<int>(x.attribute_int("output_datatype", 1)));
  if (!type) throw x.error("attribute \"output_datatype\" is no element type");
  const Integers size(x, 0);
  MapBuilder map(x, {size_operand(x, 0, 0, 0, "window_size")});
  const DType compute = *type == DType::kDouble ? DType::kDouble : DType::kFloat;
  const int64_t shorter = x.attribute_int("periodic", 1) != 0 ? 0 : 1;
  const E period = cast(compute, size.element(map, 0) - integer(shorter));
  const double turn = 2 * 3.14159265358979323846;
  const E angle = cast(compute, integer(map.index(0))) * turn / period;
  E value = a - call(ScalarOp::kCos, {angle}) * b;
  if (c != 0) value = value + call(ScalarOp::kCos, {angle * 2.0}) * c;
  x.output(0, map.build(value, *type));
}

}  // namespace

OPS_TABLE(position){
    {"BlackmanWindow", 17, "float", [](Lowering& x) { window(x, 0.42, 0.5, 0.08); }},
    {"EyeLike", 9, "numbers, bool", eye_like},
    {"HammingWindow", 17, "float", [](Lowering& x) { window(x, 25.0 / 46, 21.0 / 46, 0); }},
    {"HannWindow", 17, "float", [](Lowering& x) { window(x, 0.5, 0.5, 0); }},
    {"OneHot", 9, "numbers", one_hot},
    {"Range", 11, "numbers", range},
    {"Trilu", 14, "numbers, bool", trilu},
    {"Trilu", 1, "numbers, bool", trilu, "", "com.microsoft"},
};
OPS_END(position)

}  // namespace onnxc

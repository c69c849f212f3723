// Quantised operators of ONNX Runtime: operands to float, the operation, and back.
#include <algorithm>
#include <functional>

#include "compiler/ops/op.h"
#include "compiler/ops/pool.h"
#include "compiler/ops/quantized.h"

namespace onnxc {
namespace {

E scalar_of(MapBuilder& map, Value* v) {
  return cast(DType::kFloat, map.load(v, std::vector<Dim>(v->shape.size(), Dim(0))));
}

// The element of input `i` (scale and zero point follow) that pairs with the map's point.
E dequantized(Lowering& x, MapBuilder& map, size_t i) {
  const E value = cast(DType::kInt32, map.load(x.input(i)));
  const E zero =
      x.has_input(i + 2)
          ? cast(DType::kInt32, map.load(x.input(i + 2), std::vector<Dim>(x.rank(i + 2))))
          : constant(DType::kInt32, 0);
  return cast(DType::kFloat, value - zero) * scalar_of(map, x.input(i + 1));
}

// `v` by the scale of input `i` and the zero point after it.
E requantized(Lowering& x, MapBuilder& map, E v, size_t i, DType type) {
  const E zero = x.has_input(i + 1) ? scalar_of(map, x.input(i + 1)) : constant(DType::kFloat, 0);
  return quantized(v / scalar_of(map, x.input(i)), zero, type);
}

void binary(Lowering& x, const std::function<E(E, E)>& f) {
  MapBuilder map(x, x.broadcast_shape(x.shape(0), x.shape(3)));
  const E y = f(dequantized(x, map, 0), dequantized(x, map, 3));
  x.output(0, map.build(requantized(x, map, y, 6, x.type(0)), x.type(0)));
}

void unary(Lowering& x, const std::function<E(E)>& f) {
  MapBuilder map(x, x.shape(0));
  const E y = f(dequantized(x, map, 0));
  x.output(0, map.build(requantized(x, map, y, 3, x.type(0)), x.type(0)));
}

void qlinear_leaky_relu(Lowering& x) {
  const double alpha = x.attribute_float("alpha", 0.01f);
  unary(x, [=](E v) { return select(v < 0.0, v * alpha, v); });
}

// Every part by its own scale, joined, with one scale for all.
void qlinear_concat(Lowering& x) {
  const int rank = x.rank(2), axis = x.normalized_axis(x.attribute_int("axis", 0), rank);
  std::vector<Value*> parts;
  Shape shape = x.shape(2);
  Dim total = 0;
  for (size_t i = 2; i + 1 < x.input_count(); i += 3) {
    MapBuilder map(x, x.shape(i));
    const E y = requantized(x, map, dequantized(x, map, i), 0, x.type(i));
    parts.push_back(map.build(y, x.type(i), "part"));
    total = total + x.shape(i)[axis];
  }
  shape[axis] = total;
  x.output(0, x.add(Concat{axis}, parts, x.type(2), shape));
}

void pooled(Lowering& x, Value* (*pool)(Lowering&, Value*)) {
  const bool last = x.attribute_int("channels_last", 0) != 0;
  MapBuilder widen(x, x.shape(0));
  Value* wide = widen.build(dequantized(x, widen, 0), DType::kFloat, "float");
  Value* mean = pool(x, last ? channels_second(x, wide) : wide);
  if (last) mean = channels_last(x, mean);
  MapBuilder map(x, mean->shape);
  const E y = requantized(x, map, map.load(mean), 3, x.type(0));
  x.output(0, map.build(y, x.type(0)));
}

void qlinear_softmax(Lowering& x) {
  const int rank = x.rank(0);
  const int64_t opset = x.attribute_int("opset", 13);
  const int axis = x.normalized_axis(x.attribute_int("axis", -1), rank);
  std::vector<int> axes;
  for (int i = axis; i < (opset < 13 ? rank : axis + 1); ++i) axes.push_back(i);
  MapBuilder widen(x, x.shape(0));
  Value* wide = widen.build(dequantized(x, widen, 0), DType::kFloat, "float");
  Value* largest = x.reduce(Reduction::kMax, wide, axes, true, nullptr, nullptr, "max");
  MapBuilder shift(x, x.shape(0));
  Value* powers = shift.build(exp(shift.load(wide) - shift.load(largest)), DType::kFloat, "powers");
  Value* sum = x.reduce(Reduction::kSum, powers, axes, true, nullptr, nullptr, "sum");
  MapBuilder map(x, x.shape(0));
  const E y = map.load(powers) / map.load(sum);
  x.output(0, map.build(requantized(x, map, y, 3, x.type(0)), x.type(0)));
}

// alpha * A' B' + C of quantised matrices; a float result where no output scale is given.
void qgemm(Lowering& x) {
  const bool trans_a = x.attribute_int("transA", 0) != 0,
             trans_b = x.attribute_int("transB", 0) != 0;
  if (x.rank(0) != 2 || x.rank(3) != 2) {
    throw x.error("A {} and B {} must be matrices", text(x.shape(0)), text(x.shape(3)));
  }
  Value *a = x.input(0), *b = x.input(3);
  MapBuilder map(x, {a->shape[trans_a], b->shape[!trans_b]}, {a->shape[!trans_a]});
  const Dim m = map.index(0), n = map.index(1), k = map.index(2);
  const auto whole = [&](size_t i, const std::vector<Dim>& at, const Dim& axis) {
    const E v = cast(DType::kInt32, map.load(x.input(i), at));
    if (!x.has_input(i + 2)) return v;
    return v - cast(DType::kInt32, map.load(x.input(i + 2), scalar_or_along(x.input(i + 2), axis)));
  };
  const E product = whole(0, trans_a ? std::vector<Dim>{k, m} : std::vector<Dim>{m, k}, 0) *
                    whole(3, trans_b ? std::vector<Dim>{n, k} : std::vector<Dim>{k, n}, n);
  const DType type = x.has_input(7) ? (x.has_input(8) ? x.type(8) : x.type(0)) : DType::kFloat;
  const double alpha = x.attribute_float("alpha", 1);
  const auto finish = [&](E sum) {
    if (x.has_input(6)) sum = sum + map.load(x.input(6));
    const E scale =
        scalar_of(map, x.input(1)) * map.load(x.input(4), scalar_or_along(x.input(4), n)) * alpha;
    const E y = cast(DType::kFloat, sum) * scale;
    return x.has_input(7) ? requantized(x, map, y, 7, type) : y;
  };
  x.output(0, map.build_reduction(Reduction::kSum, product, finish, type));
}

}  // namespace

OPS_TABLE(qlinear_elementwise){
    {"QGemm", 1, "int8, uint8", qgemm, "", "com.microsoft"},
    {"QLinearAdd", 1, "int8, uint8", [](Lowering& x) { binary(x, [](E a, E b) { return a + b; }); },
     "", "com.microsoft"},
    {"QLinearAveragePool", 1, "int8, uint8", [](Lowering& x) { pooled(x, averaged); }, "",
     "com.microsoft"},
    {"QLinearConcat", 1, "int8, uint8", qlinear_concat, "", "com.microsoft"},
    {"QLinearGlobalAveragePool", 1, "int8, uint8",
     [](Lowering& x) { pooled(x, averaged_globally); }, "", "com.microsoft"},
    {"QLinearLeakyRelu", 1, "int8, uint8", qlinear_leaky_relu, "", "com.microsoft"},
    {"QLinearMul", 1, "int8, uint8", [](Lowering& x) { binary(x, [](E a, E b) { return a * b; }); },
     "", "com.microsoft"},
    {"QLinearSigmoid", 1, "int8, uint8",
     [](Lowering& x) { unary(x, [](E v) { return sigmoid(v); }); }, "", "com.microsoft"},
    {"QLinearSoftmax", 1, "int8, uint8", qlinear_softmax, "", "com.microsoft"},
};
OPS_END(qlinear_elementwise)

}  // namespace onnxc

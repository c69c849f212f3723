// Reductions over axes, and positions of extremes.
#include <algorithm>
#include <limits>
#include <numeric>

#include "compiler/ops/lowering.h"
#include "compiler/ops/op.h"
#include "compiler/ops/operands.h"

namespace onnxc {
namespace {

using Axes = std::vector<int>;
using Reducer = Value* (*)(Lowering&, const Axes&, bool keep);

Shape reduced_shape(const Shape& from, const Axes& axes, bool keep) {
  Shape shape;
  for (size_t i = 0; i < from.size(); ++i) {
    const bool gone = std::find(axes.begin(), axes.end(), static_cast<int>(i)) != axes.end();
    if (!gone) shape.push_back(from[i]);
    if (gone && keep) shape.push_back(1);
  }
  return shape;
}

// Where the axes are known only when it runs: every choice that gives the declared shape is
// computed and the one that the input names is taken.
void reduce_by_loaded_axes(Lowering& x, const Integers& operand, bool keep, Reducer reducer) {
  const Shape declared = declared_output(x, 0, 1, "the list of axes");
  const int rank = x.rank(0);
  std::vector<Axes> choices;
  for (unsigned set = 0; set < 1U << rank; ++set) {
    Axes axes;
    for (int i = 0; i < rank; ++i) {
      if (set >> i & 1) axes.push_back(i);
    }
    if (axes.size() == operand.size() &&
        text(reduced_shape(x.shape(0), axes, keep)) == text(declared))
      choices.push_back(axes);
  }
  constexpr size_t kMostChoices = 6;
  if (choices.empty() || choices.size() > kMostChoices)
    throw x.error(
        "the list of axes (input 1) must be constant: the declared shape {} fits {} choices",
        text(declared), choices.size());
  Value* result = reducer(x, choices[0], keep);
  for (size_t c = 1; c < choices.size(); ++c) {
    Value* other = reducer(x, choices[c], keep);
    MapBuilder map(x, declared);
    E chosen = constant_integer(DType::kBool, 1);
    for (int axis : choices[c]) {
      E named = constant_integer(DType::kBool, 0);
      for (size_t k = 0; k < operand.size(); ++k)
        named = named || eq(from_end_if_negative(operand.element(map, k), rank), integer(axis));
      chosen = chosen && named;
    }
    result = map.build(select(chosen, map.load(other), map.load(result)), x.type(0));
  }
  x.output(0, result);
}

void reduce_with(Lowering& x, Reducer reducer) {
  const bool keep = x.attribute_int("keepdims", 1) != 0;
  const auto operand = integers_operand(x, "axes", 1);
  if (operand && !operand->known()) {
    reduce_by_loaded_axes(x, *operand, keep, reducer);
    return;
  }
  Axes axes = operand ? normalized_axes(x, *operand, x.rank(0)) : Axes{};
  if (axes.empty() && x.attribute_int("noop_with_empty_axes", 0) == 0) {
    axes.resize(x.rank(0));
    std::iota(axes.begin(), axes.end(), 0);
  }
  x.output(0, reducer(x, axes, keep));
}

E same(E v) { return v; }
E square(E v) { return v * v; }
E magnitude(E v) { return abs(v); }
E root(E v) { return sqrt(v); }
E logarithm(E v) { return log(v); }

template <Reduction reduction, E (*before)(E), E (*after)(E)>
void reduce(Lowering& x) {
  reduce_with(x, [](Lowering& y, const Axes& axes, bool keep) {
    return y.reduce(reduction, y.input(0), axes, keep, before, after);
  });
}

// Bools are reduced as bytes.
template <Reduction reduction>
void reduce_extreme(Lowering& x) {
  reduce_with(x, [](Lowering& y, const Axes& axes, bool keep) {
    if (y.type(0) != DType::kBool) return y.reduce(reduction, y.input(0), axes, keep);
    return y.reduce(reduction, y.input(0), axes, keep, [](E v) { return cast(DType::kUint8, v); });
  });
}

void reduce_mean(Lowering& x) {
  reduce_with(x, [](Lowering& y, const Axes& axes, bool keep) {
    Dim count = 1;
    for (int axis : axes) count = count * y.shape(0)[axis];
    return y.reduce(Reduction::kSum, y.input(0), axes, keep, nullptr,
                    [&](E sum) { return sum / cast(sum.type(), integer(count)); });
  });
}

// log(sum(exp(x))), with the largest element taken out so that nothing overflows.
void reduce_log_sum_exp(Lowering& x) {
  reduce_with(x, [](Lowering& y, const Axes& axes, bool keep) {
    const Shape& from = y.shape(0);
    Value* largest = y.reduce(
        Reduction::kMax, y.input(0), axes, true, nullptr,
        [](E v) { return select(call(ScalarOp::kIsInf, {v}), 0.0, v); }, "max");
    MapBuilder shift(y, from);
    Value* shifted = shift.build(exp(shift.load(y.input(0)) - shift.load(largest)),
                                 compute_type(y.type(0)), "shifted");
    Value* sum = y.reduce(Reduction::kSum, shifted, axes, true, nullptr, nullptr, "sum");
    MapBuilder map(y, sum->shape);
    return y.reshape(map.build(log(map.load(sum)) + map.load(largest), y.type(0)),
                     reduced_shape(from, axes, keep));
  });
}

template <Reduction first, Reduction last>
void arg_extreme(Lowering& x) {
  const int axis = x.normalized_axis(x.attribute_int("axis", 0), x.rank(0));
  const Reduction which = x.attribute_int("select_last_index", 0) != 0 ? last : first;
  x.output(0, x.reduce(which, x.input(0), {axis}, x.attribute_int("keepdims", 1) != 0));
}

}  // namespace

OPS_TABLE(reduce){
    {"ArgMax", 1, "numbers", arg_extreme<Reduction::kArgMaxFirst, Reduction::kArgMaxLast>},
    {"ArgMin", 1, "numbers", arg_extreme<Reduction::kArgMinFirst, Reduction::kArgMinLast>},
    {"ReduceL1", 1, "numbers", reduce<Reduction::kSum, magnitude, same>},
    {"ReduceL2", 1, "float", reduce<Reduction::kSum, square, root>},
    {"ReduceLogSum", 1, "float", reduce<Reduction::kSum, same, logarithm>},
    {"ReduceLogSumExp", 1, "float", reduce_log_sum_exp},
    {"ReduceMax", 1, "numbers, bool", reduce_extreme<Reduction::kMax>},
    {"ReduceMean", 1, "numbers", reduce_mean},
    {"ReduceMin", 1, "numbers, bool", reduce_extreme<Reduction::kMin>},
    {"ReduceProd", 1, "numbers", reduce<Reduction::kProduct, same, same>},
    {"ReduceSum", 1, "numbers", reduce<Reduction::kSum, same, same>},
    {"ReduceSumSquare", 1, "numbers", reduce<Reduction::kSum, square, same>},
};
OPS_END(reduce)

}  // namespace onnxc

// Reductions, normalisations of rows, and scans along an axis.
#include <algorithm>

#include "tests/fuzz/builder.h"

namespace onnxc::fuzz {
namespace {

using enum DType;

bool make_reduction(Builder& b) {
  const std::string op = b.random().one_of(
      {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2",
       "ReduceSumSquare", "ReduceLogSumExp", "ReduceLogSum", "ReduceSum", "ReduceMean"});
  const bool integers = (op == "ReduceSum" || op == "ReduceMax" || op == "ReduceMin" ||
                         op == "ReduceProd" || op == "ReduceL1" || op == "ReduceSumSquare") &&
                        b.random().chance(0.2);
  const Operand x = b.some({integers ? b.random().one_of({kInt32, kInt64}) : b.float_type()}, 0, 5);
  if (op == "ReduceLogSum" && x.low() <= 0.05) return false;
  Dims axes;
  bool empty_axis = false;
  for (int k = 0; k < x.rank(); ++k) {
    if (!b.random().chance(0.45)) continue;
    axes.push_back(b.random().chance(0.5) ? k : k - x.rank());
    empty_axis |= x.dims()[static_cast<size_t>(k)] == 0;
  }
  if (x.value.size() == 0 && op != "ReduceSum" && op != "ReduceProd") return false;
  Attributes attributes = {{"keepdims", b.random().between(0, 1)}};
  if (b.random().chance(0.2)) attributes["noop_with_empty_axes"] = int64_t{1};
  if (axes.empty()) return b.add(op, {x}, attributes);
  return b.add(op, {x, b.constant(axes)}, attributes);
}

bool make_arg(Builder& b) {
  const Operand x = b.some({b.float_type(), b.integer_type()}, 1, 4);
  if (x.value.size() == 0 || x.has_nan()) return false;
  Attributes attributes = {{"axis", b.random().between(-x.rank(), x.rank() - 1)},
                           {"keepdims", b.random().between(0, 1)}};
  if (b.random().chance(0.4)) attributes["select_last_index"] = int64_t{1};
  return b.add(b.random().one_of({"ArgMax", "ArgMin"}), {x}, attributes);
}

bool make_top_k(Builder& b) {
  const Operand x = b.some({b.float_type(), b.integer_type()}, 1, 3);
  if (x.has_nan()) return false;
  const int64_t axis = b.random().between(-x.rank(), x.rank() - 1);
  const int64_t size = x.dims()[static_cast<size_t>(axis < 0 ? axis + x.rank() : axis)];
  const Operand k = b.constant(Dims{b.random().between(0, size)});
  return b.add("TopK", {x, k}, {{"axis", axis}, {"largest", b.random().between(0, 1)}}, 2);
}

bool make_softmax(Builder& b) {
  const Operand x = b.some_float(1, 4);
  if (x.value.size() == 0 || x.has_nan()) return false;
  const int64_t axis = b.random().chance(0.6) ? -1 : b.random().between(-x.rank(), x.rank() - 1);
  return b.add(b.random().one_of({"Softmax", "Softmax", "LogSoftmax", "Hardmax"}), {x},
               {{"axis", axis}});
}

bool make_cum_sum(Builder& b) {
  const Operand x = b.some({b.float_type(), kInt32, kInt64}, 1, 4);
  const double axis = static_cast<double>(b.random().between(-x.rank(), x.rank() - 1));
  return b.add("CumSum", {x, b.constant(Tensor::scalar(b.random().one_of({kInt32, kInt64}), axis))},
               {{"exclusive", b.random().between(0, 1)}, {"reverse", b.random().between(0, 1)}});
}

bool make_layer_normalization(Builder& b) {
  const Operand x = b.some_float(1, 4);
  if (x.value.size() == 0) return false;
  const int64_t axis = b.random().chance(0.6) ? -1 : b.random().between(-x.rank(), x.rank() - 1);
  const Dims dims(x.dims().begin() + (axis < 0 ? axis + x.rank() : axis), x.dims().end());
  std::vector<Operand> inputs = {x, b.like(x.type(), dims)};
  if (b.random().chance(0.6)) inputs.push_back(b.like(x.type(), dims));
  const int outputs = b.random().chance(0.2) && x.type() == kFloat ? 3 : 1;
  return b.add("LayerNormalization", inputs, {{"axis", axis}, {"epsilon", 0.01F}}, outputs);
}

// The normalisation of rows as exporters spell it out.
bool make_spelled_out_normalization(Builder& b) {
  const Operand x = b.some_float(1, 4);
  if (x.value.size() == 0) return false;
  const Operand axes = b.constant(Dims{-1});
  if (!b.add("ReduceMean", {x, axes})) return false;
  const Operand mean = b.results()[0];
  if (!b.add("Sub", {x, mean})) return false;
  const Operand centred = b.results()[0];
  if (!b.add("Mul", {centred, centred}) || !b.add("ReduceMean", {b.results()[0], axes}))
    return false;
  return b.add("Add", {b.results()[0], b.constant(Tensor::scalar(x.type(), 0.01))}) &&
         b.add("Sqrt", {b.results()[0]}) && b.add("Div", {centred, b.results()[0]});
}

bool make_spelled_out_softmax(Builder& b) {
  const Operand x = b.some_float(1, 4);
  if (x.value.size() == 0) return false;
  const Operand axes = b.constant(Dims{b.random().between(-x.rank(), -1)});
  if (!b.add("ReduceMax", {x, axes}) || !b.add("Sub", {x, b.results()[0]}) ||
      !b.add("Exp", {b.results()[0]}))
    return false;
  const Operand powers = b.results()[0];
  return b.add("ReduceSum", {powers, axes}) && b.add("Div", {powers, b.results()[0]});
}

bool make_lp_normalization(Builder& b) {
  const Operand x = b.some_float(1, 4);
  if (x.value.size() == 0) return false;
  return b.add(
      "LpNormalization", {x},
      {{"axis", b.random().between(-x.rank(), x.rank() - 1)}, {"p", b.random().between(1, 2)}});
}

}  // namespace

const std::vector<Maker>& reducing_makers() {
  static const std::vector<Maker> makers = {
      {"reduction", 5, make_reduction},
      {"arg", 1.5, make_arg},
      {"top k", 1, make_top_k},
      {"softmax", 2.5, make_softmax},
      {"cumulative sum", 1, make_cum_sum},
      {"layer normalization", 2, make_layer_normalization},
      {"spelled out normalization", 1, make_spelled_out_normalization},
      {"spelled out softmax", 1, make_spelled_out_softmax},
      {"lp normalization", 0.6, make_lp_normalization},
  };
  return makers;
}

}  // namespace onnxc::fuzz

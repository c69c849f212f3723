// Transforms of scores and lookup of labels.
#include "compiler/ops/ml_scores.h"

#include <cmath>

namespace onnxc {
namespace {

Value* softmax(Lowering& x, Value* scores, bool keep_zeros) {
  const int last = static_cast<int>(scores->shape.size()) - 1;
  Value* largest = x.reduce(Reduction::kMax, scores, {last}, true, nullptr, nullptr, "max");
  const auto is_zero = [&](const E& v) { return abs(v) <= 1e-7; };
  MapBuilder power(x, scores->shape);
  const E v = power.load(scores), top = power.load(largest);
  E powers = exp(v - top);
  if (keep_zeros) powers = select(is_zero(v), v * exp(-top), powers);
  Value* numerators = power.build(powers, scores->type, "powers");
  MapBuilder counted(x, scores->shape);
  E part = counted.load(numerators);
  if (keep_zeros) part = select(is_zero(counted.load(scores)), 0.0, part);
  Value* addends = counted.build(part, scores->type, "addends");
  Value* sum = x.reduce(Reduction::kSum, addends, {last}, true, nullptr, nullptr, "sum");
  MapBuilder map(x, scores->shape);
  return map.build(map.load(numerators) / map.load(sum), scores->type, "softmax");
}

// sqrt(2) * erfinv(2 * v - 1) with Winitzki's approximation of erfinv.
E probit(E v) {
  constexpr double a = 0.147, pi = 3.14159265358979323846;
  v = v * 2.0 - 1.0;
  const E l = log((1.0 - v) * (v + 1.0));
  const E half = l * 0.5 + 2.0 / (pi * a);
  const E root = sqrt(sqrt(half * half - l / a) - half);
  return select(v < 0.0, -root, root) * std::sqrt(2.0);
}

}  // namespace

E logistic(E v) { return sigmoid(v); }

PostTransform read_post_transform(const Lowering& x) {
  const auto it = x.node().attributes.find("post_transform");
  if (it == x.node().attributes.end()) return PostTransform::kNone;
  if (const auto* number = std::get_if<int64_t>(&it->second)) {
    if (*number < 0 || *number > 4) throw x.error("post_transform is {}, expected 0 to 4", *number);
    return static_cast<PostTransform>(*number);
  }
  const std::string name = x.attribute_string("post_transform", "NONE");
  if (name == "NONE") return PostTransform::kNone;
  if (name == "SOFTMAX") return PostTransform::kSoftmax;
  if (name == "LOGISTIC") return PostTransform::kLogistic;
  if (name == "SOFTMAX_ZERO") return PostTransform::kSoftmaxZero;
  if (name == "PROBIT") return PostTransform::kProbit;
  throw x.error("post_transform \"{}\" is not known", name);
}

Value* transformed(Lowering& x, Value* scores, PostTransform transform) {
  MapBuilder map(x, scores->shape);
  switch (transform) {
    case PostTransform::kNone:
      return scores;
    case PostTransform::kSoftmax:
      return softmax(x, scores, false);
    case PostTransform::kSoftmaxZero:
      return softmax(x, scores, true);
    case PostTransform::kLogistic:
      return map.build(logistic(map.load(scores)), scores->type, "logistic");
    case PostTransform::kProbit:
      return map.build(probit(map.load(scores)), scores->type, "probit");
  }
  return scores;
}

Tensor class_labels(const Lowering& x, const std::vector<std::string>& integer_names,
                    const std::string& string_name) {
  for (const std::string& name : integer_names) {
    const std::vector<int64_t> labels = x.attribute_ints(name, {});
    if (!labels.empty()) return Tensor::of_int64(labels);
  }
  const auto it = x.node().attributes.find(string_name);
  const auto* labels = it == x.node().attributes.end()
                           ? nullptr
                           : std::get_if<std::vector<std::string>>(&it->second);
  if (!labels || labels->empty()) throw x.error("the labels of the classes are missing");
  return Tensor::of_strings({static_cast<int64_t>(labels->size())}, *labels);
}

Value* labels_at(Lowering& x, const Tensor& labels, Value* positions) {
  Value* table = x.constant_value(labels, "labels");
  MapBuilder map(x, positions->shape);
  const Dim at =
      map.load_index(positions, identity_index(positions->shape), {0, labels.size() - 1});
  return map.build(map.load_raw(table, {at}), labels.type(), "label");
}

Value* largest_position(Lowering& x, Value* scores) {
  return x.reduce(Reduction::kArgMaxFirst, scores, {1}, false, nullptr, nullptr, "position");
}

Value* feature_rows(Lowering& x, size_t i) {
  Value* v = x.input(i);
  if (v->shape.size() == 1) v = x.reshape(v, {1, v->shape[0]});
  if (v->shape.size() != 2) {
    throw x.error("input {} has shape {}, expected [rows, features]", i, text(v->shape));
  }
  return x.cast_to(v, v->type == DType::kDouble ? DType::kDouble : DType::kFloat);
}

Value* float_constant(Lowering& x, const std::string& name, DType type, int64_t size) {
  const std::vector<float> values = x.attribute_floats(name, {});
  if (!values.empty() && static_cast<int64_t>(values.size()) != size) {
    throw x.error("{} has {} entries, expected {}", name, values.size(), size);
  }
  Tensor t(type, {size});
  for (int64_t i = 0; i < size && !values.empty(); ++i) t.set(i, values[i]);
  return x.constant_value(std::move(t), name);
}

}  // namespace onnxc

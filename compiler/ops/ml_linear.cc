// Linear and support vector models of ai.onnx.ml.
#include "compiler/ops/ml_scores.h"
#include "compiler/ops/op.h"

namespace onnxc {
namespace {

// Rows times coefficients [targets, features] plus intercepts: [rows, targets].
Value* linear_scores(Lowering& x, int64_t targets) {
  Value* rows = feature_rows(x, 0);
  const DType type = rows->type;
  const Dim features = rows->shape[1];
  const int64_t count = static_cast<int64_t>(x.attribute_floats("coefficients", {}).size());
  if (targets < 1 || count % targets != 0 || proves_ne(features, count / targets)) {
    throw x.error("there are {} coefficients for {} targets and {} features", count, targets,
                  features.text());
  }
  Value* coefficients =
      x.reshape(float_constant(x, "coefficients", type, count), {targets, count / targets});
  Value* intercepts = float_constant(x, "intercepts", type, targets);
  MapBuilder map(x, {rows->shape[0], targets}, {features});
  const Dim row = map.index(0), target = map.index(1), k = map.index(2);
  return map.build_reduction(
      Reduction::kSum, map.load(rows, {row, k}) * map.load(coefficients, {target, k}),
      [&](E sum) { return sum + map.load(intercepts, {target}); }, type, "scores");
}

void linear_regressor(Lowering& x) {
  Value* scores = linear_scores(x, x.attribute_int("targets", 1));
  x.output(0, x.cast_to(transformed(x, scores, read_post_transform(x)), DType::kFloat));
}

// One score for two classes: the other class has what is left.
void one_score(Lowering& x, Value* score, const Tensor& labels) {
  const Dim rows = score->shape[0];
  const bool is_logistic = read_post_transform(x) == PostTransform::kLogistic;
  MapBuilder choice(x, {rows});
  const E chosen = choice.load(score, {choice.index(0), 0}) > 0.0;
  Value* position = choice.build(cast(DType::kInt64, chosen), DType::kInt64, "position");
  x.output(0, labels_at(x, labels, position));
  MapBuilder both(x, {rows, 2});
  E s = both.load(score, {both.index(0), 0});
  if (is_logistic) s = logistic(s);
  x.output(1, both.build(select(eq(integer(both.index(1)), integer(0)), 1.0 - s, s), DType::kFloat,
                         "both"));
}

void linear_classifier(Lowering& x) {
  const Tensor labels = class_labels(x, {"classlabels_ints"}, "classlabels_strings");
  const auto given = static_cast<int64_t>(x.attribute_floats("intercepts", {}).size());
  Value* scores = linear_scores(x, given > 0 ? given : labels.size());
  if (labels.size() == 2 && scores->shape[1].is(1)) return one_score(x, scores, labels);
  if (!scores->shape[1].is(labels.size())) {
    throw x.error("there are {} scores for {} classes", scores->shape[1].text(), labels.size());
  }
  x.output(0, labels_at(x, labels, largest_position(x, scores)));
  x.output(1, x.cast_to(transformed(x, scores, read_post_transform(x)), DType::kFloat));
}

// What the kernel function makes of a row and a vector, from their product or, for RBF, squared
// distance.
E kernel_value(const Lowering& x, const E& v) {
  const std::vector<float> p = x.attribute_floats("kernel_params", {});
  const double gamma = !p.empty() ? p[0] : 0, coefficient = p.size() > 1 ? p[1] : 0;
  const double degree = p.size() > 2 ? p[2] : 0;
  const std::string name = x.attribute_string("kernel_type", "LINEAR");
  if (name == "LINEAR") return v;
  if (name == "RBF") return exp(v * -gamma);
  if (name == "SIGMOID") return tanh(v * gamma + coefficient);
  if (name == "POLY") return pow(v * gamma + coefficient, constant(v.type(), degree));
  throw x.error("kernel_type \"{}\" is not known", name);
}

void svm_regressor(Lowering& x) {
  Value* rows = feature_rows(x, 0);
  const DType type = rows->type;
  const int64_t vectors = x.attribute_int("n_supports", 0);
  const Dim features = rows->shape[1];
  Value* rho = float_constant(x, "rho", type, 1);
  if (!features.is_constant()) throw x.error("the number of features is not fixed");
  const int64_t count = vectors > 0 ? vectors : 1, width = features.value();
  // Without support vectors the coefficients are themselves the one vector of a linear model.
  const char* vector_name = vectors > 0 ? "support_vectors" : "coefficients";
  Value* table = x.reshape(float_constant(x, vector_name, type, count * width), {count, features});
  const bool distance = x.attribute_string("kernel_type", "LINEAR") == "RBF";
  MapBuilder map(x, {rows->shape[0], count}, {features});
  const E a = map.load(rows, {map.index(0), map.index(2)});
  const E b = map.load(table, {map.index(1), map.index(2)});
  Value* kernels = map.build_reduction(
      Reduction::kSum, distance ? (a - b) * (a - b) : a * b,
      [&](E sum) { return kernel_value(x, sum); }, type, "kernels");
  const bool one_class = x.attribute_int("one_class", 0) != 0;
  const auto finish = [&](MapBuilder& m, E sum) {
    sum = sum + m.load(rho, {0});
    return one_class ? select(sum > 0.0, constant(type, 1), -1.0) : sum;
  };
  MapBuilder sums(x, {rows->shape[0], 1}, {count});
  E term = sums.load(kernels, {sums.index(0), sums.index(2)});
  if (vectors > 0) {
    term = term * sums.load(float_constant(x, "coefficients", type, count), {sums.index(2)});
  }
  Value* y = sums.build_reduction(
      Reduction::kSum, term, [&](E sum) { return finish(sums, sum); }, type, "scores");
  x.output(0, x.cast_to(transformed(x, y, read_post_transform(x)), DType::kFloat));
}

}  // namespace

OPS_TABLE(ml_linear){
    {"LinearClassifier", 1, "numbers", linear_classifier, "", "ai.onnx.ml"},
    {"LinearRegressor", 1, "numbers", linear_regressor, "", "ai.onnx.ml"},
    {"SVMRegressor", 1, "numbers", svm_regressor, "", "ai.onnx.ml"},
};
OPS_END(ml_linear)

}  // namespace onnxc

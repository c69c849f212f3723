// Linear models of ai.onnx.ml.
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

}  // namespace

OPS_TABLE(ml_linear){
    {"LinearClassifier", 1, "numbers", linear_classifier, "", "ai.onnx.ml"},
    {"LinearRegressor", 1, "numbers", linear_regressor, "", "ai.onnx.ml"},
};
OPS_END(ml_linear)

}  // namespace onnxc

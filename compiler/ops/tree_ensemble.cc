// Tree ensembles: one kernel walks the trees, maps turn its scores into results.
#include <algorithm>
#include <string>

#include "compiler/ops/kernel_step.h"
#include "compiler/ops/ml_scores.h"
#include "compiler/ops/op.h"
#include "compiler/ops/trees.h"

namespace onnxc {
namespace {

enum Aggregate { kAverage = 0, kSum = 1, kMinimum = 2, kMaximum = 3 };

Aggregate read_aggregate(const Lowering& x) {
  const auto it = x.node().attributes.find("aggregate_function");
  if (it == x.node().attributes.end()) return kSum;
  if (const auto* number = std::get_if<int64_t>(&it->second)) {
    if (*number < 0 || *number > 3) {
      throw x.error("aggregate_function is {}, expected 0 to 3", *number);
    }
    return static_cast<Aggregate>(*number);
  }
  const std::string name = x.attribute_string("aggregate_function", "SUM");
  if (name == "AVERAGE") return kAverage;
  if (name == "SUM") return kSum;
  if (name == "MIN") return kMinimum;
  if (name == "MAX") return kMaximum;
  throw x.error("aggregate_function \"{}\" is not known", name);
}

// Scores of all rows, [rows, targets].
Value* walk(Lowering& x, const Trees& trees, int64_t targets, std::vector<double> base,
            Aggregate aggregate) {
  Value* rows = feature_rows(x, 0);
  const DType type = rows->type;
  base.resize(static_cast<size_t>(targets), 0);
  for (int32_t t : trees.leaf_targets) {
    if (t < 0 || t >= targets) throw x.error("a leaf counts for target {} of {}", t, targets);
  }
  for (size_t i = 0; i < trees.nodes.size(); i += 4) {
    if (trees.nodes[i] < 0 || proves_le(rows->shape[1], trees.nodes[i])) {
      throw x.error("a node tests feature {}, input 0 has {}", trees.nodes[i],
                    rows->shape[1].text());
    }
  }
  const auto integers = [&](const std::vector<int32_t>& v, const std::string& part) {
    return x.constant_value(Tensor::of(DType::kInt32, {static_cast<int64_t>(v.size())}, v), part);
  };
  const auto numbers = [&](const std::vector<double>& v, const std::string& part) {
    return x.constant_value(Tensor::of(type, {static_cast<int64_t>(v.size())}, v), part);
  };
  return KernelStep(x, "tree_ensemble", "templates/cpu/tree_ensemble.h", {type})
      .input(rows)
      .input(integers(trees.nodes, "nodes"))
      .input(numbers(trees.splits, "splits"))
      .input(integers(trees.roots, "roots"))
      .input(integers(trees.leaf_first, "leaf_first"))
      .input(integers(trees.leaf_targets, "leaf_targets"))
      .input(numbers(trees.leaf_weights, "leaf_weights"))
      .input(numbers(base, "base"))
      .temporary("scores", type, {rows->shape[0], targets})
      .scratch(targets * 4)
      .size(rows->shape[0])
      .size(rows->shape[1])
      .size(static_cast<int64_t>(trees.roots.size()))
      .size(targets)
      .size(aggregate)
      .build()[0];
}

void tree_ensemble(Lowering& x) {
  Value* scores = walk(x, read_trees(x), x.attribute_int("n_targets", 1), {}, read_aggregate(x));
  x.output(0, transformed(x, scores, read_post_transform(x)));
}

void tree_ensemble_regressor(Lowering& x) {
  Value* scores = walk(x, read_old_trees(x, "target"), x.attribute_int("n_targets", 1),
                       numbers_attribute(x, "base_values"), read_aggregate(x));
  x.output(0, x.cast_to(transformed(x, scores, read_post_transform(x)), DType::kFloat));
}

// Two classes of which the trees score one: the other's score follows.
void binary_classifier(Lowering& x, Trees trees, const Tensor& labels) {
  const bool positive = std::all_of(trees.leaf_weights.begin(), trees.leaf_weights.end(),
                                    [](double w) { return w >= 0; });
  std::fill(trees.leaf_targets.begin(), trees.leaf_targets.end(), 0);
  const std::vector<double> base = numbers_attribute(x, "base_values");
  Value* score = walk(x, trees, 1, base.empty() ? base : std::vector{base.back()}, kSum);
  const Dim rows = score->shape[0];
  MapBuilder choice(x, {rows});
  const E chosen = choice.load(score, {choice.index(0), 0}) > (positive ? 0.5 : 0.0);
  Value* position = choice.build(cast(DType::kInt64, chosen), DType::kInt64, "position");
  x.output(0, labels_at(x, labels, position));
  MapBuilder both(x, {rows, 2});
  const E s = both.load(score, {both.index(0), 0});
  const bool is_logistic = read_post_transform(x) == PostTransform::kLogistic;
  const E other = positive ? 1.0 - s : is_logistic ? logistic(-s) : -s;
  const E own = !positive && is_logistic ? logistic(s) : s;
  x.output(1, both.build(select(eq(integer(both.index(1)), integer(0)), other, own), DType::kFloat,
                         "both"));
}

void tree_ensemble_classifier(Lowering& x) {
  const Trees trees = read_old_trees(x, "class");
  const Tensor labels = class_labels(x, {"classlabels_int64s"}, "classlabels_strings");
  const bool one_scored = std::all_of(trees.leaf_targets.begin(), trees.leaf_targets.end(),
                                      [&](int32_t t) { return t == trees.leaf_targets.front(); });
  if (labels.size() == 2 && one_scored) return binary_classifier(x, trees, labels);
  Value* scores = walk(x, trees, labels.size(), numbers_attribute(x, "base_values"), kSum);
  x.output(0, labels_at(x, labels, largest_position(x, scores)));
  x.output(1, x.cast_to(transformed(x, scores, read_post_transform(x)), DType::kFloat));
}

}  // namespace

OPS_TABLE(tree_ensemble){
    {"TreeEnsemble", 5, "float", tree_ensemble, "", "ai.onnx.ml"},
    {"TreeEnsembleClassifier", 1, "float", tree_ensemble_classifier, "", "ai.onnx.ml"},
    {"TreeEnsembleRegressor", 1, "float", tree_ensemble_regressor, "", "ai.onnx.ml"},
};
OPS_END(tree_ensemble)

}  // namespace onnxc

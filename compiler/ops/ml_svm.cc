// Support vector models of ai.onnx.ml.
#include "compiler/ops/kernel_step.h"
#include "compiler/ops/ml_scores.h"
#include "compiler/ops/op.h"

namespace onnxc {
namespace {

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

// The kernel function of every row [rows, features] with every vector [vectors, features].
Value* kernel_values(Lowering& x, Value* rows, Value* vectors) {
  const bool distance = x.attribute_string("kernel_type", "LINEAR") == "RBF";
  MapBuilder map(x, {rows->shape[0], vectors->shape[0]}, {rows->shape[1]});
  const E a = map.load(rows, {map.index(0), map.index(2)});
  const E b = map.load(vectors, {map.index(1), map.index(2)});
  return map.build_reduction(
      Reduction::kSum, distance ? (a - b) * (a - b) : a * b,
      [&](E sum) { return kernel_value(x, sum); }, rows->type, "kernels");
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
  Value* kernels = kernel_values(x, rows, table);
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

// One score of two classes as two: s and what is left, or, where nothing transforms them, -s and s.
Value* two_scores(Lowering& x, Value* score) {
  const PostTransform transform = read_post_transform(x);
  MapBuilder both(x, {score->shape[0], 2});
  const E s = both.load(score, {both.index(0), 0});
  const E second = transform == PostTransform::kLogistic ? logistic(s) : s;
  const E first = transform == PostTransform::kLogistic ? logistic(-s)
                  : transform == PostTransform::kNone   ? -s
                                                        : 1.0 - s;
  return both.build(select(eq(integer(both.index(1)), integer(0)), first, second), DType::kFloat,
                    "both");
}

// Classes told apart in pairs by support vectors.
class PairedClassifier {
 public:
  PairedClassifier(Lowering& x, Tensor labels)
      : x_(x),
        labels_(std::move(labels)),
        sizes_(x.attribute_ints("vectors_per_class", {})),
        coefficients_(x.attribute_floats("coefficients", {})) {
    for (const int64_t size : sizes_) vectors_ += size;
    classes_ = static_cast<int64_t>(sizes_.size());
    pairs_ = classes_ * (classes_ - 1) / 2;
    if (classes_ < 2 || labels_.size() != classes_ ||
        static_cast<int64_t>(coefficients_.size()) != (classes_ - 1) * vectors_) {
      throw x.error("{} labels, {} classes of {} vectors and {} coefficients do not fit",
                    labels_.size(), classes_, vectors_, coefficients_.size());
    }
  }

  void run() {
    Value* scores = pair_scores();
    x_.output(0, labels_at(x_, labels_, largest_position(x_, votes(scores))));
    if (!x_.attribute_floats("prob_a", {}).empty()) scores = probabilities(scores);
    x_.output(1, scores->shape[1].is(1)
                     ? two_scores(x_, scores)
                     : x_.cast_to(transformed(x_, scores, read_post_transform(x_)), DType::kFloat));
  }

 private:
  // The weight of every vector in the score of every pair.
  Tensor weights() const {
    Tensor w(DType::kFloat, {vectors_, pairs_});
    std::vector<int64_t> first{0};
    for (const int64_t size : sizes_) first.push_back(first.back() + size);
    int64_t pair = 0;
    for (int64_t i = 0; i < classes_; ++i) {
      for (int64_t j = i + 1; j < classes_; ++j, ++pair) {
        for (int64_t m = first[i]; m < first[i + 1]; ++m)
          w.set(m * pairs_ + pair, coefficients_[(j - 1) * vectors_ + m]);
        for (int64_t m = first[j]; m < first[j + 1]; ++m)
          w.set(m * pairs_ + pair, coefficients_[i * vectors_ + m]);
      }
    }
    return w;
  }

  Value* pair_scores() {
    Value* rows = feature_rows(x_, 0);
    const Dim features = rows->shape[1];
    if (!features.is_constant()) throw x_.error("the number of features is not fixed");
    Value* table =
        x_.reshape(float_constant(x_, "support_vectors", rows->type, vectors_ * features.value()),
                   {vectors_, features});
    Value* kernels = kernel_values(x_, rows, table);
    Value* shares = x_.cast_to(x_.constant_value(weights(), "weights"), rows->type);
    Value* rho = float_constant(x_, "rho", rows->type, pairs_);
    MapBuilder map(x_, {rows->shape[0], pairs_}, {vectors_});
    const E term = map.load(kernels, {map.index(0), map.index(2)}) *
                   map.load(shares, {map.index(2), map.index(1)});
    return map.build_reduction(
        Reduction::kSum, term, [&](E sum) { return sum + map.load(rho, {map.index(1)}); },
        rows->type, "scores");
  }

  // How many pairs each class wins.
  Value* votes(Value* scores) {
    std::vector<int64_t> members;
    for (int64_t i = 0; i < classes_; ++i) {
      for (int64_t j = i + 1; j < classes_; ++j) members.insert(members.end(), {i, j});
    }
    Value* table = x_.reshape(x_.constant_value(Tensor::of_int64(members), "pairs"), {pairs_, 2});
    MapBuilder map(x_, {scores->shape[0], classes_}, {pairs_});
    const Dim pair = map.index(2);
    const E won = select(map.load(scores, {map.index(0), pair}) > 0.0, map.load(table, {pair, 0}),
                         map.load(table, {pair, 1}));
    const E one = constant(DType::kFloat, 1);
    return map.build_reduction(Reduction::kSum, select(eq(won, integer(map.index(1))), one, 0.0),
                               nullptr, DType::kFloat, "votes");
  }

  Value* probabilities(Value* scores) {
    Value* a = float_constant(x_, "prob_a", scores->type, pairs_);
    Value* b = float_constant(x_, "prob_b", scores->type, pairs_);
    MapBuilder map(x_, scores->shape);
    const std::vector<Dim> pair = {map.index(1)};
    const E p = logistic(-(map.load(scores) * map.load(a, pair) + map.load(b, pair)));
    Value* chances = map.build(min(max(p, 1e-7), 1 - 1e-7), scores->type, "pair_probabilities");
    return KernelStep(x_, "pairwise_coupling", "templates/cpu/pairwise_coupling.h", {scores->type})
        .input(chances)
        .temporary("probabilities", scores->type, {scores->shape[0], classes_})
        .scratch(classes_ * (classes_ + 2) * 8)
        .size(scores->shape[0])
        .size(classes_)
        .build()[0];
  }

  Lowering& x_;
  Tensor labels_;
  std::vector<int64_t> sizes_;
  std::vector<float> coefficients_;
  int64_t vectors_ = 0, classes_ = 0, pairs_ = 0;
};

// A linear model: a score a class, or one for two.
void linear_svm(Lowering& x, const Tensor& labels) {
  Value* rows = feature_rows(x, 0);
  const std::vector<float> coefficients = x.attribute_floats("coefficients", {});
  const Dim features = rows->shape[1];
  const auto count = static_cast<int64_t>(coefficients.size());
  if (!features.is_constant() || features.value() < 1 || count % features.value() != 0)
    throw x.error("{} coefficients do not fit {} features", count, features.text());
  const int64_t targets = count / features.value();
  Value* table =
      x.reshape(float_constant(x, "coefficients", rows->type, count), {targets, features});
  Value* kernels = kernel_values(x, rows, table);
  Value* rho = float_constant(x, "rho", rows->type,
                              static_cast<int64_t>(x.attribute_floats("rho", {}).size()));
  MapBuilder map(x, kernels->shape);
  Value* scores = map.build(map.load(kernels) + map.load(rho, {0}), rows->type, "scores");
  if (targets == 1) {
    MapBuilder choice(x, {rows->shape[0]});
    const E positive = choice.load(scores, {choice.index(0), 0}) > 0.0;
    x.output(0, labels_at(x, labels,
                          choice.build(cast(DType::kInt64, positive), DType::kInt64, "position")));
    x.output(1, two_scores(x, scores));
    return;
  }
  x.output(0, labels_at(x, labels, largest_position(x, scores)));
  x.output(1, x.cast_to(transformed(x, scores, read_post_transform(x)), DType::kFloat));
}

void svm_classifier(Lowering& x) {
  const Tensor labels = class_labels(x, {"classlabels_ints"}, "classlabels_strings");
  if (x.attribute_ints("vectors_per_class", {}).empty()) return linear_svm(x, labels);
  PairedClassifier(x, labels).run();
}

}  // namespace

OPS_TABLE(ml_svm){
    {"SVMClassifier", 1, "numbers", svm_classifier, "", "ai.onnx.ml"},
    {"SVMRegressor", 1, "numbers", svm_regressor, "", "ai.onnx.ml"},
};
OPS_END(ml_svm)

}  // namespace onnxc

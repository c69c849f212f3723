// Losses over classes, as models exported for training carry them.
#include "compiler/ops/lowering.h"
#include "compiler/ops/op.h"

namespace onnxc {
namespace {

// -log_probability[n, label, ...] * weight[label] for each label, reduced as the node asks. Labels
// that are ignored count nothing.
Value* likelihood_loss(Lowering& x, Value* log_probability) {
  Value* labels = x.input(1);
  const Shape& shape = labels->shape;
  if (log_probability->shape.size() != shape.size() + 1)
    throw x.error("scores of shape {} and labels of shape {} do not fit",
                  text(log_probability->shape), text(shape));
  const std::string reduction = x.attribute_string("reduction", "mean");
  if (reduction != "mean" && reduction != "sum" && reduction != "none")
    throw x.error("attribute \"reduction\" is \"{}\", must be mean, sum or none", reduction);
  const bool weighted = x.has_input(2), ignores = x.has_attribute("ignore_index");
  const DType type = compute_type(x.type(0));

  const auto per_label = [&](bool with_loss, const std::string& part) {
    MapBuilder map(x, shape);
    const std::vector<Dim> here = identity_index(shape);
    const Dim classes = log_probability->shape[1];
    const Dim label = map.load_index(labels, here, {0, classes.range().max - 1});
    std::vector<Dim> at = here;
    at.insert(at.begin() + 1, label);
    E value = weighted ? map.load(x.input(2), {label}) : constant(type, 1);
    if (with_loss) value = -(map.load(log_probability, at) * value);
    if (ignores) {
      const E given = cast(DType::kInt64, map.load_raw(labels, here));
      value =
          select(eq(given, integer(x.attribute_int("ignore_index", 0))), constant(type, 0), value);
    }
    return map.build(value, reduction == "none" ? x.type(0) : type, part);
  };
  Value* loss = per_label(true, "each");
  if (reduction == "none") return loss;
  std::vector<int> all;
  for (size_t i = 0; i < shape.size(); ++i) all.push_back(static_cast<int>(i));
  Value* total = x.reduce(Reduction::kSum, loss, all, false, nullptr, nullptr, "total");
  if (reduction == "sum") return x.cast_to(total, x.type(0));
  Value* weight = x.reduce(Reduction::kSum, per_label(false, "weights"), all, false, nullptr,
                           nullptr, "weight");
  MapBuilder map(x, {});
  return map.build(map.load(total) / map.load(weight), x.type(0));
}

void negative_log_likelihood(Lowering& x) { x.output(0, likelihood_loss(x, x.input(0))); }

void softmax_cross_entropy(Lowering& x) {
  Value* largest = x.reduce(Reduction::kMax, x.input(0), {1}, true, nullptr, nullptr, "max");
  MapBuilder shift(x, x.shape(0));
  Value* shifted =
      shift.build(shift.load(x.input(0)) - shift.load(largest), compute_type(x.type(0)), "shifted");
  Value* sum = x.reduce(
      Reduction::kSum, shifted, {1}, true, [](E v) { return exp(v); }, nullptr, "sum");
  MapBuilder map(x, x.shape(0));
  Value* log_probability =
      map.build(map.load(shifted) - log(map.load(sum)), x.type(0), "log_probability");
  x.output(0, likelihood_loss(x, log_probability));
  x.output(1, log_probability);
}

}  // namespace

OPS_TABLE(loss){
    {"NegativeLogLikelihoodLoss", 12, "float", negative_log_likelihood},
    {"SoftmaxCrossEntropyLoss", 12, "float", softmax_cross_entropy},
};
OPS_END(loss)

}  // namespace onnxc

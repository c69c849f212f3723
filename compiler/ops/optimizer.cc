// Steps of training: updates of weights by their gradients.
#include "compiler/ops/lowering.h"
#include "compiler/ops/op.h"

namespace onnxc {
namespace {

// Inputs are a learning rate, a step count, and then `kinds` lists of tensors: weights, gradients
// and states.
struct Update {
  size_t weights;  // how many tensors are updated

  Value* tensor(Lowering& x, size_t kind, size_t k) const {
    return x.input(2 + kind * weights + k);
  }
};

Update update_of(Lowering& x, size_t kinds) {
  if (x.input_count() < 2 + kinds || (x.input_count() - 2) % kinds != 0)
    throw x.error("{} inputs are given, two and {} for each tensor are needed", x.input_count(),
                  kinds);
  return {(x.input_count() - 2) / kinds};
}

E scalar(Lowering& x, MapBuilder& map, size_t i, DType type) {
  return cast(type, map.load(x.input(i), std::vector<Dim>(x.rank(i), Dim(0))));
}

void adagrad(Lowering& x) {
  const Update update = update_of(x, 3);
  const double decay = x.attribute_float("decay_factor", 0),
               epsilon = x.attribute_float("epsilon", 0),
               norm = x.attribute_float("norm_coefficient", 0);
  for (size_t k = 0; k < update.weights; ++k) {
    Value *weight = update.tensor(x, 0, k), *squares = update.tensor(x, 2, k);
    const auto step = [&](bool wants_weight) {
      MapBuilder map(x, weight->shape);
      const E w = map.load(weight), g = w * norm + map.load(update.tensor(x, 1, k));
      const E sum = map.load(squares) + g * g;
      if (!wants_weight) return map.build(sum, squares->type, "squares");
      const E rate = scalar(x, map, 0, w.type()) / (scalar(x, map, 1, w.type()) * decay + 1.0);
      return map.build(w - rate * g / (sqrt(sum) + epsilon), weight->type, "weight");
    };
    x.output(k, step(true));
    x.output(update.weights + k, step(false));
  }
}

void adam(Lowering& x) {
  const Update update = update_of(x, 4);
  const double alpha = x.attribute_float("alpha", 0.9F), beta = x.attribute_float("beta", 0.999F),
               epsilon = x.attribute_float("epsilon", 0),
               norm = x.attribute_float("norm_coefficient", 0),
               norm_after = x.attribute_float("norm_coefficient_post", 0);
  for (size_t k = 0; k < update.weights; ++k) {
    Value *weight = update.tensor(x, 0, k), *mean = update.tensor(x, 2, k),
          *squares = update.tensor(x, 3, k);
    const auto step = [&](size_t result) {
      MapBuilder map(x, weight->shape);
      const E w = map.load(weight), g = w * norm + map.load(update.tensor(x, 1, k));
      const E v = map.load(mean) * alpha + g * (1 - alpha);
      const E h = map.load(squares) * beta + g * g * (1 - beta);
      if (result == 1) return map.build(v, mean->type, "mean");
      if (result == 2) return map.build(h, squares->type, "squares");
      const E rate = scalar(x, map, 0, w.type()), steps = scalar(x, map, 1, w.type());
      const E corrected = rate * sqrt(1.0 - pow(constant(w.type(), beta), steps)) /
                          (1.0 - pow(constant(w.type(), alpha), steps));
      const E moved = w - select(steps > 0.0, corrected, rate) * v / (sqrt(h) + epsilon);
      return map.build(moved * (1 - norm_after), weight->type, "weight");
    };
    for (size_t result = 0; result < 3; ++result)
      x.output(result * update.weights + k, step(result));
  }
}

void momentum(Lowering& x) {
  const Update update = update_of(x, 3);
  const std::string mode = x.attribute_string("mode", "");
  if (mode != "standard" && mode != "nesterov")
    throw x.error("attribute \"mode\" is \"{}\", must be standard or nesterov", mode);
  const double alpha = x.attribute_float("alpha", 0), beta = x.attribute_float("beta", 0),
               norm = x.attribute_float("norm_coefficient", 0);
  for (size_t k = 0; k < update.weights; ++k) {
    Value *weight = update.tensor(x, 0, k), *velocity = update.tensor(x, 2, k);
    const auto step = [&](bool wants_weight) {
      MapBuilder map(x, weight->shape);
      const E w = map.load(weight), g = w * norm + map.load(update.tensor(x, 1, k));
      const E share = select(scalar(x, map, 1, w.type()) > 0.0, beta, constant(w.type(), 1));
      const E v = map.load(velocity) * alpha + share * g;
      if (!wants_weight) return map.build(v, velocity->type, "velocity");
      const E rate = scalar(x, map, 0, w.type());
      return map.build(w - rate * (mode == "standard" ? v : g + v * alpha), weight->type, "weight");
    };
    x.output(k, step(true));
    x.output(update.weights + k, step(false));
  }
}

}  // namespace

OPS_TABLE(optimizer){
    {"Adagrad", 1, "float", adagrad, "", "ai.onnx.preview.training"},
    {"Adam", 1, "float", adam, "", "ai.onnx.preview.training"},
    {"Momentum", 1, "float", momentum, "", "ai.onnx.preview.training"},
};
OPS_END(optimizer)

}  // namespace onnxc

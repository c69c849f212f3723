// Normalisation: statistics over some axes, then an element-wise step with scale and bias.
#include "compiler/ops/normalization.h"

#include <algorithm>

#include "compiler/ops/op.h"
#include "compiler/ops/window.h"

namespace onnxc {

std::vector<int> axes_from(int first, int rank) {
  std::vector<int> axes;
  for (int i = first; i < rank; ++i) axes.push_back(i);
  return axes;
}

Value* reduce_terms(Lowering& x, Value* value, const std::vector<int>& axes,
                    const std::vector<Value*>& companions,
                    const std::function<E(E, const std::vector<E>&)>& element,
                    const std::function<E(E)>& finish, const std::string& part) {
  const int rank = static_cast<int>(value->shape.size());
  Shape space = value->shape, reduced;
  for (int i = 0; i < rank; ++i) {
    if (std::find(axes.begin(), axes.end(), i) == axes.end()) continue;
    reduced.push_back(value->shape[i]);
    space[i] = 1;
  }
  MapBuilder map(x, space, reduced);
  std::vector<Dim> at;
  int next = rank;
  for (int i = 0; i < rank; ++i) {
    const bool gone = std::find(axes.begin(), axes.end(), i) != axes.end();
    at.push_back(map.index(gone ? next++ : i));
  }
  std::vector<E> kept;
  for (Value* v : companions) kept.push_back(map.load(v));
  return map.build_reduction(Reduction::kSum, element(map.load(value, at), kept), finish,
                             compute_type(value->type), part);
}

E count_of(const Shape& shape, const std::vector<int>& axes, DType type) {
  Dim count = 1;
  for (int a : axes) count = count * shape[a];
  return cast(type, integer(count));
}

Moments moments(Lowering& x, Value* value, const std::vector<int>& axes, double epsilon) {
  const E count = count_of(value->shape, axes, compute_type(value->type));
  Value* mean = reduce_terms(
      x, value, axes, {}, [](E v, const std::vector<E>&) { return v; },
      [&](E sum) { return sum / count; }, "mean");
  Value* inverse = reduce_terms(
      x, value, axes, {mean},
      [](E v, const std::vector<E>& kept) {
        const E difference = v - kept[0];
        return difference * difference;
      },
      [&](E sum) { return 1.0 / sqrt(sum / count + epsilon); }, "inverse_deviation");
  return {mean, inverse};
}

Value* inverse_rms(Lowering& x, Value* value, const std::vector<int>& axes, double epsilon) {
  const E count = count_of(value->shape, axes, compute_type(value->type));
  return reduce_terms(
      x, value, axes, {}, [](E v, const std::vector<E>&) { return v * v; },
      [&](E sum) { return 1.0 / sqrt(sum / count + epsilon); }, "inverse_rms");
}

Value* normalized(Lowering& x, Value* value, const Moments& m, Value* scale, Value* bias,
                  DType type) {
  MapBuilder map(x, value->shape);
  E y = map.load(value);
  if (m.mean) y = y - map.load(m.mean);
  y = y * map.load(m.inverse);
  if (scale) y = y * cast(y.type(), map.load(scale));
  if (bias) y = y + cast(y.type(), map.load(bias));
  return map.build(y, type);
}

namespace {

Value* optional_input(Lowering& x, size_t i) { return x.has_input(i) ? x.input(i) : nullptr; }

void require_vector(Lowering& x, size_t i, const Dim& size, std::string_view what) {
  const Shape& shape = x.shape(i);
  if (shape.size() == 1 && !proves_ne(shape[0], size)) return;
  throw x.error("{} (input {}) has shape {}, expected [{}]", what, i, text(shape), size.text());
}

bool is_training(Lowering& x) {
  if (x.opset() >= 14) return x.attribute_int("training_mode", 0) != 0;
  for (size_t k = 1; k < x.output_count(); ++k) {
    if (x.wants_output(k)) return x.attribute_int("is_test", 0) == 0;
  }
  return false;
}

// Old and present statistic mixed; `k` is the output.
void update_statistic(Lowering& x, size_t k, Value* old, Value* present) {
  const double momentum = x.attribute_float("momentum", 0.9f);
  MapBuilder map(x, present->shape);
  const E kept = cast(DType::kFloat, map.load(old)) * momentum;
  x.output(k, map.build(kept + cast(DType::kFloat, map.load(present)) * (1 - momentum), old->type,
                        fmt::format("running_{}", k)));
}

// Normalised by the statistics of the batch; the mean and variance given are updated by them.
// Before opset 14 two more outputs saved the batch's own statistics.
void batch_normalization_in_training(Lowering& x) {
  const Shape& shape = x.shape(0);
  if (shape.size() < 2)
    throw x.error("the input has shape {}, expected [batch, channels, ...]", text(shape));
  std::vector<int> axes;
  for (int axis = 0; axis < x.rank(0); ++axis) {
    if (axis != 1) axes.push_back(axis);
  }
  const DType wide = compute_type(x.type(0));
  Value* input = x.cast_to(x.input(0), wide);
  const Dim count = floor_div(product(shape), shape[1]);
  const auto mean_of = [&](Value* v, const char* part) {
    return x.reduce(
        Reduction::kSum, v, axes, false, nullptr,
        [&](E sum) { return sum / cast(wide, integer(count)); }, part);
  };
  Value* mean = mean_of(input, "mean");
  MapBuilder squares(x, shape);
  const E distance = squares.load(input) - squares.load(mean, {squares.index(1)});
  Value* variance = mean_of(squares.build(distance * distance, wide, "squares"), "variance");
  MapBuilder map(x, shape);
  const std::vector<Dim> channel = {map.index(1)};
  const E scaled = (map.load(input) - map.load(mean, channel)) /
                   sqrt(map.load(variance, channel) + x.attribute_float("epsilon", 1e-5f));
  x.output(0, map.build(scaled * cast(wide, map.load(x.input(1), channel)) +
                            cast(wide, map.load(x.input(2), channel)),
                        x.type(0)));
  if (x.wants_output(1)) update_statistic(x, 1, x.input(3), mean);
  if (x.wants_output(2)) update_statistic(x, 2, x.input(4), variance);
  if (x.wants_output(3)) x.output(3, x.cast_to(mean, x.type(0)));
  if (x.wants_output(4)) x.output(4, x.cast_to(variance, x.type(0)));
}

void batch_normalization(Lowering& x) {
  if (is_training(x)) return batch_normalization_in_training(x);
  const bool per_channel = x.opset() >= 9 || x.attribute_int("spatial", 1) != 0;
  const Shape& shape = x.shape(0);
  if (shape.empty()) throw x.error("input is a scalar, expected [batch, channels, ...]");
  const Dim channels = shape.size() == 1 ? Dim(1) : shape[1];
  const DType wide = compute_type(x.type(0));
  for (size_t i = 1; per_channel && i < 5; ++i) {
    require_vector(x, i, channels,
                   i == 1   ? "scale"
                   : i == 2 ? "bias"
                   : i == 3 ? "mean"
                            : "variance");
  }
  const double epsilon = x.attribute_float("epsilon", 1e-5f);
  MapBuilder factors(x, x.shape(1));
  const E variance = cast(wide, factors.load(x.input(4)));
  Value* factor = factors.build(cast(wide, factors.load(x.input(1))) / sqrt(variance + epsilon),
                                wide, "factor");
  MapBuilder shifts(x, x.shape(1));
  const E mean = cast(wide, shifts.load(x.input(3)));
  Value* shift =
      shifts.build(cast(wide, shifts.load(x.input(2))) - mean * shifts.load(factor), wide, "shift");
  MapBuilder map(x, shape);
  std::vector<Dim> at;
  if (shape.size() == 1) at.push_back(0);
  for (int i = 1; i < x.rank(0) && (i == 1 || !per_channel); ++i) at.push_back(map.index(i));
  x.output(0,
           map.build(map.load(x.input(0)) * map.load(factor, at) + map.load(shift, at), x.type(0)));
}

void layer_normalization(Lowering& x) {
  Value* value = x.input(0);
  const int axis = x.normalized_axis(x.attribute_int("axis", -1), x.rank(0));
  const Moments m =
      moments(x, value, axes_from(axis, x.rank(0)), x.attribute_float("epsilon", 1e-5f));
  x.output(0, normalized(x, value, m, x.input(1), optional_input(x, 2), value->type));
  const DType stash = x.attribute_int("stash_type", 1) == 1 ? DType::kFloat : value->type;
  if (x.wants_output(1)) x.output(1, x.cast_to(m.mean, stash));
  if (x.wants_output(2)) x.output(2, x.cast_to(m.inverse, stash));
}

void rms_normalization(Lowering& x) {
  Value* value = x.input(0);
  const int axis = x.normalized_axis(x.attribute_int("axis", -1), x.rank(0));
  Value* inverse =
      inverse_rms(x, value, axes_from(axis, x.rank(0)), x.attribute_float("epsilon", 1e-5f));
  x.output(0, normalized(x, value, {nullptr, inverse}, x.input(1), nullptr, x.type(1)));
}

// A vector over channels as [C, 1, 1, ...], which broadcasts against [N, C, spatial...].
Value* beside_spatial(Lowering& x, Value* vector, size_t spatial_rank) {
  Shape shape{vector->shape[0]};
  shape.resize(1 + spatial_rank, Dim(1));
  return x.reshape(vector, shape);
}

void instance_normalization(Lowering& x) {
  const Shape spatial = spatial_of(x, x.shape(0));
  for (size_t i = 1; i < 3; ++i) require_vector(x, i, x.shape(0)[1], i == 1 ? "scale" : "bias");
  const Moments m =
      moments(x, x.input(0), axes_from(2, x.rank(0)), x.attribute_float("epsilon", 1e-5f));
  x.output(0, normalized(x, x.input(0), m, beside_spatial(x, x.input(1), spatial.size()),
                         beside_spatial(x, x.input(2), spatial.size()), x.type(0)));
}

void group_normalization(Lowering& x) {
  const Shape& shape = x.shape(0);
  const int64_t groups = x.attribute_int("num_groups", 0);
  if (shape.size() < 2 || groups < 1 || !floor_mod(shape[1], Dim(groups)).is(0)) {
    throw x.error("input {} does not divide into {} groups of channels", text(shape), groups);
  }
  const Dim channels = floor_div(shape[1], groups);
  Shape grouped{shape[0], groups, channels};
  grouped.insert(grouped.end(), shape.begin() + 2, shape.end());
  Value* value = x.reshape(x.input(0), grouped);
  const Moments m = moments(x, value, axes_from(2, static_cast<int>(grouped.size())),
                            x.attribute_float("epsilon", 1e-5f));
  const bool per_group = x.opset() < 21;
  const auto parameter = [&](size_t i) {
    require_vector(x, i, per_group ? Dim(groups) : shape[1], i == 1 ? "scale" : "bias");
    Shape split{groups, per_group ? Dim(1) : channels};
    split.resize(grouped.size() - 1, Dim(1));
    return x.reshape(x.input(i), split);
  };
  Value* y = normalized(x, value, m, parameter(1), parameter(2), x.type(0));
  x.output(0, x.reshape(y, shape));
}

void lrn(Lowering& x) {
  Value* value = x.input(0);
  const Shape& shape = value->shape;
  if (shape.size() < 2) throw x.error("input has shape {}, expected channels", text(shape));
  const int64_t size = x.attribute_int("size", 0);
  if (size < 1) throw x.error("size is {}, expected a positive number", size);
  MapBuilder squares(x, shape, {size});
  std::vector<Dim> at = identity_index(shape);
  at[1] = squares.index(1) + squares.index(squares.rank()) - (size - 1) / 2;
  const E v = select(inside(at[1], shape[1]), squares.load(value, at), 0.0);
  Value* sum = squares.build_reduction(Reduction::kSum, v * v, nullptr, compute_type(value->type),
                                       "squares");
  MapBuilder map(x, shape);
  const E base = map.load(sum) * (x.attribute_float("alpha", 1e-4f) / static_cast<double>(size)) +
                 static_cast<double>(x.attribute_float("bias", 1));
  const E power = pow(base, constant(base.type(), x.attribute_float("beta", 0.75f)));
  x.output(0, map.build(map.load(value) / power, value->type));
}

void lp_normalization(Lowering& x) {
  Value* value = x.input(0);
  const int axis = x.normalized_axis(x.attribute_int("axis", -1), x.rank(0));
  const int64_t p = x.attribute_int("p", 2);
  if (p != 1 && p != 2) throw x.error("p is {}, expected 1 or 2", p);
  Value* norm = reduce_terms(
      x, value, {axis}, {}, [&](E v, const std::vector<E>&) { return p == 1 ? abs(v) : v * v; },
      [&](E sum) { return p == 1 ? sum : sqrt(sum); }, "norm");
  MapBuilder map(x, value->shape);
  const E n = map.load(norm);
  x.output(0,
           map.build(select(eq(n, constant(n.type(), 0)), 0.0, map.load(value) / n), value->type));
}

// (x - mean) / (standard deviation + 1e-9).
void mean_variance_normalization(Lowering& x) {
  Value* value = x.input(0);
  std::vector<int> axes;
  for (int64_t a : x.attribute_ints("axes", {0, 2, 3})) {
    axes.push_back(x.normalized_axis(a, x.rank(0)));
  }
  const E count = count_of(value->shape, axes, compute_type(value->type));
  Value* mean = reduce_terms(
      x, value, axes, {}, [](E v, const std::vector<E>&) { return v; },
      [&](E sum) { return sum / count; }, "mean");
  Value* inverse = reduce_terms(
      x, value, axes, {mean},
      [](E v, const std::vector<E>& kept) { return (v - kept[0]) * (v - kept[0]); },
      [&](E sum) { return 1.0 / (sqrt(sum / count) + 1e-9); }, "inverse_deviation");
  x.output(0, normalized(x, value, {mean, inverse}, nullptr, nullptr, value->type));
}

}  // namespace

OPS_TABLE(normalization){
    {"BatchNormalization", 1, "float", batch_normalization},
    {"GroupNormalization", 18, "float", group_normalization},
    {"InstanceNormalization", 1, "float", instance_normalization},
    {"LRN", 1, "float", lrn},
    {"LayerNormalization", 1, "float", layer_normalization},
    {"LpNormalization", 1, "float", lp_normalization},
    {"MeanVarianceNormalization", 9, "float", mean_variance_normalization},
    {"RMSNormalization", 1, "float", rms_normalization},
};
OPS_END(normalization)

}  // namespace onnxc

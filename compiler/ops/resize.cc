// Resize and Upsample: small tables of positions and weights along each axis, then one step that
// reads through them.
#include <algorithm>
#include <cmath>

#include "compiler/ops/lowering.h"
#include "compiler/ops/op.h"
#include "compiler/ops/resize_plan.h"

namespace onnxc {
namespace {

E rounded(E position, const ResizePlan& plan, const ResizeAxis& a, MapBuilder& map) {
  if (plan.ceil_when_shrinking) {
    const E up = call(ScalarOp::kCeil, {position});
    return select(scale_of(a, map) < 1.0, up, floor(position));
  }
  switch (plan.nearest) {
    case NearestMode::kRoundPreferFloor:
      return call(ScalarOp::kCeil, {position - 0.5});
    case NearestMode::kRoundPreferCeil:
      return floor(position + 0.5);
    case NearestMode::kFloor:
      return floor(position);
    case NearestMode::kCeil:
      return call(ScalarOp::kCeil, {position});
  }
  return position;
}

// The nearest input position as an exact index expression, for whole factors.
std::optional<Dim> nearest_index(const ResizePlan& plan, const ResizeAxis& a, const Dim& at) {
  if (!a.scale || plan.coordinates == Coordinates::kTfCropAndResize) return std::nullopt;
  const float factor = std::round(*a.scale), shrink = std::round(1.0f / *a.scale);
  const bool prefers_round = plan.nearest == NearestMode::kRoundPreferFloor ||
                             plan.nearest == NearestMode::kRoundPreferCeil;
  const bool centred =
      plan.coordinates == Coordinates::kHalfPixel ||
      (plan.coordinates == Coordinates::kPytorchHalfPixel && proves_lt(Dim(1), a.out));
  const bool asymmetric = plan.coordinates == Coordinates::kAsymmetric;
  if (factor == *a.scale && a.out == a.in * static_cast<int64_t>(factor)) {
    const bool floors = plan.nearest == NearestMode::kFloor || plan.ceil_when_shrinking;
    const bool repeats = (asymmetric && floors) || (centred && prefers_round) ||
                         (plan.coordinates == Coordinates::kTfHalfPixelForNn && floors);
    if (repeats) return floor_div(at, static_cast<int64_t>(factor));
  }
  if (shrink * *a.scale == 1.0f && asymmetric) return at * static_cast<int64_t>(shrink);
  return std::nullopt;
}

// Positions outside the input give the extrapolation value.
struct Crop {
  Value* outside = nullptr;  // bool, one an output position; null if none can be
};

Crop cropping(Lowering& x, const ResizePlan& plan, const ResizeAxis& a) {
  if (plan.coordinates != Coordinates::kTfCropAndResize) return {};
  MapBuilder map(x, {a.out});
  const E p = source_position(plan, a, map, map.index(0));
  const E last = cast(DType::kFloat, integer(a.in - 1));
  return {map.build(p < 0.0 || p > last, DType::kBool, "outside")};
}

E extrapolated(E value, const ResizePlan& plan, const Crop& crop, MapBuilder& map, const Dim& at) {
  if (!crop.outside) return value;
  return select(map.load(crop.outside, {at}),
                cast(value.type(), constant(DType::kFloat, plan.extrapolation)), value);
}

Value* positions(Lowering& x, const ResizePlan& plan, const ResizeAxis& a) {
  MapBuilder map(x, {a.out});
  const E p = rounded(source_position(plan, a, map, map.index(0)), plan, a, map);
  const E last = cast(DType::kFloat, integer(a.in - 1));
  return map.build(cast(DType::kInt64, max(min(p, last), 0.0)), DType::kInt64, "positions");
}

Shape resized_shape(const Shape& shape, const ResizeAxis& a) {
  Shape out = shape;
  out[a.axis] = a.out;
  return out;
}

Value* nearest(Lowering& x, const ResizePlan& plan) {
  Value* input = x.input(0);
  Shape out = input->shape;
  for (const ResizeAxis& a : plan.axes) out[a.axis] = a.out;
  MapBuilder map(x, out);
  std::vector<Dim> at = identity_index(out);
  std::vector<std::pair<int, Crop>> crops;
  for (const ResizeAxis& a : plan.axes) {
    if (a.is_identity(plan.coordinates)) continue;
    const Dim here = at[a.axis];
    if (const auto exact = nearest_index(plan, a, here)) {
      at[a.axis] = *exact;
      continue;
    }
    at[a.axis] = map.load_index(positions(x, plan, a), {here}, {0, (a.in - 1).range().max});
    if (const Crop crop = cropping(x, plan, a); crop.outside) crops.emplace_back(a.axis, crop);
  }
  E value = map.load_raw(input, at);
  for (const auto& [axis, crop] : crops) {
    value = extrapolated(value, plan, crop, map, map.index(axis));
  }
  return map.build(value, input->type);
}

// First input position that contributes, before clamping, of `taps` around the source position.
Value* first_taps(Lowering& x, const ResizePlan& plan, const ResizeAxis& a, int64_t before) {
  MapBuilder map(x, {a.out});
  const E p = floor(source_position(plan, a, map, map.index(0)));
  return map.build(cast(DType::kInt64, p) - integer(before), DType::kInt64, "first");
}

// The interpolation kernel at distance `d` >= 0.
E kernel_weight(const ResizePlan& plan, E d) {
  if (plan.interpolation == Interpolation::kLinear) return max(1.0 - d, 0.0);
  const double c = plan.cubic_coefficient;
  const E near = ((c + 2) * d - (c + 3)) * d * d + 1.0;
  const E far = ((c * d - 5 * c) * d + 8 * c) * d - 4 * c;
  return select(d <= 1.0, near, select(d < 2.0, far, 0.0));
}

// Input elements on either side that the kernel reaches; wider where an antialiased image shrinks.
int64_t reach_of(const Lowering& x, const ResizePlan& plan, const ResizeAxis& a) {
  const double radius = plan.interpolation == Interpolation::kLinear ? 1 : 2;
  if (!plan.antialias) return static_cast<int64_t>(radius);
  if (!a.scale && !(a.in.is_constant() && a.out.is_constant())) {
    throw x.error("antialias needs scales known at compile time");
  }
  const double scale =
      a.scale ? *a.scale : static_cast<double>(a.out.value()) / static_cast<double>(a.in.value());
  return static_cast<int64_t>(std::ceil(radius / std::min(scale, 1.0)));
}

Value* weights(Lowering& x, const ResizePlan& plan, const ResizeAxis& a, int64_t reach) {
  MapBuilder raw(x, {a.out, 2 * reach});
  const E shrink = plan.antialias ? min(scale_of(a, raw), 1.0) : constant(DType::kFloat, 1);
  const E p = source_position(plan, a, raw, raw.index(0));
  const E tap = floor(p) + cast(DType::kFloat, integer(raw.index(1) - (reach - 1)));
  E weight = kernel_weight(plan, abs(tap - p) * shrink);
  const E size = cast(DType::kFloat, integer(a.in));
  if (plan.exclude_outside) weight = select(tap >= 0.0 && tap < size, weight, 0.0);
  Value* unscaled = raw.build(weight, DType::kFloat, "weights");
  if (!plan.antialias && !plan.exclude_outside) return unscaled;
  Value* sum = x.reduce(Reduction::kSum, unscaled, {1}, true, nullptr, nullptr, "weight");
  MapBuilder map(x, unscaled->shape);
  return map.build(map.load(unscaled) / map.load(sum), DType::kFloat, "normalized");
}

// Interpolation by weighted taps along one axis.
Value* filtered(Lowering& x, const ResizePlan& plan, const ResizeAxis& a, Value* input,
                DType type) {
  const int64_t reach = reach_of(x, plan, a);
  Value* first = first_taps(x, plan, a, reach - 1);
  Value* weight = weights(x, plan, a, reach);
  const Crop crop = cropping(x, plan, a);
  const Shape out = resized_shape(input->shape, a);
  const bool unrolled = 2 * reach <= 4;
  MapBuilder map(x, out, unrolled ? Shape{} : Shape{2 * reach});
  const Dim here = map.index(a.axis);
  constexpr int64_t kFar = int64_t{1} << 40;
  const Dim base = map.load_index(first, {here}, {-kFar, kFar});
  const auto term = [&](const Dim& tap) {
    std::vector<Dim> at = identity_index(out);
    at[a.axis] = max(min(base + tap, a.in - 1), Dim(0));
    const E element = map.load(input, at);
    return element * cast(element.type(), map.load(weight, {here, tap}));
  };
  if (!unrolled) {
    return map.build_reduction(
        Reduction::kSum, term(map.index(map.rank())),
        [&](E sum) { return extrapolated(sum, plan, crop, map, here); }, type);
  }
  E sum = term(0);
  for (int64_t k = 1; k < 2 * reach; ++k) sum = sum + term(k);
  return map.build(extrapolated(sum, plan, crop, map, here), type);
}

// Axes that shrink most come first, as later ones then have less to do.
Value* interpolated(Lowering& x, const ResizePlan& plan) {
  Value* value = x.input(0);
  const DType type = value->type;
  if (!is_float(type)) value = x.cast_to(value, DType::kFloat);
  std::vector<ResizeAxis> axes;
  for (const ResizeAxis& a : plan.axes) {
    if (!a.is_identity(plan.coordinates)) axes.push_back(a);
  }
  std::stable_sort(axes.begin(), axes.end(), [](const ResizeAxis& a, const ResizeAxis& b) {
    return a.scale.value_or(1) < b.scale.value_or(1);
  });
  for (size_t i = 0; i < axes.size(); ++i) {
    const bool last = i + 1 == axes.size();
    value = filtered(x, plan, axes[i], value, last ? value->type : compute_type(value->type));
  }
  return x.cast_to(value, type);
}

void lower(Lowering& x, const ResizePlan& plan) {
  x.output(
      0, plan.interpolation == Interpolation::kNearest ? nearest(x, plan) : interpolated(x, plan));
}

void resize(Lowering& x) { lower(x, read_resize(x)); }
void upsample(Lowering& x) { lower(x, read_upsample(x)); }

}  // namespace

OPS_TABLE(resize){
    {"Resize", 10, "numbers", resize},
    {"Upsample", 1, "numbers", upsample},
};
OPS_END(resize)

}  // namespace onnxc

// Reading Resize and Upsample of all opsets, and their coordinate transformations.
#include "compiler/ops/resize_plan.h"

#include <algorithm>
#include <cmath>

namespace onnxc {
namespace {

Coordinates read_coordinates(const Lowering& x) {
  const std::string mode = x.attribute_string("coordinate_transformation_mode", "half_pixel");
  if (mode == "half_pixel") return Coordinates::kHalfPixel;
  if (mode == "half_pixel_symmetric") return Coordinates::kHalfPixelSymmetric;
  if (mode == "pytorch_half_pixel") return Coordinates::kPytorchHalfPixel;
  if (mode == "tf_half_pixel_for_nn") return Coordinates::kTfHalfPixelForNn;
  if (mode == "align_corners") return Coordinates::kAlignCorners;
  if (mode == "asymmetric") return Coordinates::kAsymmetric;
  if (mode == "tf_crop_and_resize") return Coordinates::kTfCropAndResize;
  throw x.error("coordinate_transformation_mode \"{}\" is not known", mode);
}

NearestMode read_nearest(const Lowering& x) {
  const std::string mode = x.attribute_string("nearest_mode", "round_prefer_floor");
  if (mode == "round_prefer_floor") return NearestMode::kRoundPreferFloor;
  if (mode == "round_prefer_ceil") return NearestMode::kRoundPreferCeil;
  if (mode == "floor") return NearestMode::kFloor;
  if (mode == "ceil") return NearestMode::kCeil;
  throw x.error("nearest_mode \"{}\" is not known", mode);
}

Interpolation read_interpolation(const Lowering& x) {
  const std::string mode = x.attribute_string("mode", "nearest");
  if (mode == "nearest") return Interpolation::kNearest;
  if (mode == "linear" || mode == "bilinear") return Interpolation::kLinear;
  if (mode == "cubic") return Interpolation::kCubic;
  throw x.error("mode \"{}\" is none of nearest, linear and cubic", mode);
}

// floor(in * scale); for a size that is not constant the scale must be a simple fraction.
Dim scaled_size(const Lowering& x, const Dim& in, float scale) {
  if (in.is_constant()) {
    return static_cast<int64_t>(std::floor(static_cast<float>(in.value()) * scale));
  }
  for (int64_t denominator = 1; denominator <= 64; ++denominator) {
    const double numerator = static_cast<double>(scale) * static_cast<double>(denominator);
    if (std::abs(numerator - std::round(numerator)) < 1e-6 * numerator) {
      return floor_div(in * static_cast<int64_t>(std::round(numerator)), denominator);
    }
  }
  throw x.error("size {} cannot be scaled by {}: no fraction with a denominator up to 64",
                in.text(), scale);
}

void set_scale_from_sizes(ResizeAxis& a) {
  if (a.in.is_constant() && a.out.is_constant()) {
    a.scale =
        static_cast<float>(static_cast<double>(a.out.value()) / static_cast<double>(a.in.value()));
    return;
  }
  if (a.in == a.out) a.scale = 1.0f;
  for (int64_t factor = 2; factor <= 32; ++factor) {
    if (a.out == a.in * factor) a.scale = static_cast<float>(factor);
  }
}

void apply_scales(Lowering& x, ResizePlan& plan, size_t input) {
  const auto scales = x.constant(input);
  if (scales && scales->size() != static_cast<int64_t>(plan.axes.size())) {
    throw x.error("there are {} scales, expected {}", scales->size(), plan.axes.size());
  }
  const auto declared = scales ? std::nullopt : x.declared_shape(0);
  if (!scales && !declared) {
    throw x.error(
        "the scales (input {}, \"{}\") are known only at run time and the shape of the "
        "output is not declared",
        input, x.node().inputs[input]);
  }
  for (size_t i = 0; i < plan.axes.size(); ++i) {
    ResizeAxis& a = plan.axes[i];
    a.scale_is_given = true;
    if (scales) {
      a.scale = static_cast<float>(scales->as_double(static_cast<int64_t>(i)));
      if (!(*a.scale > 0)) throw x.error("scale {} is not positive", *a.scale);
      a.out = scaled_size(x, a.in, *a.scale);
    } else {
      a.scales = x.input(input);
      a.entry = static_cast<int>(i);
      a.out = declared->at(a.axis);
    }
  }
}

// One scale for all axes, so that the result fits into the sizes or covers them.
void keep_aspect_ratio(Lowering& x, ResizePlan& plan, bool larger) {
  double scale = larger ? 0 : 1e30;
  for (const ResizeAxis& a : plan.axes) {
    if (!a.in.is_constant() || !a.out.is_constant()) {
      throw x.error(
          "keep_aspect_ratio_policy needs sizes known at compile time, they are {} and {}",
          a.in.text(), a.out.text());
    }
    const double s = static_cast<double>(a.out.value()) / static_cast<double>(a.in.value());
    scale = larger ? std::max(scale, s) : std::min(scale, s);
  }
  for (ResizeAxis& a : plan.axes) {
    a.out = static_cast<int64_t>(std::floor(scale * static_cast<double>(a.in.value()) + 0.5));
    a.scale = static_cast<float>(scale);
    a.scale_is_given = true;
  }
}

void apply_sizes(Lowering& x, ResizePlan& plan, size_t input) {
  const auto sizes = x.integers(input);
  const auto declared = sizes ? std::nullopt : x.declared_shape(0);
  if (!sizes && !declared) {
    throw x.error(
        "the sizes (input {}, \"{}\") are known only at run time and the shape of the "
        "output is not declared",
        input, x.node().inputs[input]);
  }
  if (sizes && sizes->size() != plan.axes.size()) {
    throw x.error("there are {} sizes, expected {}", sizes->size(), plan.axes.size());
  }
  for (size_t i = 0; i < plan.axes.size(); ++i) {
    plan.axes[i].out = sizes ? (*sizes)[i] : declared->at(plan.axes[i].axis);
  }
  const std::string policy = x.attribute_string("keep_aspect_ratio_policy", "stretch");
  if (sizes && policy != "stretch") {
    if (policy != "not_larger" && policy != "not_smaller") {
      throw x.error("keep_aspect_ratio_policy \"{}\" is not known", policy);
    }
    keep_aspect_ratio(x, plan, policy == "not_smaller");
    return;
  }
  for (ResizeAxis& a : plan.axes) set_scale_from_sizes(a);
}

std::vector<ResizeAxis> listed_axes(Lowering& x) {
  std::vector<int64_t> numbers;
  for (int i = 0; i < x.rank(0); ++i) numbers.push_back(i);
  std::vector<ResizeAxis> axes;
  for (int64_t n : x.attribute_ints("axes", numbers)) {
    ResizeAxis a;
    a.axis = x.normalized_axis(n, x.rank(0));
    a.in = x.shape(0)[a.axis];
    axes.push_back(a);
  }
  return axes;
}

bool is_given(Lowering& x, size_t i) { return x.has_input(i) && !product(x.shape(i)).is(0); }

}  // namespace

bool ResizeAxis::is_identity(Coordinates mode) const {
  return mode != Coordinates::kTfCropAndResize && scale && *scale == 1.0f && in == out;
}

ResizePlan read_resize(Lowering& x) {
  ResizePlan plan;
  plan.axes = listed_axes(x);
  plan.interpolation = read_interpolation(x);
  if (x.opset() < 11) {
    plan.ceil_when_shrinking = true;
    apply_scales(x, plan, 1);
    return plan;
  }
  plan.coordinates = read_coordinates(x);
  plan.nearest = read_nearest(x);
  plan.antialias = x.attribute_int("antialias", 0) != 0;
  plan.exclude_outside = x.attribute_int("exclude_outside", 0) != 0;
  plan.cubic_coefficient = x.attribute_float("cubic_coeff_a", -0.75f);
  plan.extrapolation = x.attribute_float("extrapolation_value", 0);
  if (is_given(x, 3)) {
    apply_sizes(x, plan, 3);
  } else if (is_given(x, 2)) {
    apply_scales(x, plan, 2);
  } else {
    throw x.error("neither scales nor sizes are given");
  }
  if (plan.coordinates == Coordinates::kTfCropAndResize) {
    for (size_t i = 0; i < plan.axes.size(); ++i) {
      plan.axes[i].roi = x.input(1);
      plan.axes[i].entry = static_cast<int>(i);
      plan.axes[i].roi_entries = static_cast<int>(plan.axes.size());
    }
  }
  return plan;
}

ResizePlan read_upsample(Lowering& x) {
  ResizePlan plan;
  plan.axes = listed_axes(x);
  plan.interpolation = read_interpolation(x);
  if (x.opset() >= 9) {
    apply_scales(x, plan, 1);
    return plan;
  }
  std::vector<float> scales = x.attribute_floats("scales", {});
  if (scales.empty()) {
    scales = {1, 1, x.attribute_float("height_scale", 1), x.attribute_float("width_scale", 1)};
  }
  if (scales.size() != plan.axes.size()) {
    throw x.error("there are {} scales, expected {}", scales.size(), plan.axes.size());
  }
  for (size_t i = 0; i < scales.size(); ++i) {
    plan.axes[i].scale = scales[i];
    plan.axes[i].scale_is_given = true;
    plan.axes[i].out = scaled_size(x, plan.axes[i].in, scales[i]);
  }
  return plan;
}

E scale_of(const ResizeAxis& a, MapBuilder& map) {
  if (a.scale) return constant(DType::kFloat, *a.scale);
  if (a.scales) return cast(DType::kFloat, map.load(a.scales, {a.entry}));
  return cast(DType::kFloat, integer(a.out)) / cast(DType::kFloat, integer(a.in));
}

E source_position(const ResizePlan& plan, const ResizeAxis& a, MapBuilder& map, const Dim& at) {
  const E i = cast(DType::kFloat, integer(at));
  const E size = cast(DType::kFloat, integer(a.in));
  const E scale = scale_of(a, map);
  const E whole_out = cast(DType::kFloat, integer(a.out));
  const E exact_out = a.scale_is_given ? scale * size : whole_out;
  const E one = constant(DType::kFloat, 1), zero = constant(DType::kFloat, 0);
  switch (plan.coordinates) {
    case Coordinates::kHalfPixel:
      return (i + 0.5) / scale - 0.5;
    case Coordinates::kHalfPixelSymmetric: {
      const E offset = size / 2.0 * (1.0 - whole_out / exact_out);
      return offset + (i + 0.5) / scale - 0.5;
    }
    case Coordinates::kPytorchHalfPixel:
      return select(whole_out > one, (i + 0.5) / scale - 0.5, zero);
    case Coordinates::kTfHalfPixelForNn:
      return (i + 0.5) / scale;
    case Coordinates::kAlignCorners:
      return select(eq(exact_out, one), zero, i * (size - 1.0) / (exact_out - 1.0));
    case Coordinates::kAsymmetric:
      return i / scale;
    case Coordinates::kTfCropAndResize: {
      const E start = cast(DType::kFloat, map.load(a.roi, {a.entry}));
      const E end = cast(DType::kFloat, map.load(a.roi, {a.entry + a.roi_entries}));
      return select(whole_out > one,
                    start * (size - 1.0) + i * (end - start) * (size - 1.0) / (exact_out - 1.0),
                    (start + end) * (size - 1.0) * 0.5);
    }
  }
  return i;
}

}  // namespace onnxc

// What a Resize or Upsample node asks for: sizes, scales and where an output element lies in the
// input.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/ops/lowering.h"

namespace onnxc {

enum class Coordinates {
  kHalfPixel,
  kHalfPixelSymmetric,
  kPytorchHalfPixel,
  kTfHalfPixelForNn,
  kAlignCorners,
  kAsymmetric,
  kTfCropAndResize,
};

enum class NearestMode { kRoundPreferFloor, kRoundPreferCeil, kFloor, kCeil };

enum class Interpolation { kNearest, kLinear, kCubic };

struct ResizeAxis {
  int axis = 0;
  Dim in, out;
  std::optional<float> scale;   // where it is known at compile time
  bool scale_is_given = false;  // rather than following from the sizes
  Value* scales = nullptr;      // where it is known only when it runs: element `entry`
  Value* roi = nullptr;         // start at element `entry`, end `roi_entries` later
  int entry = 0, roi_entries = 0;

  bool is_identity(Coordinates mode) const;
};

struct ResizePlan {
  Coordinates coordinates = Coordinates::kAsymmetric;
  NearestMode nearest = NearestMode::kFloor;
  Interpolation interpolation = Interpolation::kNearest;
  bool ceil_when_shrinking = false;  // nearest of opset 10
  bool antialias = false, exclude_outside = false;
  float cubic_coefficient = -0.75f, extrapolation = 0;
  std::vector<ResizeAxis> axes;
};

ResizePlan read_resize(Lowering& x);
ResizePlan read_upsample(Lowering& x);

// Output size over input size along `a`, as a float.
E scale_of(const ResizeAxis& a, MapBuilder& map);
// The fractional input position of output position `at` along `a`.
E source_position(const ResizePlan& plan, const ResizeAxis& a, MapBuilder& map, const Dim& at);

}  // namespace onnxc

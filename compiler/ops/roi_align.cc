// RoiAlign: every region becomes a grid of bins, each the mean or the largest of sampled points.
#include <string>

#include "compiler/ops/op.h"
#include "compiler/ops/sample.h"
#include "compiler/ops/window.h"

namespace onnxc {
namespace {

struct Settings {
  bool largest, half_pixel;
  int64_t height, width, sampling_ratio;
  double scale;
};

Settings read(const Lowering& x) {
  const std::string mode = x.attribute_string("mode", "avg");
  if (mode != "avg" && mode != "max") throw x.error("mode \"{}\" is neither avg nor max", mode);
  const std::string coordinates = x.attribute_string(
      "coordinate_transformation_mode", x.opset() < 16 ? "output_half_pixel" : "half_pixel");
  if (coordinates != "half_pixel" && coordinates != "output_half_pixel") {
    throw x.error(
        "coordinate_transformation_mode \"{}\" is neither half_pixel nor "
        "output_half_pixel",
        coordinates);
  }
  return {mode == "max",
          coordinates == "half_pixel",
          x.attribute_int("output_height", 1),
          x.attribute_int("output_width", 1),
          x.attribute_int("sampling_ratio", 0),
          x.attribute_float("spatial_scale", 1)};
}

// One axis of a region (0 is y): its start, the size of a bin and the number of samples in a bin.
struct Extent {
  E start, bin, samples;
};

Extent extent_of(MapBuilder& map, Value* rois, const Settings& s, int axis) {
  const Dim roi = map.index(0);
  const double offset = s.half_pixel ? 0.5 : 0;
  const E first = map.load(rois, {roi, 1 - axis}) * s.scale;
  const E last = map.load(rois, {roi, 3 - axis}) * s.scale;
  const E start = s.half_pixel ? first - offset : first;
  E length = last - first;
  if (!s.half_pixel) length = max(length, 1.0);
  const E bin = length / static_cast<double>(axis == 0 ? s.height : s.width);
  const E samples = s.sampling_ratio > 0
                        ? constant(bin.type(), static_cast<double>(s.sampling_ratio))
                        : call(ScalarOp::kCeil, {bin});
  return {start, bin, samples};
}

struct Neighbours {
  Dim low, high;
  E low_weight, high_weight;
};

Neighbours neighbours(E position, const Dim& size) {
  position = max(position, 0.0);
  position = min(position, cast(position.type(), integer(size - 1)));
  const E base = floor(position);
  const Dim low =
      as_index(cast(DType::kInt64, base), {0, std::max<int64_t>(0, size.range().max - 1)});
  const E f = position - base;
  return {low, min(low + 1, size - 1), 1.0 - f, f};
}

void roi_align(Lowering& x) {
  const Settings s = read(x);
  Value *image = x.input(0), *rois = x.input(1), *batches = x.input(2);
  if (image->shape.size() != 4 || rois->shape.size() != 2 || proves_ne(rois->shape[1], 4)) {
    throw x.error("input {} and rois {}, expected [N, C, H, W] and [count, 4]", text(image->shape),
                  text(rois->shape));
  }
  const Dim height = image->shape[2], width = image->shape[3];
  const auto samples = [&](const Dim& size, int64_t bins) {
    return s.sampling_ratio > 0 ? Dim(s.sampling_ratio) : ceil_div(size, bins) + 1;
  };
  MapBuilder map(x, {rois->shape[0], image->shape[1], s.height, s.width},
                 {samples(height, s.height), samples(width, s.width)});
  const Extent y = extent_of(map, rois, s, 0), z = extent_of(map, rois, s, 1);
  const DType type = y.bin.type();
  const auto position = [&](const Extent& e, int axis) {
    const E bin = cast(type, integer(map.index(2 + axis)));
    const E step = cast(type, integer(map.index(4 + axis)));
    return e.start + bin * e.bin + (step + 0.5) * e.bin / e.samples;
  };
  const E py = position(y, 0), px = position(z, 1);
  const auto far = [&](const E& p, const Dim& size) {
    return p < -1.0 || p > cast(type, integer(size));
  };
  const auto unused = [&](const Extent& e, int axis) {
    return cast(type, integer(map.index(4 + axis))) >= e.samples;
  };
  const Neighbours v = neighbours(py, height), h = neighbours(px, width);
  const Dim n = map.load_index(batches, {map.index(0)},
                               {0, std::max<int64_t>(0, image->shape[0].range().max - 1)});
  const auto weighted = [&](const Dim& row, const Dim& column, const E& a, const E& b) {
    return map.load(image, {n, map.index(1), row, column}) * (a * b);
  };
  const E corners[] = {weighted(v.low, h.low, v.low_weight, h.low_weight),
                       weighted(v.low, h.high, v.low_weight, h.high_weight),
                       weighted(v.high, h.low, v.high_weight, h.low_weight),
                       weighted(v.high, h.high, v.high_weight, h.high_weight)};
  const E outside = far(py, height) || far(px, width);
  const E skipped = unused(y, 0) || unused(z, 1);
  if (s.largest) {
    const E best = max(max(corners[0], corners[1]), max(corners[2], corners[3]));
    const E lowest = constant(type, -std::numeric_limits<double>::infinity());
    x.output(
        0, map.build_reduction(Reduction::kMax, select(skipped, lowest, select(outside, 0.0, best)),
                               nullptr, image->type));
    return;
  }
  const E value = corners[0] + corners[1] + corners[2] + corners[3];
  x.output(0, map.build_reduction(
                  Reduction::kSum, select(outside || skipped, 0.0, value),
                  [&](E sum) { return sum / max(y.samples * z.samples, 1.0); }, image->type));
}

}  // namespace

OPS_TABLE(roi_align){
    {"RoiAlign", 10, "float", roi_align, "adaptive sampling for regions up to the image's size"},
};
OPS_END(roi_align)

}  // namespace onnxc

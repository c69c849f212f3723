// MaxRoiPool: the largest element in each bin of a grid over rounded regions.
#include <limits>

#include "compiler/ops/op.h"
#include "compiler/ops/operands.h"

namespace onnxc {
namespace {

// Halves away from 0.
E rounded(E v) {
  return select(v < 0.0, -call(ScalarOp::kFloor, {0.5 - v}), call(ScalarOp::kFloor, {v + 0.5}));
}

struct Bins {
  E start, end;  // positions of the bin at the map's point, cut off at the image
};

// Region `roi`'s bin along axis `axis` (0 rows, 1 columns) of `count` bins.
Bins bins_of(MapBuilder& map, Value* rois, double scale, int axis, int64_t count, const Dim& size) {
  const Dim roi = map.index(0), bin = map.index(2 + axis);
  const auto corner = [&](int64_t column) {
    return rounded(map.load(rois, {roi, column}) * scale);
  };
  const E low = corner(axis == 0 ? 2 : 1), high = corner(axis == 0 ? 4 : 3);
  const DType type = low.type();
  const E step = max(high - low + 1.0, 1.0) / static_cast<double>(count);
  const E extent = cast(type, integer(size));
  const auto cut = [&](E v) { return min(max(v + low, 0.0), extent); };
  return {cut(call(ScalarOp::kFloor, {cast(type, integer(bin)) * step})),
          cut(call(ScalarOp::kCeil, {cast(type, integer(bin + 1)) * step}))};
}

void max_roi_pool(Lowering& x) {
  const std::vector<int64_t> pooled = x.attribute_ints("pooled_shape", {});
  const double scale = x.attribute_float("spatial_scale", 1);
  const Shape &image = x.shape(0), &rois = x.shape(1);
  if (image.size() != 4 || rois.size() != 2 || proves_ne(rois[1], 5) || pooled.size() != 2)
    throw x.error("input {}, rois {} and {} pooled sizes, expected [N,C,H,W], [count,5] and 2",
                  text(image), text(rois), pooled.size());
  MapBuilder map(x, {rois[0], image[1], pooled[0], pooled[1]}, {image[2], image[3]});
  const Bins rows = bins_of(map, x.input(1), scale, 0, pooled[0], image[2]);
  const Bins columns = bins_of(map, x.input(1), scale, 1, pooled[1], image[3]);
  const DType type = rows.start.type();
  const auto within = [&](const Bins& b, int axis) {
    const E at = cast(type, integer(map.index(axis)));
    return at >= b.start && at < b.end;
  };
  const Dim n = map.load_index(x.input(1), {map.index(0), 0},
                               {0, std::max<int64_t>(0, image[0].range().max - 1)});
  const E v = map.load(x.input(0), {n, map.index(1), map.index(4), map.index(5)});
  const E none = constant(v.type(), -std::numeric_limits<double>::infinity());
  const auto finish = [&](E largest) { return select(eq(largest, none), 0.0, largest); };
  x.output(0, map.build_reduction(Reduction::kMax,
                                  select(within(rows, 4) && within(columns, 5), v, none), finish,
                                  x.type(0)));
}

}  // namespace

OPS_TABLE(max_roi_pool){
    {"MaxRoiPool", 1, "float", max_roi_pool},
};
OPS_END(max_roi_pool)

}  // namespace onnxc

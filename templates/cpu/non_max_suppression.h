// Boxes of the highest scores that do not overlap those already chosen.
#pragma once

#include "templates/common/order.h"

namespace onnxc {

// Bytes of scratch that `non_max_suppression` needs.
[[maybe_unused]] constexpr int64_t non_max_suppression_scratch(int64_t boxes) { return 16 * boxes; }

// How a box's four numbers are meant: two opposite corners [y1, x1, y2, x2], or [x center, y
// center, width, height].
struct CornerBoxes {
  [[maybe_unused]] static constexpr bool centered = false;
};
struct CenterBoxes {
  [[maybe_unused]] static constexpr bool centered = true;
};

namespace nms_detail {

struct Box {
  float x1, y1, x2, y2;
};

template <class Kind>
inline Box read_box(const float* from) {
  if (Kind::centered) {
    const float half_width = from[2] / 2, half_height = from[3] / 2;
    return {from[0] - half_width, from[1] - half_height, from[0] + half_width,
            from[1] + half_height};
  }
  const bool x_ordered = from[1] <= from[3], y_ordered = from[0] <= from[2];
  return {x_ordered ? from[1] : from[3], y_ordered ? from[0] : from[2],
          x_ordered ? from[3] : from[1], y_ordered ? from[2] : from[0]};
}

[[maybe_unused]] inline float overlap(float low_a, float high_a, float low_b, float high_b) {
  const float low = low_a > low_b ? low_a : low_b, high = high_a < high_b ? high_a : high_b;
  return high > low ? high - low : 0.0f;
}

// width * height, rounded once even where the target could fuse it with a sum.
[[maybe_unused]] inline float area(float width, float height) {
  return float(double(width) * double(height));
}

// Whether intersection over union exceeds the threshold; empty boxes overlap nothing.
[[maybe_unused]] inline bool overlaps(const Box& a, const Box& b, float threshold) {
  const float common = area(overlap(a.x1, a.x2, b.x1, b.x2), overlap(a.y1, a.y2, b.y1, b.y2));
  if (!(common > 0)) return false;
  const float together = area(a.x2 - a.x1, a.y2 - a.y1) + area(b.x2 - b.x1, b.y2 - b.y1) - common;
  return together > 0 && common / together > threshold;
}

}  // namespace nms_detail

// boxes are [batch][count][4], scores [batch][classes][count]. Writes [selected][3] into `out`
// (batch, class, box), batch by batch, class by class, best score first, and returns `selected`;
// `out` has room for batch * classes * min(count, *most) rows. `most` boxes a class at most (null:
// none), `iou` suppresses beyond that overlap (null: 0), `score` skips scores not above it (null:
// takes all). Kind is CornerBoxes or CenterBoxes.
template <class Kind>
inline int64_t non_max_suppression(const float* boxes, const float* scores, const int64_t* most,
                                   const float* iou, const float* score, int64_t* out,
                                   int64_t batch, int64_t classes, int64_t count, Kind,
                                   void* scratch) {
  const int64_t limit = most ? *most : 0;
  const float threshold = iou ? *iou : 0.0f;
  int64_t* order = static_cast<int64_t*>(scratch);
  int64_t selected = 0;
  for (int64_t b = 0; b < batch && limit > 0; ++b) {
    const float* own_boxes = boxes + b * count * 4;
    for (int64_t c = 0; c < classes; ++c) {
      const float* own_scores = scores + (b * classes + c) * count;
      int64_t candidates = 0;
      for (int64_t i = 0; i < count; ++i) {
        if (!score || own_scores[i] > *score) order[candidates++] = i;
      }
      stable_sort(order, candidates, order + count,
                  [&](int64_t i, int64_t j) { return own_scores[i] > own_scores[j]; });
      const int64_t first = selected;
      for (int64_t i = 0; i < candidates && selected - first < limit; ++i) {
        const nms_detail::Box box = nms_detail::read_box<Kind>(own_boxes + 4 * order[i]);
        bool suppressed = false;
        for (int64_t j = first; j < selected && !suppressed; ++j) {
          const nms_detail::Box kept = nms_detail::read_box<Kind>(own_boxes + 4 * out[3 * j + 2]);
          suppressed = nms_detail::overlaps(box, kept, threshold);
        }
        if (suppressed) continue;
        out[3 * selected] = b;
        out[3 * selected + 1] = c;
        out[3 * selected + 2] = order[i];
        ++selected;
      }
    }
  }
  return selected;
}

}  // namespace onnxc

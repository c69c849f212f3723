// Sliding windows: auto_pad, ceil_mode and the number of windows.
#include "compiler/ops/window.h"

#include <algorithm>

namespace onnxc {
namespace {

enum class AutoPad { kNotSet, kSameUpper, kSameLower, kValid };

AutoPad read_auto_pad(const Lowering& x) {
  const std::string mode = x.attribute_string("auto_pad", "NOTSET");
  if (mode == "NOTSET" || mode.empty()) return AutoPad::kNotSet;
  if (mode == "SAME_UPPER") return AutoPad::kSameUpper;
  if (mode == "SAME_LOWER") return AutoPad::kSameLower;
  if (mode == "VALID") return AutoPad::kValid;
  throw x.error("auto_pad \"{}\" is none of NOTSET, SAME_UPPER, SAME_LOWER and VALID", mode);
}

// With ceil_mode a last, incomplete window counts unless it would start in the padding at the end.
Dim rounded_up(const Dim& span, int64_t stride, const Dim& size_and_begin) {
  const Dim count = ceil_div(span, stride) + 1;
  return min(count, floor_div(size_and_begin - 1, stride) + 1);
}

}  // namespace

std::vector<int64_t> spatial_attribute(const Lowering& x, const std::string& name, size_t count,
                                       int64_t fallback) {
  std::vector<int64_t> values = x.attribute_ints(name, std::vector<int64_t>(count, fallback));
  if (values.size() != count) {
    throw x.error("{} has {} entries, expected {}, one a spatial axis", name, values.size(), count);
  }
  for (int64_t v : values) {
    if (v < 1) throw x.error("{} holds {}, expected positive numbers", name, v);
  }
  return values;
}

Shape spatial_of(const Lowering& x, const Shape& shape) {
  if (shape.size() < 3) {
    throw x.error("input has shape {}, expected [batch, channels, at least one spatial axis]",
                  text(shape));
  }
  return Shape(shape.begin() + 2, shape.end());
}

E inside(const Dim& at, const Dim& size) {
  return integer(at) >= integer(0) && integer(at) < integer(size);
}

Window read_window(const Lowering& x, const Shape& spatial, std::vector<int64_t> kernel) {
  const size_t rank = spatial.size();
  if (kernel.size() != rank) {
    throw x.error("the kernel has {} axes, the input {} spatial ones", kernel.size(), rank);
  }
  Window w;
  w.kernel = std::move(kernel);
  w.strides = spatial_attribute(x, "strides", rank, 1);
  w.dilations = spatial_attribute(x, "dilations", rank, 1);
  const AutoPad mode = read_auto_pad(x);
  const bool ceil_mode = x.attribute_int("ceil_mode", 0) != 0;
  std::vector<int64_t> pads = x.attribute_ints("pads", {});
  if (pads.empty() || mode != AutoPad::kNotSet) pads.assign(2 * rank, 0);
  if (pads.size() != 2 * rank) {
    throw x.error("pads has {} entries, expected {}", pads.size(), 2 * rank);
  }
  for (size_t i = 0; i < rank; ++i) {
    const Dim reach = w.reach(static_cast<int>(i));
    Dim begin = pads[i], end = pads[rank + i], count;
    if (mode == AutoPad::kSameUpper || mode == AutoPad::kSameLower) {
      count = ceil_div(spatial[i], w.strides[i]);
      const Dim total = max((count - 1) * w.strides[i] + reach - spatial[i], Dim(0));
      const Dim less = floor_div(total, 2);
      begin = mode == AutoPad::kSameUpper ? less : total - less;
      end = total - begin;
    } else {
      const Dim span = spatial[i] + begin + end - reach;
      if (span.range().max < 0) {
        throw x.error("a window of {} elements does not fit axis {} of size {} with pads {} and {}",
                      reach.text(), i + 2, spatial[i].text(), begin.text(), end.text());
      }
      count = ceil_mode && mode == AutoPad::kNotSet
                  ? rounded_up(span, w.strides[i], spatial[i] + begin)
                  : floor_div(span, w.strides[i]) + 1;
    }
    w.pads_begin.push_back(begin);
    w.pads_end.push_back(end);
    w.out.push_back(count);
  }
  return w;
}

}  // namespace onnxc

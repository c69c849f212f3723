// The sliding windows of convolutions and poolings: attributes read, defaults and automatic padding
// resolved.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ir/graph.h"
#include "compiler/ops/lowering.h"

namespace onnxc {

struct Window {
  std::vector<int64_t> kernel, strides, dilations;
  std::vector<Dim> pads_begin, pads_end;
  Shape out;  // windows along each axis

  int rank() const { return static_cast<int>(kernel.size()); }
  // Elements that one window spans along axis `i`.
  int64_t reach(int i) const { return (kernel[i] - 1) * dilations[i] + 1; }
  // Where tap `tap` of window `at` lies along axis `i`; outside [0, size) is padding.
  Dim position(int i, const Dim& at, const Dim& tap) const {
    return at * strides[i] + tap * dilations[i] - pads_begin[i];
  }
};

// The node's windows of that kernel over axes of sizes `spatial`, from strides, dilations, pads,
// auto_pad and ceil_mode.
Window read_window(const Lowering& x, const Shape& spatial, std::vector<int64_t> kernel);

// Sizes of axes 2.. of `shape`; CompileError for a rank below 3.
Shape spatial_of(const Lowering& x, const Shape& shape);

// Attribute `name` with one entry a spatial axis, `fallback` everywhere if absent.
std::vector<int64_t> spatial_attribute(const Lowering& x, const std::string& name, size_t count,
                                       int64_t fallback);

// Whether 0 <= at < size; a constant where that is provable.
E inside(const Dim& at, const Dim& size);

}  // namespace onnxc

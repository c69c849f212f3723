// Shapes of two-dimensional images and of the windows that slide over them.
#pragma once

#include "templates/cpu/size.h"

namespace onnxc {

// A pair of sizes, vertical first.
template <class Y, class X>
struct Extent {
  Y y;
  X x;
};
template <class Y, class X>
Extent(Y, X) -> Extent<Y, X>;

// A channel-blocked activation [N][C/16][H][W][16]. `batch_stride` is the number of floats from one
// image to the next: larger than the image where it is a range of channel blocks of a larger
// tensor.
template <class C, class H, class W>
struct BlockedImage {
  C channels;
  H height;
  W width;
  size_t batch_stride;

  constexpr BlockedImage(C c, H h, W w) : BlockedImage(c, h, w, round_up(c, kBlock) * h * w) {}
  constexpr BlockedImage(C c, H h, W w, size_t stride)
      : channels(c), height(h), width(w), batch_stride(stride) {}
  constexpr size_t blocks() const { return ceil_div(channels, kBlock); }
  constexpr size_t pixels() const { return height * width; }
  constexpr size_t plane() const { return height * width * kBlock; }
};

// A plain activation [N][C][H][W].
template <class C, class H, class W>
struct PlainImage {
  C channels;
  H height;
  W width;
  size_t batch_stride;

  constexpr PlainImage(C c, H h, W w) : PlainImage(c, h, w, c * h * w) {}
  constexpr PlainImage(C c, H h, W w, size_t stride)
      : channels(c), height(h), width(w), batch_stride(stride) {}
};

// Run-time sizes.
ONNXC_INLINE Extent<size_t, size_t> extent(size_t y, size_t x) { return {y, x}; }
ONNXC_INLINE BlockedImage<size_t, size_t, size_t> blocked_image(size_t channels, size_t height,
                                                                size_t width) {
  return {channels, height, width};
}
ONNXC_INLINE PlainImage<size_t, size_t, size_t> plain_image(size_t channels, size_t height,
                                                            size_t width) {
  return {channels, height, width};
}

// A sliding window. `pad` is the zero padding before the first row and column; what lies after the
// last follows from the size of the output.
template <class Kernel, class Stride, class Dilation, class Pad>
struct Window {
  Kernel kernel;
  Stride stride;
  Dilation dilation;
  Pad pad;

  constexpr size_t taps() const { return kernel.y * kernel.x; }
};
template <class Kernel, class Stride, class Dilation, class Pad>
Window(Kernel, Stride, Dilation, Pad) -> Window<Kernel, Stride, Dilation, Pad>;

}  // namespace onnxc

// Transposed two-dimensional convolution on channel blocks, as one convolution for each phase of
// the stride: output pixels a stride apart read the same taps.
//
// in       [N][I/16][H][W][16]
// weights  [O/16][I/16][KH][KW][16][16]: element (b, a, y, x, i, o) is the weight of output channel
//          b * 16 + o and input channel a * 16 + i, zero past the last channel
// out      [N][O/16][OH][OW][16], channels past the last are zero
//
// Input pixel p contributes to output pixel p * stride - pad + tap * dilation. Values of `in` past
// its last channel must be finite. `out` overlaps neither `in` nor `weights`.
#pragma once

#include "templates/cpu/conv2d_tile.h"

namespace onnxc {

// The taps along one axis that reach the outputs `phase`, `phase` + stride, ...
[[maybe_unused]] constexpr TapAxis transposed_taps(size_t kernel, size_t stride, size_t dilation,
                                                   size_t pad, size_t phase) {
  const size_t at = phase + pad;
  size_t period = 1;
  while (period * dilation % stride != 0) ++period;
  size_t first = 0;
  while (first < period && (at + first * (stride - 1) * dilation) % stride != 0) ++first;
  if (first == period || first >= kernel) return {0, 0, 1, 0, 0};
  return {ceil_div(kernel - first, period), first, period,
          (ptrdiff_t(at) - ptrdiff_t(first * dilation)) / ptrdiff_t(stride),
          -ptrdiff_t(period * dilation / stride)};
}

template <int L, class In, class Out, class Win, class Epilogue, class Threads>
ONNXC_KERNEL void conv_transpose2d(const float* in, const float* weights, float* out, size_t batch,
                                   const In& in_image, const Out& out_image, const Win& window,
                                   const Epilogue& epilogue, const Threads& threads) {
  constexpr size_t kWide = ConvTile<L>::kVectors * L;
  const size_t channels = out_image.blocks() * kBlock;
  const size_t wide = ceil_div(channels, kWide);
  const Extent stride{size_t(window.stride.y), size_t(window.stride.x)};
  const size_t units = batch * stride.y * stride.x * wide;
  threads.split(units, [&](size_t begin, size_t end, size_t) {
    const Epilogue finish = epilogue;
    ConvSum sum = conv2d_sum(in_image, window, in_image.blocks());
    ConvGrid grid = conv2d_grid(out_image, window);
    grid.origin = {0, 0};
    grid.stride = {1, 1};
    for (size_t unit = begin; unit < end; ++unit) {
      const size_t channel = unit % wide * kWide;
      const size_t phase_x = unit / wide % stride.x;
      const size_t phase_y = unit / wide / stride.x % stride.y;
      const size_t n = unit / wide / stride.x / stride.y;
      if (phase_y >= out_image.height || phase_x >= out_image.width) continue;
      sum.y = transposed_taps(window.kernel.y, stride.y, window.dilation.y, window.pad.y, phase_y);
      sum.x = transposed_taps(window.kernel.x, stride.x, window.dilation.x, window.pad.x, phase_x);
      grid.height = ceil_div(out_image.height - phase_y, stride.y);
      grid.width = ceil_div(out_image.width - phase_x, stride.x);
      conv2d_pixels<L>(
          sum, grid, in + n * in_image.batch_stride,
          weights + channel / kBlock * sum.weight_out_block + channel % kBlock,
          out + n * out_image.batch_stride, n, channel,
          min_size(ConvTile<L>::kVectors, (channels - channel) / L), 0, grid.pixels(),
          [&](size_t pixel) ONNXC_LAMBDA {
            return (pixel / grid.width * stride.y + phase_y) * out_image.width +
                   pixel % grid.width * stride.x + phase_x;
          },
          finish);
    }
  });
}

}  // namespace onnxc

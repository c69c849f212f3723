// Depthwise two-dimensional convolution on channel blocks: every channel has one filter of its own.
//
// in       [N][C/16][H][W][16]
// weights  [C/16][KH][KW][16]: element (b, y, x, c) is the weight of channel b * 16 + c, zero past
// the
//          last channel
// out      [N][C/16][OH][OW][16], channels past the last are zero
//
// Values of `in` past its last channel must be finite. `out` overlaps neither `in` nor `weights`.
#pragma once

#include "templates/cpu/conv2d_tile.h"

namespace onnxc {

// The taps of one output row which lie inside the image.
struct DepthwiseRow {
  const float* in;       // first vector of the input row of the first tap, column 0
  const float* weights;  // of the first tap
  size_t rows;           // taps inside the image, vertically
  size_t columns;        // taps of a kernel row
  size_t in_row;         // floats between the input rows of neighbouring taps
  size_t in_column;      // floats between the input columns of neighbouring taps
  size_t weight_row;     // floats between kernel rows
};

// Sums P pixels, `step` floats apart, all of whose taps `first` to `last` lie inside the image.
template <int L, int P>
ONNXC_INLINE void sum_depthwise(Vec<float, L> (&acc)[P], const DepthwiseRow& row, const float* in,
                                size_t step, size_t first, size_t last) {
#pragma GCC unroll 32
  for (int i = 0; i < P; ++i) acc[i] = Vec<float, L>{};
  const float* weights = row.weights;
  for (size_t ty = 0; ty < row.rows; ++ty) {
    for (size_t tx = first; tx < last; ++tx) {
      const Vec<float, L> w = load<L>(weights + tx * kBlock);
      const float* from = in + tx * row.in_column;
#pragma GCC unroll 32
      for (int i = 0; i < P; ++i) acc[i] = fma<L>(load<L>(from + i * step), w, acc[i]);
    }
    in += row.in_row;
    weights += row.weight_row;
  }
}

// The number of independent units of work conv2d_depthwise can be split into.
template <int L, class Out>
ONNXC_INLINE size_t conv2d_depthwise_units(size_t batch, const Out& out) {
  return batch * out.blocks();
}

// Computes the units `begin` to `end` of the convolution.
template <int L, class In, class Out, class Win, class Epilogue>
ONNXC_INLINE void conv2d_depthwise(const float* in, const float* weights, float* out, size_t,
                                   const In& in_image, const Out& out_image, const Win& window,
                                   Epilogue&& epilogue, size_t begin, size_t end) {
  constexpr int kPixels = L == 16 ? 7 : 6;
  const ptrdiff_t height = size_t(in_image.height), width = size_t(in_image.width);
  const size_t step = window.stride.x * kBlock;
  const ptrdiff_t kernel_x = size_t(window.kernel.x), kernel_y = size_t(window.kernel.y);
  const ptrdiff_t dilation_x = size_t(window.dilation.x), dilation_y = size_t(window.dilation.y);
  const ptrdiff_t reach = (kernel_x - 1) * dilation_x;
  for (size_t unit = begin; unit < end; ++unit) {
    const size_t n = unit / out_image.blocks(), block = unit % out_image.blocks();
    const float* plane = in + n * in_image.batch_stride + block * in_image.plane();
    float* to = out + n * out_image.batch_stride;
    for (size_t lane = 0; lane < kBlock; lane += L) {
      for (size_t oy = 0; oy < out_image.height; ++oy) {
        const ptrdiff_t y = ptrdiff_t(oy * window.stride.y) - ptrdiff_t(size_t(window.pad.y));
        ptrdiff_t first_y = 0, last_y = kernel_y;
        while (first_y < last_y && y + first_y * dilation_y < 0) ++first_y;
        while (last_y > first_y && y + (last_y - 1) * dilation_y >= height) --last_y;
        const DepthwiseRow row{
            plane + (y + first_y * dilation_y) * width * ptrdiff_t(kBlock) + lane,
            weights + (block * kernel_y + first_y) * kernel_x * kBlock + lane,
            size_t(last_y - first_y),
            size_t(kernel_x),
            size_t(dilation_y * width) * kBlock,
            size_t(dilation_x) * kBlock,
            size_t(kernel_x) * kBlock};
        for (size_t ox = 0; ox < out_image.width;) {
          const ptrdiff_t x = ptrdiff_t(ox * window.stride.x) - ptrdiff_t(size_t(window.pad.x));
          const float* from = row.in + x * ptrdiff_t(kBlock);
          const bool inside = x >= 0 && ox + kPixels <= out_image.width &&
                              x + ptrdiff_t((kPixels - 1) * window.stride.x) + reach < width;
          ConvAt<L> at{n, block * kBlock + lane, oy * out_image.width + ox};
          if (inside) {
            Vec<float, L> acc[kPixels];
            sum_depthwise<L, kPixels>(acc, row, from, step, 0, kernel_x);
            alignas(64) float sums[kPixels * L];
#pragma GCC unroll 32
            for (int i = 0; i < kPixels; ++i) store<L>(sums + i * L, acc[i]);
            store_pixels<L>(
                sums, L, kPixels, n, at.channel, out_image.channels,
                [&](size_t i) ONNXC_LAMBDA { return at.pixel + i; }, out_image.plane(), to,
                epilogue);
            ox += kPixels;
            continue;
          }
          ptrdiff_t first_x = 0, last_x = kernel_x;
          while (first_x < last_x && x + first_x * dilation_x < 0) ++first_x;
          while (last_x > first_x && x + (last_x - 1) * dilation_x >= width) --last_x;
          Vec<float, L> acc[1];
          sum_depthwise<L, 1>(acc, row, from, step, first_x, last_x);
          alignas(64) float sums[L];
          store<L>(sums, acc[0]);
          store_pixels<L>(
              sums, L, 1, n, at.channel, out_image.channels,
              [&](size_t) ONNXC_LAMBDA { return at.pixel; }, out_image.plane(), to, epilogue);
          ++ox;
        }
      }
    }
  }
}

}  // namespace onnxc

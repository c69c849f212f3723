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

// What every tile of one output row sums over, in one vector of channels.
struct DepthwiseRow {
  const float* in;       // input row of the first tap inside the image, column 0
  const float* weights;  // of that tap
  size_t rows;           // taps inside the image, vertically
  size_t columns;        // taps of a kernel row
  size_t in_row;         // floats between the input rows of neighbouring taps
  ptrdiff_t dilation;    // input columns between neighbouring taps
  ptrdiff_t width;       // input columns
};

constexpr int kDepthwisePixels = 7;

// Adds one tap to P pixels, each read at `from(i)`.
template <int L, int P, class From>
ONNXC_INLINE void add_depthwise_tap(Vec<float, L> (&acc)[P], const float* weights,
                                    const From& from) {
  const Vec<float, L> w = load<L>(weights);
#pragma GCC unroll 8
  for (int i = 0; i < P; ++i) acc[i] = fma<L>(load<L>(from(i)), w, acc[i]);
}

// Writes to `sums`, [P][L], the sums of pixels `step` columns apart, all taps of which lie inside
// the image; the first is read at column `x`. KX is the number of columns of a kernel row if it is
// known, else 0.
template <int L, size_t KX>
ONNXC_INLINE void sum_depthwise_inside(const DepthwiseRow& row, ptrdiff_t x, ptrdiff_t step,
                                       float* sums) {
  constexpr int P = kDepthwisePixels;
  const ptrdiff_t next = step * ptrdiff_t(kBlock);
  const float* in = row.in + x * ptrdiff_t(kBlock);
  const float* weights = row.weights;
  Vec<float, L> acc[P];
#pragma GCC unroll 8
  for (int i = 0; i < P; ++i) acc[i] = Vec<float, L>{};
  for (size_t ty = 0; ty < row.rows; ++ty, in += row.in_row) {
    const float* first = in;
    if constexpr (KX != 0 && KX <= 7) {
#pragma GCC unroll 8
      for (size_t tx = 0; tx < KX; ++tx) {
        add_depthwise_tap<L, P>(acc, weights + tx * kBlock,
                                [&](int i) ONNXC_LAMBDA { return first + i * next; });
        first += row.dilation * ptrdiff_t(kBlock);
      }
    } else {
      for (size_t tx = 0; tx < row.columns; ++tx) {
        add_depthwise_tap<L, P>(acc, weights + tx * kBlock,
                                [&](int i) ONNXC_LAMBDA { return first + i * next; });
        first += row.dilation * ptrdiff_t(kBlock);
      }
    }
    weights += row.columns * kBlock;
  }
#pragma GCC unroll 8
  for (int i = 0; i < P; ++i) store<L>(sums + i * L, acc[i]);
}

// The same for `count` pixels anywhere.
template <int L>
ONNXC_KERNEL void sum_depthwise_edge(const DepthwiseRow& row, ptrdiff_t x, ptrdiff_t step,
                                     size_t count, float* sums) {
  constexpr int P = kDepthwisePixels;
  const ptrdiff_t reach = ptrdiff_t(row.columns - 1) * row.dilation;
  const bool nearly = count == P && x + 2 * step >= 0 && x + (P - 3) * step + reach < row.width;
  const float* in = row.in;
  const float* weights = row.weights;
  Vec<float, L> acc[P];
#pragma GCC unroll 8
  for (int i = 0; i < P; ++i) acc[i] = Vec<float, L>{};
  for (size_t ty = 0; ty < row.rows; ++ty, in += row.in_row) {
    ptrdiff_t at = x;
    for (size_t tx = 0; tx < row.columns; ++tx, at += row.dilation, weights += kBlock) {
      const auto valid = [&](int i) ONNXC_LAMBDA {
        const ptrdiff_t column = at + i * step;
        return size_t(column) < size_t(row.width) ? in + column * ptrdiff_t(kBlock) : kZeroBlock;
      };
      if (nearly) {
        add_depthwise_tap<L, P>(acc, weights, [&](int i) ONNXC_LAMBDA {
          return i < 2 || i >= P - 2 ? valid(i) : in + (at + i * step) * ptrdiff_t(kBlock);
        });
      } else {
        add_depthwise_tap<L, P>(acc, weights, [&](int i) ONNXC_LAMBDA {
          return size_t(i) < count ? valid(i) : kZeroBlock;
        });
      }
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < P; ++i) store<L>(sums + i * L, acc[i]);
}

template <int L, class In, class Out, class Kernel, class Stride, class Dilation, class Pad,
          class Epilogue, class Threads>
ONNXC_KERNEL void conv2d_depthwise(const float* in, const float* weights, float* out, size_t batch,
                                   const In& in_image, const Out& out_image,
                                   const Window<Kernel, Stride, Dilation, Pad>& window,
                                   const Epilogue& epilogue, const Threads& threads) {
  const size_t rows = out_image.height;
  threads.split(batch * out_image.blocks() * rows, [&](size_t begin, size_t end, size_t) {
    const Epilogue finish = epilogue;
    const Out image = out_image;
    const ptrdiff_t height = size_t(in_image.height), width = size_t(in_image.width);
    const ptrdiff_t kernel_y = size_t(window.kernel.y), kernel_x = size_t(window.kernel.x);
    const ptrdiff_t dilation_y = size_t(window.dilation.y), pad_x = size_t(window.pad.x);
    const ptrdiff_t stride_x = size_t(window.stride.x);
    constexpr size_t kColumns = SizeOr<decltype(Kernel::x)>::value(0);
    const ptrdiff_t reach = (kernel_x - 1) * ptrdiff_t(size_t(window.dilation.x));
    alignas(64) float sums[kDepthwisePixels * L];
    size_t oy = begin % rows, block = begin / rows % image.blocks();
    size_t n = begin / rows / image.blocks();
    for (size_t unit = begin; unit < end; ++unit) {
      const ptrdiff_t y = ptrdiff_t(oy * window.stride.y) - ptrdiff_t(size_t(window.pad.y));
      ptrdiff_t first = 0, last = kernel_y;
      while (first < last && y + first * dilation_y < 0) ++first;
      while (last > first && y + (last - 1) * dilation_y >= height) --last;
      DepthwiseRow row{
          in + n * in_image.batch_stride + block * in_image.plane() +
              (y + first * dilation_y) * width * ptrdiff_t(kBlock),
          weights + (ptrdiff_t(block) * kernel_y + first) * kernel_x * ptrdiff_t(kBlock),
          size_t(last - first),
          size_t(kernel_x),
          size_t(dilation_y * width) * kBlock,
          ptrdiff_t(size_t(window.dilation.x)),
          width};
      for (size_t ox = 0; ox < image.width; ox += kDepthwisePixels) {
        const ptrdiff_t x = ptrdiff_t(ox) * stride_x - pad_x;
        const size_t count = min_size(kDepthwisePixels, image.width - ox);
        const size_t pixel = oy * image.width + ox;
        const bool inside = count == kDepthwisePixels && x >= 0 &&
                            x + (kDepthwisePixels - 1) * stride_x + reach < width;
        for (size_t lane = 0; lane < kBlock; lane += L) {
          DepthwiseRow part = row;
          part.in += lane;
          part.weights += lane;
          if (inside) {
            sum_depthwise_inside<L, kColumns>(part, x, stride_x, sums);
          } else {
            sum_depthwise_edge<L>(part, x, stride_x, count, sums);
          }
          store_pixels<L>(
              sums, L, count, n, block * kBlock + lane, image.channels,
              [&](size_t i) ONNXC_LAMBDA { return pixel + i; }, image.plane(),
              out + n * image.batch_stride, finish);
        }
      }
      if (++oy < rows) continue;
      oy = 0;
      if (++block < image.blocks()) continue;
      block = 0;
      ++n;
    }
  });
}

}  // namespace onnxc

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

template <int L>
constexpr int kDepthwisePixels = L == 16 ? 7 : 4;

// Adds one row of a kernel to P pixels SX columns apart; column j of what they read is at
// `from(j)`. Every column is loaded once.
template <int L, int P, size_t KX, size_t SX, class From>
ONNXC_INLINE void add_depthwise_row(Vec<float, L> (&acc)[P], const float* weights,
                                    const From& from) {
  constexpr int kColumns = (P - 1) * int(SX) + int(KX), kTaps = KX;
  Vec<float, L> w[KX];
#pragma GCC unroll 8
  for (int tx = 0; tx < kTaps; ++tx) w[tx] = load<L>(weights + tx * int(kBlock));
#pragma GCC unroll 32
  for (int j = 0; j < kColumns; ++j) {
    const Vec<float, L> x = load<L>(from(j));
#pragma GCC unroll 8
    for (int tx = 0; tx < kTaps; ++tx) {
      const int pixel = (j - tx) / int(SX);
      if (j >= tx && (j - tx) % int(SX) == 0 && pixel < P)
        acc[pixel] = fma<L>(x, w[tx], acc[pixel]);
    }
  }
}

// Writes to `sums`, [P][L], the sums of P pixels SX columns apart of which the first is read at
// column `x`; what lies outside the image is zero.
template <int L, size_t KX, size_t SX>
ONNXC_KERNEL void sum_depthwise_tile(const DepthwiseRow& row, ptrdiff_t x, float* sums) {
  constexpr int P = kDepthwisePixels<L>;
  constexpr int kColumns = (P - 1) * int(SX) + int(KX), kEdge = int(KX) / 2;
  const bool nearly_inside = x + kEdge >= 0 && x + kColumns - kEdge <= row.width;
  const float* in = row.in;
  const float* weights = row.weights;
  Vec<float, L> acc[P];
#pragma GCC unroll 8
  for (int i = 0; i < P; ++i) acc[i] = Vec<float, L>{};
  for (size_t ty = 0; ty < row.rows; ++ty) {
    const auto valid = [&](int j) ONNXC_LAMBDA {
      return size_t(x + j) < size_t(row.width) ? in + (x + j) * ptrdiff_t(kBlock) : kZeroBlock;
    };
    if (nearly_inside) {
      const float* first = in + x * ptrdiff_t(kBlock);
      add_depthwise_row<L, P, KX, SX>(acc, weights, [&](int j) ONNXC_LAMBDA {
        return j < kEdge || j >= kColumns - kEdge ? valid(j) : first + j * int(kBlock);
      });
    } else {
      add_depthwise_row<L, P, KX, SX>(acc, weights, valid);
    }
    in += row.in_row;
    weights += KX * kBlock;
  }
#pragma GCC unroll 8
  for (int i = 0; i < P; ++i) store<L>(sums + i * L, acc[i]);
}

// The same for `count` (up to P) pixels `step` columns apart and any kernel.
template <int L>
ONNXC_KERNEL void sum_depthwise_any(const DepthwiseRow& row, ptrdiff_t x, ptrdiff_t step,
                                    size_t count, float* sums) {
  constexpr int P = kDepthwisePixels<L>;
  const float* in = row.in;
  const float* weights = row.weights;
  Vec<float, L> acc[P];
#pragma GCC unroll 8
  for (int i = 0; i < P; ++i) acc[i] = Vec<float, L>{};
  for (size_t ty = 0; ty < row.rows; ++ty, in += row.in_row) {
    ptrdiff_t at = x;
    for (size_t tx = 0; tx < row.columns; ++tx, at += row.dilation, weights += kBlock) {
      const Vec<float, L> w = load<L>(weights);
#pragma GCC unroll 8
      for (int i = 0; i < P; ++i) {
        const ptrdiff_t column = at + i * step;
        const bool inside = size_t(i) < count && size_t(column) < size_t(row.width);
        acc[i] = fma<L>(load<L>(inside ? in + column * ptrdiff_t(kBlock) : kZeroBlock), w, acc[i]);
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
    constexpr size_t kPixels = kDepthwisePixels<L>;
    constexpr size_t kTaps = SizeOr<decltype(Kernel::x)>::value(8);
    constexpr size_t kStep = SizeOr<decltype(Stride::x)>::value(3);
    constexpr bool kUnrolled =
        kTaps <= 7 && kStep <= 2 && SizeOr<decltype(Dilation::x)>::value(2) == 1;
    alignas(64) float sums[kPixels * L];
    LoopPosition<3> unit(begin, batch, image.blocks(), rows);
    for (size_t left = end - begin; left > 0; --left, unit.next()) {
      const size_t n = unit.at[0], block = unit.at[1], oy = unit.at[2];
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
      for (size_t ox = 0; ox < image.width; ox += kPixels) {
        const ptrdiff_t x = ptrdiff_t(ox) * stride_x - pad_x;
        const size_t count = min_size(kPixels, image.width - ox);
        const size_t pixel = oy * image.width + ox;
        for (size_t lane = 0; lane < kBlock; lane += L) {
          DepthwiseRow part = row;
          part.in += lane;
          part.weights += lane;
          if constexpr (kUnrolled) {
            sum_depthwise_tile<L, kTaps, kStep>(part, x, sums);
          } else {
            sum_depthwise_any<L>(part, x, stride_x, count, sums);
          }
          store_pixels<L>(
              sums, L, count, n, block * kBlock + lane, image.channels,
              [&](size_t i) ONNXC_LAMBDA { return pixel + i; }, image.plane(),
              out + n * image.batch_stride, finish);
        }
      }
    }
  });
}

}  // namespace onnxc

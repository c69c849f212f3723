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

// Passes the sums of P pixels SX columns apart, of which the first is read at column `x`, to
// `keep(i, sum)`. What lies outside the image is zero: up to kEdge columns at each end.
template <int L, size_t KX, size_t SX, int kEdge, class Keep>
ONNXC_INLINE void sum_depthwise_tile(const DepthwiseRow& row, ptrdiff_t x, const Keep& keep) {
  constexpr int P = kDepthwisePixels<L>, kColumns = (P - 1) * int(SX) + int(KX);
  const float* in = row.in + x * ptrdiff_t(kBlock);
  const float* weights = row.weights;
  const size_t width = row.width, rows = row.rows, next = row.in_row;
  Vec<float, L> acc[P];
#pragma GCC unroll 8
  for (int i = 0; i < P; ++i) acc[i] = Vec<float, L>{};
#pragma GCC unroll 1
  for (size_t ty = 0; ty < rows; ++ty) {
    add_depthwise_row<L, P, KX, SX>(acc, weights, [&](int j) ONNXC_LAMBDA {
      const bool inside = (j >= kEdge && j < kColumns - kEdge) || size_t(x + j) < width;
      return inside ? in + j * int(kBlock) : kZeroBlock;
    });
    in += next;
    weights += KX * kBlock;
  }
#pragma GCC unroll 8
  for (int i = 0; i < P; ++i) keep(i, acc[i]);
}

// The same for `count` (up to P) pixels `step` columns apart and any kernel.
template <int L, class Keep>
ONNXC_INLINE void sum_depthwise_any(const DepthwiseRow& row, ptrdiff_t x, ptrdiff_t step,
                                    size_t count, const Keep& keep) {
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
  for (int i = 0; i < P; ++i) keep(i, acc[i]);
}

// Where a row of results goes: its first pixel, in the lanes from `at.channel` on.
template <int L>
struct DepthwiseResult {
  float* to;
  ConvAt<L> at;
};

// Computes a row of `pixels` results whose first tap lies at column `x`, `step` columns apart. KX
// and SX are the number of taps and the step where they are known, else 0.
template <int L, size_t KX, size_t SX, class Epilogue>
ONNXC_KERNEL void depthwise_row(const DepthwiseRow& row, ptrdiff_t x, ptrdiff_t step, size_t pixels,
                                const DepthwiseResult<L>& result, const Epilogue& epilogue) {
  constexpr size_t P = kDepthwisePixels<L>;
  const Epilogue finish = epilogue;
  DepthwiseResult<L> next = result;
  for (size_t done = 0; done < pixels; done += P) {
    const size_t count = pixels - done;
    const DepthwiseResult<L> now = next;
    const auto keep = [&](int i, Vec<float, L> sum) ONNXC_LAMBDA {
      store<L>(now.to + i * int(kBlock),
               Vec<float, L>(finish(sum, ConvAt<L>{now.at.n, now.at.channel, now.at.pixel + i})));
    };
    const auto keep_some = [&](int i, Vec<float, L> sum) ONNXC_LAMBDA {
      if (size_t(i) < count) keep(i, sum);
    };
    if constexpr (KX != 0 && SX != 0) {
      constexpr int kColumns = (int(P) - 1) * int(SX) + int(KX), kEdge = int(KX) / 2;
      if (count >= P && x + kEdge >= 0 && x + kColumns - kEdge <= row.width) {
        sum_depthwise_tile<L, KX, SX, kEdge>(row, x, keep);
      } else {
        sum_depthwise_tile<L, KX, SX, kColumns>(row, x, keep_some);
      }
    } else {
      sum_depthwise_any<L>(row, x, step, count, keep_some);
    }
    x += ptrdiff_t(P) * step;
    next.to += P * kBlock;
    next.at.pixel += P;
  }
}

template <int L, class In, class Out, class Kernel, class Stride, class Dilation, class Pad,
          class Epilogue, class Threads>
ONNXC_KERNEL void conv2d_depthwise(const float* in, const float* weights, float* out, size_t batch,
                                   const In& in_image, const Out& out_image,
                                   const Window<Kernel, Stride, Dilation, Pad>& window,
                                   const Epilogue& epilogue, const Threads& threads) {
  constexpr size_t kTaps = SizeOr<decltype(Kernel::x)>::value(0);
  constexpr size_t kStep = SizeOr<decltype(Stride::x)>::value(0);
  constexpr bool kUnrolled =
      kTaps <= 7 && kStep <= 2 && SizeOr<decltype(Dilation::x)>::value(0) == 1;
  const size_t rows = out_image.height;
  threads.split(batch * out_image.blocks() * rows, [&](size_t begin, size_t end, size_t) {
    const ptrdiff_t height = size_t(in_image.height), width = size_t(in_image.width);
    const ptrdiff_t kernel_y = size_t(window.kernel.y), kernel_x = size_t(window.kernel.x);
    const ptrdiff_t dilation_y = size_t(window.dilation.y);
    LoopPosition<3> unit(begin, batch, out_image.blocks(), rows);
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
      const size_t pixel = oy * out_image.width;
      float* to = out + n * out_image.batch_stride + block * out_image.plane() + pixel * kBlock;
      for (size_t lane = 0; lane < kBlock; lane += L, row.in += L, row.weights += L) {
        depthwise_row<L, kUnrolled ? kTaps : 0, kUnrolled ? kStep : 0>(
            row, -ptrdiff_t(size_t(window.pad.x)), ptrdiff_t(size_t(window.stride.x)),
            out_image.width, DepthwiseResult<L>{to + lane, {n, block * kBlock + lane, pixel}},
            epilogue);
      }
      const size_t channels = min_size(kBlock, out_image.channels - block * kBlock);
      for (size_t x = 0; channels < kBlock && x < out_image.width; ++x) {
        for (size_t lane = channels; lane < kBlock; ++lane) to[x * kBlock + lane] = 0.0f;
      }
    }
  });
}

}  // namespace onnxc

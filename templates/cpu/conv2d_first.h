// Dense two-dimensional convolution from few input channels in the plain layout to channel blocks:
// the first layer of an image network.
//
// in       [N][I][H][W]
// weights  [O/16][I][KH][KW][16]: element (b, i, y, x, o) is the weight of output channel b * 16 +
// o,
//          zero past the last channel
// out      [N][O/16][OH][OW][16], channels past the last are zero
//
// The window's sizes are Fixed, except the padding. `out` overlaps neither `in` nor `weights`.
#pragma once

#include "templates/cpu/conv2d_tile.h"

namespace onnxc {

// The rows of input a tile of output pixels needs, of one row of the kernel and one channel.
struct FirstRows {
  size_t channels;
  size_t height;
  size_t width;
  ptrdiff_t y;              // input row of the kernel's first row
  ptrdiff_t x;              // input column of the first pixel's first tap
  size_t weight_out_block;  // floats from one output block to the next
};

// Writes the sums of P neighbouring pixels to `sums`, [P][V][L]; `in` is the image.
template <int L, int P, int V, size_t KY, size_t KX, size_t SX, size_t DY, size_t DX>
ONNXC_KERNEL void sum_first_tile(const FirstRows& rows, const float* in, const float* weights,
                                 float* sums) {
  constexpr size_t kSpan = (P - 1) * SX + (KX - 1) * DX + 1;
  alignas(64) float copy[kSpan] = {};
  const ptrdiff_t width = rows.width;
  const bool inside = rows.x >= 0 && rows.x + ptrdiff_t(kSpan) <= width;
  const ptrdiff_t copy_begin = rows.x < 0 ? -rows.x : 0;
  const ptrdiff_t copy_end = rows.x + ptrdiff_t(kSpan) <= width ? kSpan : width - rows.x;
  Vec<float, L> acc[P][V];
#pragma GCC unroll 32
  for (int i = 0; i < P; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) acc[i][v] = Vec<float, L>{};
  }
  for (size_t channel = 0; channel < rows.channels; ++channel) {
    for (size_t ky = 0; ky < KY; ++ky) {
      const size_t y = size_t(rows.y) + ky * DY;
      if (y >= rows.height) {
        weights += KX * kBlock;
        continue;
      }
      const float* line = in + (channel * rows.height + y) * rows.width + rows.x;
      if (!inside) {
        for (ptrdiff_t i = copy_begin; i < copy_end; ++i) copy[i] = line[i];
        line = copy;
      }
#pragma GCC unroll 1
      for (size_t kx = 0; kx < KX; ++kx) {
        __asm__("" : "+r"(line));
        Vec<float, L> w[V];
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) {
          w[v] = load<L>(weights + v * L / kBlock * rows.weight_out_block + v * L % kBlock);
        }
#pragma GCC unroll 32
        for (int i = 0; i < P; ++i) {
          const Vec<float, L> x = broadcast<L>(line[i * SX]);
#pragma GCC unroll 4
          for (int v = 0; v < V; ++v) acc[i][v] = fma<L>(x, w[v], acc[i][v]);
        }
        line += DX;
        weights += kBlock;
      }
    }
  }
  store_tile<L, P, V>(sums, acc);
}

template <int L, class In, class Out, size_t KY, size_t KX, size_t SY, size_t SX, size_t DY,
          size_t DX, class Pad, class Epilogue, class Threads>
ONNXC_KERNEL void conv2d_first(
    const float* in, const float* weights, float* out, size_t batch, const In& in_image,
    const Out& out_image,
    const Window<Extent<Fixed<KY>, Fixed<KX>>, Extent<Fixed<SY>, Fixed<SX>>,
                 Extent<Fixed<DY>, Fixed<DX>>, Pad>& window,
    const Epilogue& epilogue, const Threads& threads) {
  using Tile = ConvTile<L>;
  threads.split(batch * out_image.height, [&](size_t begin, size_t end, size_t) {
    const Epilogue finish = epilogue;
    const Out image = out_image;
    const size_t pad_x = window.pad.x, pad_y = window.pad.y;
    alignas(64) float sums[Tile::kPixels * Tile::kVectors * L];
    FirstRows rows{in_image.channels,
                   in_image.height,
                   in_image.width,
                   0,
                   0,
                   in_image.channels * KY * KX * kBlock};
    for (size_t unit = begin; unit < end; ++unit) {
      const size_t n = unit / image.height;
      const size_t oy = unit % image.height;
      rows.y = ptrdiff_t(oy * SY) - ptrdiff_t(pad_y);
      const float* from = in + n * in_image.batch_stride;
      float* to = out + n * image.batch_stride;
      for (size_t channel = 0; channel < image.blocks() * kBlock;) {
        const size_t left = (image.blocks() * kBlock - channel) / L;
        const size_t vectors = min_size(left, Tile::kVectors);
        const float* packed = weights + channel / kBlock * rows.weight_out_block + channel % kBlock;
        for (size_t ox = 0; ox < image.width;) {
          const size_t left_pixels = image.width - ox;
          rows.x = ptrdiff_t(ox * SX) - ptrdiff_t(pad_x);
          const bool full = left_pixels > Tile::kMiddle;
          const size_t now = min_size(left_pixels, full ? Tile::kPixels : Tile::kMiddle);
          if (!Tile::kFillsBlocks && vectors == 1) {
            if (full) {
              sum_first_tile<L, Tile::kPixels, 1, KY, KX, SX, DY, DX>(rows, from, packed, sums);
            } else {
              sum_first_tile<L, Tile::kMiddle, 1, KY, KX, SX, DY, DX>(rows, from, packed, sums);
            }
          } else if (full) {
            sum_first_tile<L, Tile::kPixels, 2, KY, KX, SX, DY, DX>(rows, from, packed, sums);
          } else {
            sum_first_tile<L, Tile::kMiddle, 2, KY, KX, SX, DY, DX>(rows, from, packed, sums);
          }
          const size_t first = oy * image.width + ox;
          for (size_t v = 0; v < vectors; ++v) {
            store_pixels<L>(
                sums + v * L, vectors * L, now, n, channel + v * L, image.channels,
                [&](size_t i) ONNXC_LAMBDA { return first + i; }, image.plane(), to, finish);
          }
          ox += now;
        }
        channel += vectors * L;
      }
    }
  });
}

}  // namespace onnxc

// The inner tile of every dense convolution on channel-blocked data: a few output pixels by a few
// vectors of output channels, summed over all input channels and taps in registers.
#pragma once

#include "templates/cpu/image.h"
#include "templates/cpu/register_tile.h"

namespace onnxc {

// Where an output vector of a convolution lies: image, its first channel (a multiple of `lanes`)
// and the pixel y * width + x.
template <int L>
struct ConvAt {
  static constexpr int lanes = L;
  size_t n;
  size_t channel;
  size_t pixel;

  // Offset of this vector in a channel-blocked tensor of the same height and width; `plane` is the
  // number of floats in a block of one image.
  ONNXC_INLINE size_t blocked(size_t batch_stride, size_t plane) const {
    return n * batch_stride + channel / kBlock * plane + pixel * kBlock + channel % kBlock;
  }
};

// The taps along one axis: tap t multiplies weight row `first + t * step` with the input at
// `position + offset + t * offset_step`.
struct TapAxis {
  size_t count;
  size_t first;
  size_t step;
  ptrdiff_t offset;
  ptrdiff_t offset_step;

  ONNXC_INLINE ptrdiff_t last() const { return offset + ptrdiff_t(count - 1) * offset_step; }
  ONNXC_INLINE ptrdiff_t low() const { return last() < offset ? last() : offset; }
  ONNXC_INLINE ptrdiff_t high() const { return last() < offset ? offset : last(); }
};

// What one output vector sums over. Weights are [out block][in_blocks][KH][KW][16 in][16 out].
struct ConvSum {
  size_t in_blocks;
  ptrdiff_t in_height;
  ptrdiff_t in_width;
  TapAxis y;
  TapAxis x;
  size_t weight_row;        // floats from one kernel row to the next
  size_t weight_block;      // floats from one input block to the next
  size_t weight_out_block;  // floats from one output block to the next

  ONNXC_INLINE size_t in_plane() const { return in_height * in_width * kBlock; }
  ONNXC_INLINE const float* tap_weights(const float* weights, size_t block, size_t ty,
                                        size_t tx) const {
    return weights + block * weight_block + (y.first + ty * y.step) * weight_row +
           (x.first + tx * x.step) * kBlock * kBlock;
  }
};

// The output pixels a call computes: `height` by `width` of them, read around input position
// `origin + q * stride`.
struct ConvGrid {
  size_t height;
  size_t width;
  Extent<ptrdiff_t, ptrdiff_t> origin;
  Extent<size_t, size_t> stride;
  size_t out_plane;
  size_t out_channels;

  ONNXC_INLINE size_t pixels() const { return height * width; }
};

[[maybe_unused]] alignas(64) static const float kZeroBlock[kBlock] = {};

// What a convolution of `in_blocks` input blocks with `window` sums over.
template <class In, class Win>
ONNXC_INLINE ConvSum conv2d_sum(const In& in, const Win& window, size_t in_blocks) {
  const size_t weight_block = window.taps() * kBlock * kBlock;
  return {in_blocks,
          ptrdiff_t(size_t(in.height)),
          ptrdiff_t(size_t(in.width)),
          {window.kernel.y, 0, 1, 0, ptrdiff_t(size_t(window.dilation.y))},
          {window.kernel.x, 0, 1, 0, ptrdiff_t(size_t(window.dilation.x))},
          window.kernel.x * kBlock * kBlock,
          weight_block,
          in_blocks * weight_block};
}

// Where the pixels of a grid lie in an output of the same size.
struct SamePixel {
  ONNXC_INLINE size_t operator()(size_t pixel) const { return pixel; }
};

// All pixels of an output.
template <class Out, class Win>
ONNXC_INLINE ConvGrid conv2d_grid(const Out& out, const Win& window) {
  return {out.height,
          out.width,
          {-ptrdiff_t(size_t(window.pad.y)), -ptrdiff_t(size_t(window.pad.x))},
          {window.stride.y, window.stride.x},
          out.plane(),
          out.channels};
}

// Pixels and vectors in the tiles of a lane count: whole tiles and two smaller ones for remainders.
// A strip is the run of pixels that shares a chunk of weights in the first-level cache.
template <int L>
struct ConvTile {
  static constexpr int kVectors = 2;
  static constexpr int kPixels = L == 16 ? 14 : 6;
  static constexpr int kMiddle = L == 16 ? 7 : 4;
  static constexpr int kSmall = 4;
  static constexpr size_t kShort = L == 16 ? 1 : 0;  // places a row tile may leave unused
  static constexpr size_t kStrip = L == 16 ? 4 * kPixels : 16 * kPixels;
  static constexpr size_t kChunkBytes = 20 * 1024;
  static constexpr bool kFillsBlocks = kBlock % (kVectors * L) == 0;  // no vector is left alone
};

// The pixels of a strip: whole rows where a row fits.
template <int L>
ONNXC_INLINE size_t strip_pixels(size_t width) {
  constexpr size_t kStrip = ConvTile<L>::kStrip;
  return width <= kStrip ? kStrip / width * width : kStrip;
}

// The blocks `begin` to `end` of the input channels.
struct BlockRange {
  size_t begin;
  size_t end;
};

// Adds one tap of one input block: acc[i][v] += sum over c of from(i)[c] * weights[c][v].
template <int L, int P, int V, class From>
ONNXC_INLINE void add_tap(Vec<float, L> (&acc)[P][V], const From& from, const float* weights,
                          size_t weight_out_block) {
  constexpr size_t kUnroll = 2;
#pragma GCC unroll 1
  for (size_t c = 0; c < kBlock; c += kUnroll) {
    __asm__("" : "+r"(c));
#pragma GCC unroll 2
    for (size_t u = 0; u < kUnroll; ++u) {
      Vec<float, L> w[V];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) {
        w[v] = load<L>(weights + v * L / kBlock * weight_out_block + v * L % kBlock + u * kBlock);
      }
#pragma GCC unroll 32
      for (int i = 0; i < P; ++i) {
        const Vec<float, L> x = broadcast<L>(from(i)[c + u]);
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) acc[i][v] = fma<L>(x, w[v], acc[i][v]);
      }
    }
    weights += kUnroll * kBlock;
  }
}

// Adds some input blocks to `sums`, [P][V][L], of `count` (P or up to two fewer) pixels in one row
// which lie S blocks apart; the first is read at (y, x). Only the first two and the last two places
// may leave the image sideways.
template <int L, int P, int V, int S>
ONNXC_KERNEL void add_row_tile(const ConvSum& sum, ptrdiff_t y, ptrdiff_t x, ptrdiff_t count,
                               const float* in, const float* weights, BlockRange blocks,
                               float* sums) {
  Vec<float, L> acc[P][V];
  load_tile<L, P, V>(acc, sums, blocks.begin == 0);
  const ptrdiff_t line_floats = sum.in_width * ptrdiff_t(kBlock);
  const float* plane = in + blocks.begin * sum.in_plane();
  for (size_t block = blocks.begin; block < blocks.end; ++block) {
    const float* row_weights = sum.tap_weights(weights, block, 0, 0);
    ptrdiff_t from_y = y + sum.y.offset;
    for (size_t ty = 0; ty < sum.y.count; ++ty) {
      if (size_t(from_y) < size_t(sum.in_height)) {
        const float* line = plane + from_y * line_floats;
        const float* ahead = line + sum.in_plane() + x * ptrdiff_t(kBlock);
#pragma GCC unroll 32
        for (int i = 0; i < P; ++i) __builtin_prefetch(ahead + i * S * kBlock);
        ptrdiff_t from_x = x + sum.x.offset;
        const float* tap_weights = row_weights;
        for (size_t tx = 0; tx < sum.x.count; ++tx) {
          const float* body = line + (from_x + 2 * S) * ptrdiff_t(kBlock);
          const auto place = [&](ptrdiff_t i) ONNXC_LAMBDA {
            return i < count && size_t(from_x + i * S) < size_t(sum.in_width)
                       ? line + (from_x + i * S) * ptrdiff_t(kBlock)
                       : kZeroBlock;
          };
          const float* places[4] = {place(0), place(1), place(P - 2), place(P - 1)};
          add_tap<L, P, V>(
              acc,
              [&](int i) ONNXC_LAMBDA {
                return i < 2        ? places[i]
                       : i >= P - 2 ? places[i - P + 4]
                                    : body + (i - 2) * S * ptrdiff_t(kBlock);
              },
              tap_weights, sum.weight_out_block);
          from_x += sum.x.offset_step;
          tap_weights += sum.x.step * kBlock * kBlock;
        }
      }
      from_y += sum.y.offset_step;
      row_weights += sum.y.step * sum.weight_row;
    }
    plane += sum.in_plane();
  }
  store_tile<L, P, V>(sums, acc);
}

// Adds some input blocks to `sums`, [P][V][L], of `count` (up to P) pixels anywhere, from `first`
// of the grid.
template <int L, int P, int V>
ONNXC_KERNEL void add_tile(const ConvSum& sum, const ConvGrid& grid, size_t first, size_t count,
                           const float* in, const float* weights, BlockRange blocks, float* sums) {
  ptrdiff_t y[P], x[P];
  size_t row = first / grid.width;
  size_t column = first % grid.width;
  for (size_t i = 0; i < size_t(P); ++i) {
    y[i] = i < count ? grid.origin.y + ptrdiff_t(row * grid.stride.y) : -1 - sum.y.high();
    x[i] = grid.origin.x + ptrdiff_t(column * grid.stride.x);
    if (++column == grid.width) {
      column = 0;
      ++row;
    }
  }
  Vec<float, L> acc[P][V];
  load_tile<L, P, V>(acc, sums, blocks.begin == 0);
  for (size_t block = blocks.begin; block < blocks.end; ++block) {
    const float* plane = in + block * sum.in_plane();
    for (size_t ty = 0; ty < sum.y.count; ++ty) {
      const ptrdiff_t dy = sum.y.offset + ptrdiff_t(ty) * sum.y.offset_step;
      for (size_t tx = 0; tx < sum.x.count; ++tx) {
        const ptrdiff_t dx = sum.x.offset + ptrdiff_t(tx) * sum.x.offset_step;
        const float* from[P];
        for (int i = 0; i < P; ++i) {
          const bool inside = (size_t(y[i] + dy) < size_t(sum.in_height)) &
                              (size_t(x[i] + dx) < size_t(sum.in_width));
          const float* pixel = plane + ((y[i] + dy) * sum.in_width + x[i] + dx) * ptrdiff_t(kBlock);
          from[i] = inside ? pixel : kZeroBlock;
        }
        add_tap<L, P, V>(
            acc, [&](int i) ONNXC_LAMBDA { return from[i]; },
            sum.tap_weights(weights, block, ty, tx), sum.weight_out_block);
      }
    }
  }
  store_tile<L, P, V>(sums, acc);
}

// Adds some input blocks to the `sums` of the next tile of one row, of which `left` pixels are
// left, and returns how many it covers: none where a row tile does not fit.
template <int L, int P, int V>
ONNXC_INLINE size_t add_row(const ConvSum& sum, const ConvGrid& grid, size_t first, size_t left,
                            const float* in, const float* weights, BlockRange blocks, float* sums) {
  const ptrdiff_t count = min_size(left, P), step = grid.stride.x;
  const ptrdiff_t y = grid.origin.y + ptrdiff_t(first / grid.width * grid.stride.y);
  const ptrdiff_t x = grid.origin.x + ptrdiff_t(first % grid.width) * step;
  const bool fits = step <= 2 && count >= P - 2 && x + 2 * step + sum.x.low() >= 0 &&
                    x + (P - 3) * step + sum.x.high() < sum.in_width;
  if (!fits) return 0;
  if (step == 1) {
    add_row_tile<L, P, V, 1>(sum, y, x, count, in, weights, blocks, sums);
  } else {
    add_row_tile<L, P, V, 2>(sum, y, x, count, in, weights, blocks, sums);
  }
  return count;
}

// Adds some input blocks to the `sums` of one tile and returns how many of `count` pixels it
// covers.
template <int L, int V>
ONNXC_INLINE size_t add_some(const ConvSum& sum, const ConvGrid& grid, size_t first, size_t count,
                             const float* in, const float* weights, BlockRange blocks,
                             float* sums) {
  using Tile = ConvTile<L>;
  constexpr size_t kFull = Tile::kPixels, kMiddle = Tile::kMiddle, kSmall = Tile::kSmall;
  const size_t left = min_size(count, grid.width - first % grid.width);
  size_t covered = 0;
  if (left + Tile::kShort >= kFull) {
    covered = add_row<L, kFull, V>(sum, grid, first, left, in, weights, blocks, sums);
  }
  if (covered == 0 && left + Tile::kShort >= kMiddle) {
    covered = add_row<L, kMiddle, V>(sum, grid, first, left, in, weights, blocks, sums);
  }
  if (covered != 0) return covered;
  if (count > kMiddle + kSmall) {
    count = min_size(count, kFull);
    add_tile<L, kFull, V>(sum, grid, first, count, in, weights, blocks, sums);
    return count;
  }
  if (count > kSmall && kSmall != kMiddle) {
    count = min_size(count, kMiddle);
    add_tile<L, kMiddle, V>(sum, grid, first, count, in, weights, blocks, sums);
    return count;
  }
  count = min_size(count, kSmall);
  add_tile<L, kSmall, V>(sum, grid, first, count, in, weights, blocks, sums);
  return count;
}

// Writes the sums of `count` pixels (up to a strip) from `first` of the grid to `sums`,
// [count][V][L], which has room for one more tile.
template <int L, int V>
ONNXC_KERNEL void sum_strip(const ConvSum& sum, const ConvGrid& grid, size_t first, size_t count,
                            const float* in, const float* weights, float* sums) {
  using Tile = ConvTile<L>;
  const size_t block_bytes = sum.y.count * sum.x.count * kBlock * V * L * sizeof(float);
  const size_t chunks = max_size(1, ceil_div(sum.in_blocks * block_bytes, Tile::kChunkBytes));
  const size_t chunk = max_size(1, ceil_div(sum.in_blocks, chunks));
  for (size_t block = 0; block < sum.in_blocks; block += chunk) {
    const BlockRange blocks{block, min_size(block + chunk, sum.in_blocks)};
    for (size_t done = 0; done < count;) {
      done += add_some<L, V>(sum, grid, first + done, count - done, in, weights, blocks,
                             sums + done * V * L);
    }
  }
}

// Stores what `epilogue` makes of `count` sums, `step` floats apart, of one vector of channels. The
// first lies at `at`, the next ones where `pixel_of(i)` says. `out` is the image's first block;
// channels past the last are stored as zero.
template <int L, class PixelOf, class Epilogue>
ONNXC_INLINE void store_pixels(const float* sums, size_t step, size_t count, size_t n,
                               size_t channel, size_t channels, const PixelOf& pixel_of,
                               size_t plane, float* out, const Epilogue& epilogue) {
  float* to = out + channel / kBlock * plane + channel % kBlock;
  if (channel < channels) {
    for (size_t i = 0; i < count; ++i) {
      const size_t pixel = pixel_of(i);
      store<L>(to + pixel * kBlock,
               Vec<float, L>(epilogue(load<L>(sums + i * step), ConvAt<L>{n, channel, pixel})));
    }
  }
  for (size_t lane = channel < channels ? channels - channel : 0; lane < L; ++lane) {
    for (size_t i = 0; i < count; ++i) to[pixel_of(i) * kBlock + lane] = 0.0f;
  }
}

// Computes `count` pixels from `first` of the grid for `vectors` (1 or 2) vectors of channels from
// `channel`, and stores what `epilogue` makes of them where `pixel_of` says. `out` is the image's
// first block.
template <int L, class PixelOf, class Epilogue>
ONNXC_INLINE void conv2d_pixels(const ConvSum& sum, const ConvGrid& grid, const float* in,
                                const float* weights, float* out, size_t n, size_t channel,
                                size_t vectors, size_t first, size_t count, const PixelOf& pixel_of,
                                const Epilogue& epilogue) {
  using Tile = ConvTile<L>;
  alignas(64) float sums[(Tile::kStrip + Tile::kPixels) * Tile::kVectors * L];
  const size_t strip = strip_pixels<L>(grid.width);
  for (const size_t end = first + count; first < end; first += strip) {
    const size_t now = min_size(end - first, strip);
    if (Tile::kFillsBlocks || vectors == 2) {
      sum_strip<L, 2>(sum, grid, first, now, in, weights, sums);
    } else {
      sum_strip<L, 1>(sum, grid, first, now, in, weights, sums);
    }
    for (size_t v = 0; v < vectors; ++v) {
      store_pixels<L>(
          sums + v * L, vectors * L, now, n, channel + v * L, grid.out_channels,
          [&](size_t i) ONNXC_LAMBDA { return pixel_of(first + i); }, grid.out_plane, out,
          epilogue);
    }
  }
}

}  // namespace onnxc

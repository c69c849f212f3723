// Dense two-dimensional convolution on AMX tiles, of floats split into bfloat16 parts.
//
// in        [N][C/32][pixels][Parts][32] as split_image writes it, with zeros around the image
// weights   [O/32][KH][KW][C/32][Parts][2][16][16][2]: element (o, y, x, c, part, half, p, j, q) is
//           the part of output channel 32 o + 16 half + j, input channel 32 c + 2 p + q
// out       [N][O/16][OH][OW][16], channels past the last are zero
//
// Needs AVX-512 with bfloat16 and tiles that amx_request() has granted.
#pragma once

#include "templates/cpu/amx_tile.h"
#include "templates/cpu/conv2d_tile.h"

namespace onnxc {

// How output pixels are laid on tiles: each tile covers `rows` pixels, one stride apart in the
// input. Flat tiles run on through the zeros between two rows of the image, and some of their rows
// are dropped.
struct ConvAmxTiles {
  size_t rows;     // of a tile
  size_t per_row;  // tiles for one row of the output; 0: flat
  size_t count;
  size_t pitch;  // flat: positions from one output row to the next
};

template <class Out, class Win>
ONNXC_INLINE ConvAmxTiles conv2d_amx_tiles(const HaloImage& image, const Out& out,
                                           const Win& window) {
  constexpr size_t kFewRows = 10;
  const size_t rows = amx_tile_rows(out.width), per_row = ceil_div(out.width, rows);
  ConvAmxTiles tiles{rows, per_row, per_row * out.height, 0};
  if (window.stride.x != 1 || window.stride.y != 1) return tiles;
  const size_t flat = (out.height - 1) * image.pitch() + out.width;
  const size_t flat_rows = amx_tile_rows(flat), flat_count = ceil_div(flat, flat_rows);
  if (flat_count * max_size(flat_rows, kFewRows) > tiles.count * max_size(rows, kFewRows)) {
    return tiles;
  }
  return {flat_rows, 0, flat_count, image.pitch()};
}

struct ConvAmxWalk {
  bool pixels_outside;  // pairs of tiles outside, where the weights stay in the cache
  size_t pairs, panels, units;
};

template <int Parts, class In, class Out, class Win>
ONNXC_INLINE ConvAmxWalk conv2d_amx_walk(size_t batch, const In& in, const HaloImage& image,
                                         const Out& out, const Win& window) {
  constexpr size_t kWeightsInCache = 600 * 1024;
  ConvAmxWalk walk;
  walk.pairs = ceil_div(conv2d_amx_tiles(image, out, window).count, 2);
  walk.panels = ceil_div(out.channels, 32);
  const size_t steps = window.taps() * ceil_div(in.channels, kPartDepth);
  walk.pixels_outside = walk.panels * steps * kAmxStep<Parts> * sizeof(BFloat16) <= kWeightsInCache;
  walk.units = batch * (walk.pixels_outside ? walk.pairs : walk.panels);
  return walk;
}

// The window's taps and the planes of channels that one sum runs over, in bytes.
struct ConvAmxSum {
  size_t taps_y, taps_x, planes;
  size_t tap_y, tap_x, plane;
  size_t row_bytes;
};

template <int Parts, int Rows, int Columns>
ONNXC_KERNEL void conv2d_amx_block(const ConvAmxSum& sum, const char* first, const char* second,
                                   const BFloat16* weights, AmxAhead& ahead, size_t tile_rows,
                                   float* sums) {
  amx_zero_sums<Rows, Columns>();
  for (size_t y = 0; y < sum.taps_y; ++y) {
    for (size_t x = 0; x < sum.taps_x; ++x) {
      const size_t tap = y * sum.tap_y + x * sum.tap_x;
      AmxRows a{first + tap, second + tap, sum.row_bytes};
#pragma GCC unroll 1
      for (size_t plane = 0; plane < sum.planes; ++plane) {
        ahead.fetch();
        amx_add_step<Parts, Rows, Columns>(a, weights);
        a.first += sum.plane;
        a.second += sum.plane;
        weights += kAmxStep<Parts>;
      }
    }
  }
  amx_store_sums<Rows, Columns>(sums, tile_rows);
}

template <int Parts>
ONNXC_INLINE void conv2d_amx_any(const ConvAmxSum& sum, const char* first, const char* second,
                                 const BFloat16* weights, AmxAhead& ahead, size_t tile_rows,
                                 bool two_rows, bool two_columns, float* sums) {
  if (two_rows && two_columns) {
    conv2d_amx_block<Parts, 2, 2>(sum, first, second, weights, ahead, tile_rows, sums);
  } else if (two_rows) {
    conv2d_amx_block<Parts, 2, 1>(sum, first, second, weights, ahead, tile_rows, sums);
  } else if (two_columns) {
    conv2d_amx_block<Parts, 1, 2>(sum, first, second, weights, ahead, tile_rows, sums);
  } else {
    conv2d_amx_block<Parts, 1, 1>(sum, first, second, weights, ahead, tile_rows, sums);
  }
}

// `image` is the input with its zeros: at least the window's reach on each side.
template <int L, int Parts, class In, class Out, class Win, class Epilogue, class Threads>
ONNXC_KERNEL void conv2d_amx(const BFloat16* in, const BFloat16* weights, float* out, size_t batch,
                             const In& in_image, const HaloImage& image, const Out& out_image,
                             const Win& window, const Epilogue& epilogue, const Threads& threads) {
  static_assert(L == 16, "AMX comes with 16 lanes");
  const ConvAmxTiles tiles = conv2d_amx_tiles(image, out_image, window);
  const ConvAmxWalk walk = conv2d_amx_walk<Parts>(batch, in_image, image, out_image, window);
  const size_t pixel = Parts * kPartDepth * sizeof(BFloat16);
  const size_t planes = ceil_div(in_image.channels, kPartDepth);
  const ConvAmxSum sum{window.kernel.y,
                       window.kernel.x,
                       planes,
                       window.dilation.y * image.pitch() * pixel,
                       window.dilation.x * pixel,
                       image.pixels() * pixel,
                       window.stride.x * pixel};
  const size_t origin = (image.top - window.pad.y) * image.pitch() + image.beside - window.pad.x;
  const size_t blocks = out_image.blocks(), panel_size = window.taps() * planes * kAmxStep<Parts>;
  const auto offset = [&](size_t tile) ONNXC_LAMBDA {
    if (!tiles.per_row) return (origin + tile * tiles.rows) * pixel;
    const size_t y = tile / tiles.per_row, x = tile % tiles.per_row * tiles.rows;
    return (origin + y * window.stride.y * image.pitch() + x * window.stride.x) * pixel;
  };
  const auto store_sums = [&](const float* from, size_t tile, size_t n, size_t panel,
                              const Epilogue& finish) ONNXC_LAMBDA {
    const size_t row = tiles.per_row ? size_t(out_image.width) : tiles.pitch;
    const size_t start = tiles.per_row
                             ? tile / tiles.per_row * row + tile % tiles.per_row * tiles.rows
                             : tile * tiles.rows;
    size_t y = start / row, x = start % row;
    for (size_t left = tiles.rows; left > 0 && y < out_image.height; x = 0, ++y) {
      const size_t run = tiles.per_row ? left : min_size(left, row - x);
      const size_t count = x < out_image.width ? min_size(run, out_image.width - x) : 0;
      const size_t first = y * out_image.width + x;
      for (size_t half = 0; half < 2 && panel * 2 + half < blocks; ++half) {
        store_pixels<L>(
            from + half * L, 32, count, n, (panel * 2 + half) * kBlock, out_image.channels,
            [&](size_t i) ONNXC_LAMBDA { return first + i; }, out_image.plane(),
            out + n * out_image.batch_stride, finish);
      }
      from += run * 32;
      left -= run;
    }
  };
  const size_t outside = walk.pixels_outside ? walk.pairs : walk.panels;
  const size_t inside = walk.pixels_outside ? walk.panels : walk.pairs;
  threads.split(walk.units, [&](size_t begin, size_t end, size_t) {
    const Epilogue finish = epilogue;
    alignas(64) float sums[32 * 32];
    amx_configure(tiles.rows);
    for (size_t unit = begin; unit < end; ++unit) {
      const size_t n = unit / outside;
      const char* image_parts = reinterpret_cast<const char*>(in) + n * planes * sum.plane;
      AmxAhead ahead(weights + (unit % outside + 1) * panel_size, panel_size, inside,
                     window.taps() * planes);
      for (size_t i = 0; i < inside; ++i) {
        const size_t pair = walk.pixels_outside ? unit % outside : i;
        const size_t panel = walk.pixels_outside ? i : unit % outside;
        if (walk.pixels_outside) {
          ahead = AmxAhead(weights + (panel + 1) * panel_size, unit == begin ? panel_size : 0, 1,
                           window.taps() * planes);
        }
        const size_t tile = pair * 2;
        const bool two_rows = tile + 1 < tiles.count;
        conv2d_amx_any<Parts>(sum, image_parts + offset(tile), image_parts + offset(tile + 1),
                              weights + panel * panel_size, ahead, tiles.rows, two_rows,
                              panel * 2 + 1 < blocks, sums);
        store_sums(sums, tile, n, panel, finish);
        if (two_rows) store_sums(sums + tiles.rows * 32, tile + 1, n, panel, finish);
      }
    }
    amx_release();
  });
}

}  // namespace onnxc

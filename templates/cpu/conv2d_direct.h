// Dense two-dimensional convolution, channel-blocked in and out, of any window.
//
// in       [N][I/16][H][W][16], a multiple of 16 channels a group where there are several groups
// weights  [O/16][I/groups/16][KH][KW][16][16]: element (b, a, y, x, i, o) is the weight of output
//          channel b * 16 + o and input channel a * 16 + i of its group, zero past the last channel
// out      [N][O/16][OH][OW][16], channels past the last are zero
//
// Values of `in` past its last channel must be finite. Pointers need the alignment of float; 64
// bytes is faster. `out` overlaps neither `in` nor `weights`.
#pragma once

#include "templates/cpu/conv2d_tile.h"

namespace onnxc {

// Whether a convolution maps pixels one to one, so that its image is one long row.
template <class In, class Out, class Win>
ONNXC_INLINE bool is_flat(const In& in, const Out& out, const Win& window) {
  return window.taps() == 1 && window.stride.y == 1 && window.stride.x == 1 && window.pad.y == 0 &&
         window.pad.x == 0 && size_t(in.height) == size_t(out.height) &&
         size_t(in.width) == size_t(out.width);
}

// How a convolution is walked, a strip of pixels by a few vectors of channels at a time: all
// vectors of a strip first where the weights stay in the second-level cache, else all strips of a
// vector.
struct ConvWalk {
  bool vectors_first;
  size_t strip;    // pixels in a strip
  size_t strips;   // strips of pixels in one image
  size_t vectors;  // groups of output vectors in one channel group
};

template <int L, class In, class Out, class Win>
ONNXC_INLINE ConvWalk conv2d_direct_walk(const In& in, const Out& out, const Win& window,
                                         size_t groups) {
  constexpr size_t kWeightsInCache = 600 * 1024;
  const size_t out_blocks = ceil_div(ceil_div(out.channels, groups), kBlock);
  const size_t in_blocks = ceil_div(ceil_div(in.channels, groups), kBlock);
  const size_t weights = out_blocks * in_blocks * window.taps() * kBlock * kBlock * sizeof(float);
  ConvWalk walk;
  walk.vectors_first = weights <= kWeightsInCache;
  walk.strip = strip_pixels<L>(is_flat(in, out, window) ? out.pixels() : size_t(out.width));
  walk.strips = ceil_div(out.pixels(), walk.strip);
  walk.vectors = ceil_div(out_blocks * kBlock, ConvTile<L>::kVectors * L);
  return walk;
}

template <int L, class In, class Out, class Win, class Epilogue, class Threads>
ONNXC_KERNEL void conv2d_direct(const float* in, const float* weights, float* out, size_t batch,
                                const In& in_image, const Out& out_image, const Win& window,
                                size_t groups, const Epilogue& epilogue, const Threads& threads) {
  using Tile = ConvTile<L>;
  constexpr size_t kWide = Tile::kVectors * L;
  const ConvWalk walk = conv2d_direct_walk<L>(in_image, out_image, window, groups);
  const size_t group_out = ceil_div(out_image.channels, groups);
  const size_t group_in_blocks = ceil_div(ceil_div(in_image.channels, groups), kBlock);
  const size_t group_out_blocks = ceil_div(group_out, kBlock);
  ConvSum sum = conv2d_sum(in_image, window, group_in_blocks);
  ConvGrid grid = conv2d_grid(out_image, window);
  if (is_flat(in_image, out_image, window)) {
    sum.in_height = grid.height = 1;
    sum.in_width = grid.width = out_image.pixels();
  }
  threads.split(batch * groups * walk.strips * walk.vectors, [&](size_t begin, size_t end, size_t) {
    const Epilogue finish = epilogue;
    LoopPosition<4> unit(begin, batch, groups, walk.vectors_first ? walk.strips : walk.vectors,
                         walk.vectors_first ? walk.vectors : walk.strips);
    for (size_t left = end - begin; left > 0; --left, unit.next()) {
      const size_t n = unit.at[0], group = unit.at[1];
      const size_t strip = unit.at[walk.vectors_first ? 2 : 3];
      const size_t vector = unit.at[walk.vectors_first ? 3 : 2];
      const size_t first = strip * walk.strip, channel = vector * kWide;
      const float* packed = weights +
                            (group * group_out_blocks + channel / kBlock) * sum.weight_out_block +
                            channel % kBlock;
      conv2d_pixels<L>(sum, grid,
                       in + n * in_image.batch_stride + group * group_in_blocks * sum.in_plane(),
                       packed, out + n * out_image.batch_stride, n, group * group_out + channel,
                       min_size(Tile::kVectors, (group_out_blocks * kBlock - channel) / L), first,
                       min_size(walk.strip, out_image.pixels() - first), SamePixel{}, finish);
    }
  });
}

}  // namespace onnxc

// Two-dimensional convolution in groups whose channels do not fill blocks, on channel blocks.
//
// An output block reads every input block that one of its groups touches; weights between channels
// of different groups are zero.
//
// in       [N][I/16][H][W][16]
// weights  [O/16][J][KH][KW][16][16] with J = grouped_blocks(I, O, groups): element (b, j, y, x, i,
// o)
//          is the weight of output channel b * 16 + o and input channel
//          (grouped_first_block(b, I, O, groups) + j) * 16 + i where both are in one group, else
//          zero
// out      [N][O/16][OH][OW][16], channels past the last are zero
//
// Values of `in` must be finite. `out` overlaps neither `in` nor `weights`.
#pragma once

#include "templates/cpu/conv2d_tile.h"

namespace onnxc {

// The input blocks that the channels of one output block read.
constexpr BlockRange grouped_span(size_t out_block, size_t in_channels, size_t out_channels,
                                  size_t groups) {
  const size_t group_in = in_channels / groups, group_out = out_channels / groups;
  const size_t last = min_size(out_block * kBlock + kBlock, out_channels) - 1;
  return {out_block * kBlock / group_out * group_in / kBlock,
          ceil_div((last / group_out + 1) * group_in, kBlock)};
}

// The number of input blocks each output block reads.
constexpr size_t grouped_blocks(size_t in_channels, size_t out_channels, size_t groups) {
  size_t most = 1;
  for (size_t block = 0; block < ceil_div(out_channels, kBlock); ++block) {
    const BlockRange span = grouped_span(block, in_channels, out_channels, groups);
    most = max_size(most, span.end - span.begin);
  }
  return most;
}

// The first of the grouped_blocks input blocks that an output block reads.
[[maybe_unused]] constexpr size_t grouped_first_block(size_t out_block, size_t in_channels,
                                                      size_t out_channels, size_t groups) {
  const size_t blocks = grouped_blocks(in_channels, out_channels, groups);
  return min_size(grouped_span(out_block, in_channels, out_channels, groups).begin,
                  ceil_div(in_channels, kBlock) - blocks);
}

template <int L, class In, class Out, class Win, class Epilogue, class Threads>
ONNXC_KERNEL void conv2d_grouped(const float* in, const float* weights, float* out, size_t batch,
                                 const In& in_image, const Out& out_image, const Win& window,
                                 size_t groups, const Epilogue& epilogue, const Threads& threads) {
  const size_t blocks = grouped_blocks(in_image.channels, out_image.channels, groups);
  const ConvSum sum = conv2d_sum(in_image, window, blocks);
  const ConvGrid grid = conv2d_grid(out_image, window);
  constexpr size_t kVectors = L == kBlock ? 1 : 2;
  const size_t strip = strip_pixels<L>(out_image.width);
  const size_t strips = ceil_div(out_image.pixels(), strip);
  threads.split(batch * out_image.blocks() * strips, [&](size_t begin, size_t end, size_t) {
    const Epilogue finish = epilogue;
    LoopPosition<3> unit(begin, batch, out_image.blocks(), strips);
    for (size_t left = end - begin; left > 0; --left, unit.next()) {
      const size_t n = unit.at[0], block = unit.at[1], first = unit.at[2] * strip;
      const size_t from = grouped_first_block(block, in_image.channels, out_image.channels, groups);
      for (size_t lane = 0; lane < kBlock; lane += kVectors * L) {
        conv2d_pixels<L>(sum, grid, in + n * in_image.batch_stride + from * in_image.plane(),
                         weights + block * sum.weight_out_block + lane,
                         out + n * out_image.batch_stride, n, block * kBlock + lane, kVectors,
                         first, min_size(strip, out_image.pixels() - first), SamePixel{}, finish);
      }
    }
  });
}

}  // namespace onnxc

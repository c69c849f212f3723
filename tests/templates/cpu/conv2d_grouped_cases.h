// Tests of conv2d_grouped for the lane count of the including file.
#pragma once

#include "templates/cpu/conv2d_grouped.h"
#include "tests/templates/cpu/conv2d_check.h"

namespace onnxc {
namespace {

std::vector<float> pack_grouped(const ConvCase& c, const std::vector<float>& weights) {
  const size_t group_in = c.in_channels / c.groups, group_out = c.out_channels / c.groups;
  const size_t taps = c.kernel_y * c.kernel_x;
  const size_t blocks = grouped_blocks(c.in_channels, c.out_channels, c.groups);
  std::vector<float> packed(blocks_of(c.out_channels) * blocks * taps * 256);
  for (size_t o = 0; o < c.out_channels; ++o) {
    const size_t first = grouped_first_block(o / 16, c.in_channels, c.out_channels, c.groups);
    for (size_t i = 0; i < group_in; ++i) {
      const size_t channel = o / group_out * group_in + i - first * 16;
      for (size_t t = 0; t < taps; ++t) {
        packed[(((o / 16 * blocks + channel / 16) * taps + t) * 16 + channel % 16) * 16 + o % 16] =
            weights[(o * group_in + i) * taps + t];
      }
    }
  }
  return packed;
}

void check_grouped(const ConvCase& c, size_t parts) {
  const std::vector<float> in = random_values(c.batch * c.in_channels * c.height * c.width, 1);
  const std::vector<float> weights =
      random_values(c.out_channels * c.in_channels / c.groups * c.kernel_y * c.kernel_x, 2);
  const std::vector<float> blocked = to_blocked(in, c.batch, c.in_channels, c.height * c.width);
  const std::vector<float> packed = pack_grouped(c, weights);
  ConvOutput output(c, 0);
  const BlockedImage in_image(c.in_channels, c.height, c.width);
  const BlockedImage out_image(c.out_channels, c.out_height(), c.out_width(),
                               output.batch_stride());
  const Window window{Extent{c.kernel_y, c.kernel_x}, Extent{c.stride_y, c.stride_x},
                      Extent{c.dilation_y, c.dilation_x}, Extent{c.pad_top, c.pad_left}};
  conv2d_grouped<kTestLanes>(blocked.data(), packed.data(), output.data(), c.batch, in_image,
                             out_image, window, c.groups, output.epilogue(), PartsInTurn{parts});
  output.check(convolve(c, in, weights),
               double(c.in_channels / c.groups * c.kernel_y * c.kernel_x) + 10);
}

TEST(ONNXC_TEST_NAME(Conv2dGrouped), MatchesTheDefinition) {
  ONNXC_REQUIRE_TARGET();
  const ConvCase cases[] = {
      {1, 48, 14, 14, 48, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 6},
      {2, 72, 9, 11, 72, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1, 3},
      {1, 20, 8, 8, 30, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 5},
      {1, 10, 8, 8, 20, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 10},
      {1, 20, 8, 8, 10, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 2},
      {1, 132, 6, 6, 66, 3, 1, 1, 1, 1, 1, 1, 0, 1, 0, 2},
      {1, 17, 6, 6, 17, 3, 3, 1, 1, 2, 2, 2, 2, 2, 2, 1},
  };
  for (const ConvCase& c : cases) check_grouped(c, 1);
}

TEST(ONNXC_TEST_NAME(Conv2dGrouped), SplitsIntoUnitsOfWork) {
  ONNXC_REQUIRE_TARGET();
  check_grouped({2, 48, 7, 7, 48, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 6}, 4);
}

}  // namespace
}  // namespace onnxc

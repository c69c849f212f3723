// Tests of conv2d_direct for the lane count of the including file.
#pragma once

#include "templates/cpu/conv2d_direct.h"
#include "tests/templates/cpu/conv2d_check.h"

namespace onnxc {
namespace {

std::vector<float> pack_direct(const ConvCase& c, const std::vector<float>& weights) {
  const size_t group_in = c.in_channels / c.groups, taps = c.kernel_y * c.kernel_x;
  std::vector<float> packed(blocks_of(c.out_channels) * blocks_of(group_in) * taps * 256);
  for (size_t o = 0; o < c.out_channels; ++o) {
    for (size_t i = 0; i < group_in; ++i) {
      for (size_t t = 0; t < taps; ++t) {
        packed[(((o / 16 * blocks_of(group_in) + i / 16) * taps + t) * 16 + i % 16) * 16 + o % 16] =
            weights[(o * group_in + i) * taps + t];
      }
    }
  }
  return packed;
}

void check_direct(const ConvCase& c, size_t parts, size_t block_offset) {
  const std::vector<float> in = random_values(c.batch * c.in_channels * c.height * c.width, 1);
  const std::vector<float> weights =
      random_values(c.out_channels * c.in_channels / c.groups * c.kernel_y * c.kernel_x, 2);
  const std::vector<float> blocked = to_blocked(in, c.batch, c.in_channels, c.height * c.width);
  const std::vector<float> packed = pack_direct(c, weights);
  ConvOutput output(c, block_offset);
  const BlockedImage in_image(c.in_channels, c.height, c.width);
  const BlockedImage out_image(c.out_channels, c.out_height(), c.out_width(),
                               output.batch_stride());
  const Window window{Extent{c.kernel_y, c.kernel_x}, Extent{c.stride_y, c.stride_x},
                      Extent{c.dilation_y, c.dilation_x}, Extent{c.pad_top, c.pad_left}};
  conv2d_direct<kTestLanes>(blocked.data(), packed.data(), output.data(), c.batch, in_image,
                            out_image, window, c.groups, output.epilogue(), PartsInTurn{parts});
  output.check(convolve(c, in, weights),
               double(c.in_channels / c.groups * c.kernel_y * c.kernel_x) + 10);
}

TEST(ONNXC_TEST_NAME(Conv2dDirect), MatchesTheDefinition) {
  ONNXC_REQUIRE_TARGET();
  const ConvCase cases[] = {
      {1, 16, 1, 1, 16, 1, 1},
      {1, 32, 7, 7, 48, 1, 1},
      {2, 16, 5, 9, 35, 1, 1},
      {1, 64, 14, 14, 32, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},
      {1, 16, 7, 7, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},
      {1, 24, 28, 28, 20, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},
      {1, 16, 29, 31, 64, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1},
      {1, 16, 30, 30, 32, 3, 3, 2, 2, 1, 1, 0, 0, 1, 1},
      {1, 32, 56, 57, 16, 1, 1, 2, 2},
      {1, 16, 13, 13, 40, 5, 5, 1, 1, 1, 1, 2, 2, 2, 2},
      {1, 16, 15, 17, 32, 7, 7, 2, 2, 1, 1, 3, 3, 3, 3},
      {1, 16, 20, 20, 32, 3, 3, 1, 1, 2, 2, 2, 2, 2, 2},
      {1, 16, 20, 23, 16, 3, 3, 1, 1, 3, 2, 3, 2, 1, 0},
      {1, 16, 12, 40, 16, 2, 4, 1, 1, 1, 1, 0, 3, 1, 1},
      {1, 16, 9, 33, 32, 3, 3, 3, 3, 1, 1, 1, 1, 1, 1},
      {3, 16, 1, 50, 32, 1, 5, 1, 1, 1, 1, 0, 2, 0, 2},
      {1, 16, 40, 1, 32, 3, 1, 1, 1, 1, 1, 1, 0, 1, 0},
      {2, 64, 10, 10, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 2},
      {1, 96, 8, 8, 48, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1, 3},
      {1, 272, 6, 6, 160, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},
      {1, 640, 4, 30, 16, 1, 1},
      {1, 16, 3, 3, 16, 3, 3, 1, 1, 4, 4, 4, 4, 4, 4},
  };
  for (const ConvCase& c : cases) check_direct(c, 1, 0);
}

TEST(ONNXC_TEST_NAME(Conv2dDirect), MatchesTheDefinitionAtEveryWidth) {
  ONNXC_REQUIRE_TARGET();
  for (size_t width = 1; width <= 64; width += width < 34 ? 1 : 7) {
    for (const size_t kernel : {1, 3, 5}) {
      for (const size_t stride : {1, 2}) {
        const size_t pad = kernel / 2;
        check_direct(
            {1, 16, 4, width, 32, kernel, kernel, stride, stride, 1, 1, pad, pad, pad, pad}, 1, 0);
      }
    }
  }
}

TEST(ONNXC_TEST_NAME(Conv2dDirect), SplitsIntoUnitsOfWork) {
  ONNXC_REQUIRE_TARGET();
  check_direct({2, 32, 19, 21, 40, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1}, 5, 0);
  check_direct({1, 272, 6, 6, 160, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1}, 3, 0);
  check_direct({1, 32, 30, 30, 32, 1, 1}, 4, 0);
}

TEST(ONNXC_TEST_NAME(Conv2dDirect), WritesIntoPartOfALargerTensor) {
  ONNXC_REQUIRE_TARGET();
  check_direct({2, 16, 9, 9, 32, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1}, 1, 3);
}

}  // namespace
}  // namespace onnxc

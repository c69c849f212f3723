// Tests of conv2d_depthwise for the lane count of the including file.
#pragma once

#include "templates/cpu/conv2d_depthwise.h"
#include "tests/templates/cpu/conv2d_check.h"

namespace onnxc {
namespace {

// The window's sizes are Fixed or run-time ones.
template <class Kernel, class Stride, class Dilation>
void check_depthwise(ConvCase c, size_t parts, const Kernel& kernel, const Stride& stride,
                     const Dilation& dilation) {
  c.groups = c.in_channels;
  const size_t taps = c.kernel_y * c.kernel_x;
  const std::vector<float> in = random_values(c.batch * c.in_channels * c.height * c.width, 1);
  const std::vector<float> weights = random_values(c.out_channels * taps, 2);
  const std::vector<float> blocked = to_blocked(in, c.batch, c.in_channels, c.height * c.width);
  std::vector<float> packed(blocks_of(c.out_channels) * taps * 16);
  for (size_t o = 0; o < c.out_channels; ++o) {
    for (size_t t = 0; t < taps; ++t) {
      packed[(o / 16 * taps + t) * 16 + o % 16] = weights[o * taps + t];
    }
  }
  ConvOutput output(c, 0);
  const BlockedImage in_image(c.in_channels, c.height, c.width);
  const BlockedImage out_image(c.out_channels, c.out_height(), c.out_width(),
                               output.batch_stride());
  const Window window{kernel, stride, dilation, Extent{c.pad_top, c.pad_left}};
  conv2d_depthwise<kTestLanes>(blocked.data(), packed.data(), output.data(), c.batch, in_image,
                               out_image, window, output.epilogue(), PartsInTurn{parts});
  output.check(convolve(c, in, weights), double(taps) + 10);
}

void check_depthwise(const ConvCase& c, size_t parts) {
  check_depthwise(c, parts, Extent{c.kernel_y, c.kernel_x}, Extent{c.stride_y, c.stride_x},
                  Extent{c.dilation_y, c.dilation_x});
}

// A square kernel and stride at every width of the image and three paddings.
template <size_t K, size_t S>
void check_fixed_depthwise() {
  for (size_t width = 1; width <= 40; ++width) {
    for (const size_t pad : {size_t(0), K / 2, K - 1}) {
      if (width + 2 * pad < K) continue;
      check_depthwise({1, 24, 5, width, 24, K, K, S, S, 1, 1, K - 1, pad, K - 1, pad}, 1,
                      Extent{fixed<K>, fixed<K>}, Extent{fixed<S>, fixed<S>},
                      Extent{fixed<1>, fixed<1>});
    }
  }
}

TEST(ONNXC_TEST_NAME(Conv2dDepthwise), TakesAFixedWindow) {
  ONNXC_REQUIRE_TARGET();
  check_fixed_depthwise<1, 1>();
  check_fixed_depthwise<3, 1>();
  check_fixed_depthwise<3, 2>();
  check_fixed_depthwise<5, 1>();
  check_fixed_depthwise<5, 2>();
  check_fixed_depthwise<7, 1>();
  check_fixed_depthwise<4, 2>();
}

TEST(ONNXC_TEST_NAME(Conv2dDepthwise), MatchesTheDefinition) {
  ONNXC_REQUIRE_TARGET();
  const ConvCase cases[] = {
      {1, 32, 28, 28, 32, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},
      {2, 24, 15, 17, 24, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1},
      {1, 40, 14, 14, 40, 5, 5, 1, 1, 1, 1, 2, 2, 2, 2},
      {1, 16, 28, 28, 16, 5, 5, 2, 2, 1, 1, 2, 2, 2, 2},
      {1, 16, 7, 7, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},
      {1, 16, 7, 7, 16, 7, 7, 1, 1, 1, 1, 3, 3, 3, 3},
      {1, 16, 2, 2, 16, 7, 7, 1, 1, 1, 1, 3, 3, 3, 3},
      {1, 16, 20, 24, 16, 3, 3, 1, 1, 2, 3, 2, 3, 2, 3},
      {1, 16, 16, 16, 16, 3, 3, 2, 2, 1, 1, 0, 0, 1, 1},
      {1, 16, 20, 31, 16, 2, 3, 3, 1, 1, 1, 0, 2, 1, 0},
      {2, 5, 1, 40, 5, 1, 9, 1, 1, 1, 1, 0, 4, 0, 4},
      {1, 16, 3, 3, 16, 3, 3, 1, 1, 4, 4, 4, 4, 4, 4},
  };
  for (const ConvCase& c : cases) check_depthwise(c, 1);
}

TEST(ONNXC_TEST_NAME(Conv2dDepthwise), SplitsIntoUnitsOfWork) {
  ONNXC_REQUIRE_TARGET();
  check_depthwise({2, 40, 9, 9, 40, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1}, 4);
}

}  // namespace
}  // namespace onnxc

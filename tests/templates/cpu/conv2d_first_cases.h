// Tests of conv2d_first for the lane count of the including file.
#pragma once

#include "templates/cpu/conv2d_first.h"
#include "tests/templates/cpu/conv2d_check.h"

namespace onnxc {
namespace {

std::vector<float> pack_first(const ConvCase& c, const std::vector<float>& weights) {
  const size_t taps = c.kernel_y * c.kernel_x;
  std::vector<float> packed(blocks_of(c.out_channels) * c.in_channels * taps * 16);
  for (size_t o = 0; o < c.out_channels; ++o) {
    for (size_t i = 0; i < c.in_channels * taps; ++i) {
      packed[(o / 16 * c.in_channels * taps + i) * 16 + o % 16] =
          weights[o * c.in_channels * taps + i];
    }
  }
  return packed;
}

template <size_t KY, size_t KX, size_t SY, size_t SX, size_t DY, size_t DX>
void check_first(size_t batch, size_t channels, size_t height, size_t width, size_t out_channels,
                 size_t pad_y, size_t pad_x, size_t parts = 1) {
  const ConvCase c{batch, channels, height, width, out_channels, KY,    KX,    SY,
                   SX,    DY,       DX,     pad_y, pad_x,        pad_y, pad_x, /*groups=*/1};
  const std::vector<float> in = random_values(batch * channels * height * width, 1);
  const std::vector<float> weights = random_values(out_channels * channels * KY * KX, 2);
  const std::vector<float> packed = pack_first(c, weights);
  ConvOutput output(c, 0);
  const PlainImage in_image(channels, height, width);
  const BlockedImage out_image(out_channels, c.out_height(), c.out_width(), output.batch_stride());
  const Window window{Extent{fixed<KY>, fixed<KX>}, Extent{fixed<SY>, fixed<SX>},
                      Extent{fixed<DY>, fixed<DX>}, Extent{pad_y, pad_x}};
  conv2d_first<kTestLanes>(in.data(), packed.data(), output.data(), batch, in_image, out_image,
                           window, output.epilogue(), PartsInTurn{parts});
  output.check(convolve(c, in, weights), double(channels * KY * KX) + 10);
}

TEST(ONNXC_TEST_NAME(Conv2dFirst), MatchesTheDefinition) {
  ONNXC_REQUIRE_TARGET();
  check_first<7, 7, 2, 2, 1, 1>(1, 3, 58, 62, 64, 3, 3);
  check_first<3, 3, 2, 2, 1, 1>(2, 3, 33, 35, 32, 1, 1);
  check_first<3, 3, 1, 1, 1, 1>(1, 1, 28, 28, 8, 1, 1);
  check_first<5, 5, 1, 1, 1, 1>(1, 1, 28, 28, 24, 2, 2);
  check_first<3, 3, 1, 1, 2, 3>(1, 4, 20, 31, 48, 2, 3);
  check_first<1, 9, 1, 3, 1, 1>(2, 2, 1, 70, 20, 0, 4);
  check_first<4, 4, 4, 4, 1, 1>(1, 3, 32, 32, 96, 0, 0);
  check_first<11, 11, 4, 4, 1, 1>(1, 3, 63, 63, 16, 2, 2);
  check_first<1, 1, 1, 1, 1, 1>(1, 3, 5, 3, 16, 0, 0);
}

TEST(ONNXC_TEST_NAME(Conv2dFirst), SplitsIntoUnitsOfWork) {
  ONNXC_REQUIRE_TARGET();
  check_first<3, 3, 1, 1, 1, 1>(2, 3, 17, 19, 40, 1, 1, 5);
}

}  // namespace
}  // namespace onnxc

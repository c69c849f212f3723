// Tests of conv_transpose2d for the lane count of the including file.
#pragma once

#include "templates/cpu/conv_transpose2d.h"
#include "tests/templates/cpu/conv2d_check.h"

namespace onnxc {
namespace {

// A transposed convolution; kernel, stride, dilation and padding as `conv` has them.
struct TransposedCase {
  ConvCase conv;
  size_t out_height, out_width;
};

// The definition: every input pixel adds its multiples of the kernel to the output.
std::vector<double> transpose_convolve(const TransposedCase& t, const std::vector<float>& in,
                                       const std::vector<float>& weights) {
  const ConvCase& c = t.conv;
  std::vector<double> out(c.batch * c.out_channels * t.out_height * t.out_width);
  for (size_t n = 0; n < c.batch; ++n) {
    for (size_t i = 0; i < c.in_channels; ++i) {
      for (size_t y = 0; y < c.height; ++y) {
        for (size_t x = 0; x < c.width; ++x) {
          const double value = in[((n * c.in_channels + i) * c.height + y) * c.width + x];
          for (size_t o = 0; o < c.out_channels; ++o) {
            for (size_t ky = 0; ky < c.kernel_y; ++ky) {
              for (size_t kx = 0; kx < c.kernel_x; ++kx) {
                const size_t oy = y * c.stride_y + ky * c.dilation_y - c.pad_top;
                const size_t ox = x * c.stride_x + kx * c.dilation_x - c.pad_left;
                if (oy >= t.out_height || ox >= t.out_width) continue;
                out[((n * c.out_channels + o) * t.out_height + oy) * t.out_width + ox] +=
                    value * weights[((i * c.out_channels + o) * c.kernel_y + ky) * c.kernel_x + kx];
              }
            }
          }
        }
      }
    }
  }
  return out;
}

void check_transposed(const TransposedCase& t, size_t parts) {
  const ConvCase& c = t.conv;
  const size_t taps = c.kernel_y * c.kernel_x;
  const std::vector<float> in = random_values(c.batch * c.in_channels * c.height * c.width, 1);
  const std::vector<float> weights = random_values(c.in_channels * c.out_channels * taps, 2);
  const std::vector<float> blocked = to_blocked(in, c.batch, c.in_channels, c.height * c.width);
  std::vector<float> packed(blocks_of(c.out_channels) * blocks_of(c.in_channels) * taps * 256);
  for (size_t i = 0; i < c.in_channels; ++i) {
    for (size_t o = 0; o < c.out_channels; ++o) {
      for (size_t tap = 0; tap < taps; ++tap) {
        packed[(((o / 16 * blocks_of(c.in_channels) + i / 16) * taps + tap) * 16 + i % 16) * 16 +
               o % 16] = weights[(i * c.out_channels + o) * taps + tap];
      }
    }
  }
  ConvCase shape{c.batch, c.in_channels, t.out_height, t.out_width, c.out_channels, 1, 1};
  ConvOutput output(shape, 0);
  const BlockedImage in_image(c.in_channels, c.height, c.width);
  const BlockedImage out_image(c.out_channels, t.out_height, t.out_width, output.batch_stride());
  const Window window{Extent{c.kernel_y, c.kernel_x}, Extent{c.stride_y, c.stride_x},
                      Extent{c.dilation_y, c.dilation_x}, Extent{c.pad_top, c.pad_left}};
  conv_transpose2d<kTestLanes>(blocked.data(), packed.data(), output.data(), c.batch, in_image,
                               out_image, window, output.epilogue(), PartsInTurn{parts});
  output.check(transpose_convolve(t, in, weights), double(c.in_channels * taps) + 10);
}

TEST(ONNXC_TEST_NAME(ConvTranspose2d), MatchesTheDefinition) {
  ONNXC_REQUIRE_TARGET();
  const TransposedCase cases[] = {
      {{1, 32, 7, 9, 24, 2, 2, 2, 2}, 14, 18},
      {{2, 20, 8, 8, 40, 4, 4, 2, 2, 1, 1, 1, 1}, 16, 16},
      {{1, 16, 9, 9, 16, 3, 3, 2, 2, 1, 1, 1, 1}, 18, 18},
      {{1, 16, 30, 20, 16, 3, 3, 1, 1, 1, 1, 1, 1}, 30, 20},
      {{1, 16, 6, 7, 16, 3, 3, 3, 2, 2, 3, 0, 2}, 20, 15},
      {{1, 16, 5, 5, 16, 1, 1, 3, 3}, 13, 15},
      {{1, 5, 1, 40, 7, 1, 8, 1, 4, 1, 1, 0, 2}, 1, 160},
      {{1, 16, 4, 4, 16, 3, 3, 4, 4, 2, 2}, 17, 17},
  };
  for (const TransposedCase& t : cases) check_transposed(t, 1);
}

TEST(ONNXC_TEST_NAME(ConvTranspose2d), SplitsIntoUnitsOfWork) {
  ONNXC_REQUIRE_TARGET();
  check_transposed({{2, 20, 8, 8, 40, 4, 4, 2, 2, 1, 1, 1, 1}, 16, 16}, 5);
}

}  // namespace
}  // namespace onnxc

// A convolution by definition, in double, and the packings the kernels expect, as plain loops.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace onnxc {
namespace {

struct ConvCase {
  size_t batch, in_channels, height, width, out_channels, kernel_y, kernel_x;
  size_t stride_y = 1, stride_x = 1, dilation_y = 1, dilation_x = 1;
  size_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  size_t groups = 1;

  size_t out_height() const {
    return (height + pad_top + pad_bottom - (kernel_y - 1) * dilation_y - 1) / stride_y + 1;
  }
  size_t out_width() const {
    return (width + pad_left + pad_right - (kernel_x - 1) * dilation_x - 1) / stride_x + 1;
  }
  std::string name() const {
    std::string text;
    for (size_t value :
         {batch, in_channels, height, width, out_channels, kernel_y, kernel_x, stride_y, stride_x,
          dilation_y, dilation_x, pad_top, pad_left, pad_bottom, pad_right, groups}) {
      text += std::to_string(value) + " ";
    }
    return text;
  }
};

inline size_t blocks_of(size_t channels) { return (channels + 15) / 16; }

// Values between -1 and 1 from a fixed sequence.
inline std::vector<float> random_values(size_t count, uint32_t seed) {
  std::vector<float> values(count);
  for (float& value : values) {
    seed = seed * 1664525u + 1013904223u;
    value = float(int32_t(seed) >> 8) / float(1 << 23);
  }
  return values;
}

// [N][C][H][W] to [N][C/16][H][W][16].
inline std::vector<float> to_blocked(const std::vector<float>& plain, size_t batch, size_t channels,
                                     size_t pixels) {
  std::vector<float> blocked(batch * blocks_of(channels) * pixels * 16);
  for (size_t n = 0; n < batch; ++n) {
    for (size_t c = 0; c < channels; ++c) {
      for (size_t p = 0; p < pixels; ++p) {
        blocked[((n * blocks_of(channels) + c / 16) * pixels + p) * 16 + c % 16] =
            plain[(n * channels + c) * pixels + p];
      }
    }
  }
  return blocked;
}

// [N][O][OH][OW] from `in` [N][I][H][W] and `weights` [O][I/groups][KH][KW].
inline std::vector<double> convolve(const ConvCase& c, const std::vector<float>& in,
                                    const std::vector<float>& weights) {
  const size_t group_in = c.in_channels / c.groups, group_out = c.out_channels / c.groups;
  std::vector<double> out(c.batch * c.out_channels * c.out_height() * c.out_width());
  size_t at = 0;
  for (size_t n = 0; n < c.batch; ++n) {
    for (size_t o = 0; o < c.out_channels; ++o) {
      for (size_t oy = 0; oy < c.out_height(); ++oy) {
        for (size_t ox = 0; ox < c.out_width(); ++ox) {
          double sum = 0;
          for (size_t i = 0; i < group_in; ++i) {
            for (size_t ky = 0; ky < c.kernel_y; ++ky) {
              for (size_t kx = 0; kx < c.kernel_x; ++kx) {
                const size_t y = oy * c.stride_y + ky * c.dilation_y - c.pad_top;
                const size_t x = ox * c.stride_x + kx * c.dilation_x - c.pad_left;
                if (y >= c.height || x >= c.width) continue;
                const size_t channel = o / group_out * group_in + i;
                sum += double(in[((n * c.in_channels + channel) * c.height + y) * c.width + x]) *
                       weights[((o * group_in + i) * c.kernel_y + ky) * c.kernel_x + kx];
              }
            }
          }
          out[at++] = sum;
        }
      }
    }
  }
  return out;
}

}  // namespace
}  // namespace onnxc

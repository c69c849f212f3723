// Compares a convolution kernel's blocked output with the definition, and the calls of its
// epilogue.
#pragma once

#include "templates/cpu/image.h"
#include "tests/templates/cpu/conv2d_reference.h"
#include "tests/templates/cpu/parts_in_turn.h"

namespace onnxc {
namespace {

// Adds a bias and a residual and counts the calls for each element, so that a wrong position, a
// missing call or a second one shows.
class ConvOutput {
 public:
  // The output is written `block_offset` blocks into a larger tensor.
  ConvOutput(const ConvCase& c, size_t block_offset)
      : c_(c),
        pixels_(c.out_height() * c.out_width()),
        blocks_(blocks_of(c.out_channels)),
        offset_(block_offset),
        out_(c.batch * (blocks_ + offset_) * pixels_ * 16, 7.0f),
        bias_(random_values(blocks_ * 16, 5)),
        residual_(random_values(c.batch * blocks_ * pixels_ * 16, 6)),
        calls_(residual_.size(), 0) {}

  float* data() { return out_.data() + offset_ * pixels_ * 16; }
  size_t batch_stride() const { return (blocks_ + offset_) * pixels_ * 16; }

  auto epilogue() {
    return [this](auto acc, auto at) ONNXC_LAMBDA {
      constexpr int kLanes = decltype(at)::lanes;
      const size_t place = at.blocked(blocks_ * pixels_ * 16, pixels_ * 16);
      for (int lane = 0; lane < kLanes; ++lane) ++calls_[place + lane];
      return acc + load<kLanes>(bias_.data() + at.channel) + load<kLanes>(&residual_[place]);
    };
  }

  void check(const std::vector<double>& expected, double scale) const {
    for (size_t n = 0; n < c_.batch; ++n) {
      for (size_t b = 0; b < offset_ * pixels_ * 16; ++b) {
        ASSERT_EQ(out_[n * batch_stride() + b], 7.0f) << c_.name();
      }
      for (size_t channel = 0; channel < blocks_ * 16; ++channel) {
        for (size_t p = 0; p < pixels_; ++p) {
          const size_t place = ((n * blocks_ + channel / 16) * pixels_ + p) * 16 + channel % 16;
          const float value = out_[n * batch_stride() +
                                   ((offset_ + channel / 16) * pixels_ + p) * 16 + channel % 16];
          if (channel >= c_.out_channels) {
            ASSERT_EQ(value, 0.0f) << c_.name() << "channel " << channel << " pixel " << p;
            continue;
          }
          const double wanted = expected[(n * c_.out_channels + channel) * pixels_ + p] +
                                bias_[channel] + residual_[place];
          ASSERT_NEAR(value, wanted, 1e-6 * scale)
              << c_.name() << "channel " << channel << " pixel " << p;
          ASSERT_EQ(calls_[place], 1) << c_.name() << "channel " << channel << " pixel " << p;
        }
      }
    }
  }

 private:
  ConvCase c_;
  size_t pixels_, blocks_, offset_;
  std::vector<float> out_, bias_, residual_;
  std::vector<int> calls_;
};

}  // namespace
}  // namespace onnxc

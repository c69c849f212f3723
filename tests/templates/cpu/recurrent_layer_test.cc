// Layers: both directions of a layer are what each gives alone, for both orders of axes.
#include "templates/cpu/recurrent_layer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace onnxc {
namespace {

constexpr int64_t kSteps = 5, kBatch = 3, kHidden = 7, kGates = 4;
constexpr size_t kLanesUsed = 4;
const int32_t kLengths[] = {5, 2, 0};

std::vector<float> waves(size_t size, double phase) {
  std::vector<float> values(size);
  for (size_t i = 0; i < size; ++i) values[i] = float(std::sin(double(i) * 0.7 + phase));
  return values;
}

struct Result {
  std::vector<float> y, h, c;
};

Result run(const std::vector<float>& projected, const std::vector<float>& weights,
           int64_t directions, bool reverse, bool batch_first) {
  Result r;
  r.y.resize(size_t(kSteps * directions * kBatch * kHidden), -1);
  r.h.resize(size_t(directions * kBatch * kHidden), -1);
  r.c = r.h;
  std::vector<float> scratch(lstm_scratch(kBatch, kHidden));
  const auto call = [&](auto... activations) {
    lstm_layer<float>(fixed<kLanesUsed>, projected.data(), weights.data(), kLengths, nullptr,
                      nullptr, nullptr, r.y.data(), r.h.data(), r.c.data(), scratch.data(), kSteps,
                      kBatch, kHidden, directions, reverse, batch_first, 3.0, 0, activations...);
  };
  if (directions == 1) {
    call(Sigmoid{}, Tanh{}, Tanh{});
  } else {
    call(Sigmoid{}, Tanh{}, Tanh{}, Sigmoid{}, Tanh{}, Tanh{});
  }
  return r;
}

class RecurrentLayerTest : public ::testing::Test {
 protected:
  // [steps][batch][directions][gates * hidden], rows before steps where batch_first.
  std::vector<float> projection(int64_t directions, int64_t direction, bool batch_first) const {
    const size_t width = size_t(kGates * kHidden);
    std::vector<float> out;
    for (int64_t a = 0; a < (batch_first ? kBatch : kSteps); ++a) {
      for (int64_t b = 0; b < (batch_first ? kSteps : kBatch); ++b) {
        const int64_t step = batch_first ? b : a, row = batch_first ? a : b;
        for (int64_t d = 0; d < directions; ++d) {
          const int64_t which = directions == 1 ? direction : d;
          const float* from = all.data() + size_t((step * kBatch + row) * 2 + which) * width;
          out.insert(out.end(), from, from + width);
        }
      }
    }
    return out;
  }

  const std::vector<float> all = waves(size_t(kSteps * kBatch * 2 * kGates * kHidden), 1);
  const size_t packed = packed_recurrent_size(kGates, kHidden);
  const std::vector<float> both = waves(2 * packed, 2);
  const std::vector<float> weights[2] = {{both.begin(), both.begin() + ptrdiff_t(packed)},
                                         {both.begin() + ptrdiff_t(packed), both.end()}};
};

TEST_F(RecurrentLayerTest, TwoDirectionsAreWhatEachGivesAlone) {
  for (bool batch_first : {false, true}) {
    const Result r = run(projection(2, 0, batch_first), both, 2, false, batch_first);
    for (int64_t d = 0; d < 2; ++d) {
      const Result one = run(projection(1, d, false), weights[d], 1, d == 1, false);
      for (int64_t row = 0; row < kBatch; ++row) {
        for (int64_t unit = 0; unit < kHidden; ++unit) {
          const int64_t state = batch_first ? row * 2 + d : d * kBatch + row;
          EXPECT_EQ(r.h[size_t(state * kHidden + unit)], one.h[size_t(row * kHidden + unit)]);
          EXPECT_EQ(r.c[size_t(state * kHidden + unit)], one.c[size_t(row * kHidden + unit)]);
          for (int64_t step = 0; step < kSteps; ++step) {
            const int64_t line =
                batch_first ? (row * kSteps + step) * 2 + d : (step * 2 + d) * kBatch + row;
            EXPECT_EQ(r.y[size_t(line * kHidden + unit)],
                      one.y[size_t((step * kBatch + row) * kHidden + unit)]);
          }
        }
      }
    }
  }
}

TEST_F(RecurrentLayerTest, StepsBeyondARowsLengthAreZero) {
  const Result r = run(projection(1, 0, false), weights[0], 1, false, false);
  for (int64_t step = 0; step < kSteps; ++step) {
    for (int64_t unit = 0; unit < kHidden; ++unit) {
      EXPECT_EQ(r.y[size_t((step * kBatch + 2) * kHidden + unit)], 0);
      if (step >= 2) {
        EXPECT_EQ(r.y[size_t((step * kBatch + 1) * kHidden + unit)], 0);
      }
    }
  }
}

}  // namespace
}  // namespace onnxc

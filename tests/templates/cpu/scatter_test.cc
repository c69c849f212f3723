// Scatters and running sums, against the standard's definition written out.
#include "templates/cpu/scatter.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <vector>

#include "templates/cpu/cumulate.h"

namespace onnxc {
namespace {

template <class Combine>
void check_elements(int axis, Combine combine) {
  std::mt19937 random(7);
  const Dims<3> dims = {{4, 3, 5}}, index_dims = {{2, 3, 4}};
  std::vector<int> data(60), updates(24), out(60);
  std::vector<int32_t> indices(24);
  for (int& x : data) x = int(random() % 9) - 4;
  for (int& x : updates) x = int(random() % 9) - 4;
  for (int32_t& x : indices) x = int32_t(random() % uint32_t(2 * dims[axis])) - int32_t(dims[axis]);
  auto want = data;
  for (int a = 0, i = 0; a < 2; ++a) {
    for (int b = 0; b < 3; ++b) {
      for (int c = 0; c < 4; ++c, ++i) {
        int at[3] = {a, b, c};
        at[axis] =
            indices[size_t(i)] < 0 ? indices[size_t(i)] + int(dims[axis]) : indices[size_t(i)];
        int& target = want[size_t((at[0] * 3 + at[1]) * 5 + at[2])];
        target = combine(target, updates[size_t(i)]);
      }
    }
  }
  scatter_elements(data.data(), indices.data(), updates.data(), out.data(), dims, index_dims, axis,
                   combine);
  EXPECT_EQ(out, want) << axis;
  scatter_elements(data.data(), indices.data(), updates.data(), data.data(), dims, index_dims, axis,
                   combine);
  EXPECT_EQ(data, want) << "in place";
}

TEST(ScatterElements, FollowsItsDefinitionOnEveryAxis) {
  for (int axis = 0; axis < 3; ++axis) {
    check_elements(axis, Overwrite{});
    check_elements(axis, Sum{});
    check_elements(axis, Product{});
    check_elements(axis, Minimum{});
    check_elements(axis, Maximum{});
  }
}

TEST(ScatterElements, NeverWritesOutside) {
  const float data[3] = {1, 2, 3}, updates[3] = {7, 8, 9};
  const int64_t indices[3] = {-4, 1, 3};
  float out[3];
  scatter_elements(data, indices, updates, out, Dims<1>{{3}}, Dims<1>{{3}}, 0, Overwrite{});
  EXPECT_EQ(std::vector<float>(out, out + 3), (std::vector<float>{1, 8, 3}));
}

TEST(ScatterElements, EmptyIndicesCopyTheData) {
  const float data[2] = {1, 2};
  float out[2] = {};
  scatter_elements<float, int64_t>(data, nullptr, nullptr, out, Dims<2>{{1, 2}}, Dims<2>{{1, 0}}, 0,
                                   Sum{});
  EXPECT_EQ(out[1], 2);
}

TEST(ScatterElements, CombinesNarrowFloatsAndBools) {
  Float16 half[1] = {from_float<Float16>(1.5f)},
          more[2] = {from_float<Float16>(2), from_float<Float16>(0.25f)};
  const int64_t zeros[2] = {0, 0};
  scatter_elements(half, zeros, more, half, Dims<1>{{1}}, Dims<1>{{2}}, 0, Sum{});
  EXPECT_EQ(to_float(half[0]), 3.75f);
  bool flag[1] = {false};
  const bool set[2] = {true, false};
  scatter_elements(flag, zeros, set, flag, Dims<1>{{1}}, Dims<1>{{2}}, 0, Sum{});
  EXPECT_TRUE(flag[0]);
}

TEST(ScatterNd, WritesSlicesAndElements) {
  const std::vector<float> data = {1, 2, 3, 4, 5, 6, 7, 8};
  const int64_t rows[2] = {3, -3};
  const float updates[4] = {10, 20, 30, 40};
  std::vector<float> out(8);
  scatter_nd(data.data(), rows, updates, out.data(), 2, Dims<1>{{4}}, 2, Sum{});
  EXPECT_EQ(out, (std::vector<float>{1, 2, 33, 44, 5, 6, 17, 28}));
  const int64_t points[6] = {0, 1, 3, 0, 9, 0};
  scatter_nd(data.data(), points, updates, out.data(), 3, Dims<2>{{4, 2}}, 1, Overwrite{});
  EXPECT_EQ(out, (std::vector<float>{1, 10, 3, 4, 5, 6, 20, 8}));
  const int64_t same[2] = {0, 0};
  scatter_nd(data.data(), same, updates, out.data(), 2, Dims<1>{{8}}, 1, Maximum{});
  EXPECT_EQ(out[0], 20);
}

TEST(Cumulate, RunsForwardAndBackwardWithAndWithoutItself) {
  const std::vector<int> x = {1, 2, 3, 4, 5, 6};
  std::vector<int> y(6);
  cumsum(x.data(), y.data(), 2, 3, 1, Inclusive{}, Forward{});
  EXPECT_EQ(y, (std::vector<int>{1, 3, 6, 4, 9, 15}));
  cumsum(x.data(), y.data(), 2, 3, 1, Exclusive{}, Forward{});
  EXPECT_EQ(y, (std::vector<int>{0, 1, 3, 0, 4, 9}));
  cumsum(x.data(), y.data(), 2, 3, 1, Inclusive{}, Backward{});
  EXPECT_EQ(y, (std::vector<int>{6, 5, 3, 15, 11, 6}));
  cumsum(x.data(), y.data(), 1, 3, 2, Exclusive{}, Backward{});
  EXPECT_EQ(y, (std::vector<int>{8, 10, 5, 6, 0, 0}));
  cumulate(x.data(), y.data(), 1, 6, 1, 1, Product{}, Inclusive{}, Forward{});
  EXPECT_EQ(y[5], 720);
  cumsum(x.data(), y.data(), 2, 0, 3, Inclusive{}, Forward{});
  EXPECT_EQ(y[5], 720);
}

}  // namespace
}  // namespace onnxc

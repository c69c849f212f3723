// The k best elements, against a full sort, and the sorting it shares with others.
#include "templates/cpu/top_k.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace onnxc {
namespace {

template <class T, class Order>
void expect_best(const std::vector<T>& x, int64_t outer, int64_t axis, int64_t inner, Order order) {
  for (int64_t k : {int64_t(0), int64_t(1), axis / 2, axis}) {
    std::vector<T> values(size_t(outer * k * inner) + 1);
    std::vector<int64_t> indices(values.size(), -7), scratch(size_t(top_k_scratch(k) / 8 + 1));
    top_k(x.data(), values.data(), indices.data(), outer, axis, inner, k, order, scratch.data());
    EXPECT_EQ(indices.back(), -7);
    for (int64_t row = 0; row < outer * inner; ++row) {
      const T* from = &x[size_t(row / inner * axis * inner + row % inner)];
      std::vector<int64_t> want(size_t(axis), 0);
      for (int64_t i = 0; i < axis; ++i) want[size_t(i)] = i;
      std::stable_sort(want.begin(), want.end(), [&](int64_t a, int64_t b) {
        return order(order_key(from[a * inner]), order_key(from[b * inner]));
      });
      for (int64_t i = 0; i < k; ++i) {
        const size_t at = size_t((row / inner * k + i) * inner + row % inner);
        ASSERT_EQ(indices[at], want[size_t(i)]) << row << " " << i << " of " << k;
        ASSERT_EQ(memcmp(&values[at], &from[want[size_t(i)] * inner], sizeof(T)), 0);
      }
    }
  }
}

TEST(TopK, AgreesWithAFullSort) {
  std::mt19937 random(3);
  for (int64_t axis : {1, 2, 7, 40, 300}) {
    for (int64_t inner : {1, 3}) {
      std::vector<float> x(size_t(2 * axis * inner));
      std::vector<int8_t> whole(x.size());
      std::vector<Float16> narrow(x.size());
      for (size_t i = 0; i < x.size(); ++i) {
        x[i] = float(int(random() % 20) - 10);
        whole[i] = int8_t(random() % 5);
        narrow[i] = from_float<Float16>(x[i]);
        if (random() % 16 == 0) x[i] = std::nanf("");
      }
      expect_best(x, 2, axis, inner, Largest{});
      expect_best(x, 2, axis, inner, Smallest{});
      expect_best(whole, 2, axis, inner, Largest{});
      expect_best(narrow, 2, axis, inner, Smallest{});
    }
  }
}

TEST(TopK, NanCountsAsLarger) {
  const std::vector<float> x = {1, std::nanf(""), INFINITY, -INFINITY};
  int64_t best[4], scratch[8];
  top_k<float>(x.data(), nullptr, best, 1, 4, 1, 4, Largest{}, scratch);
  EXPECT_EQ(std::vector<int64_t>(best, best + 4), (std::vector<int64_t>{1, 2, 0, 3}));
}

TEST(StableSort, KeepsEqualItemsInOrder) {
  std::mt19937 random(5);
  for (int64_t count : {0, 1, 2, 8, 9, 17, 100, 1025}) {
    std::vector<std::pair<int, int>> items, spare(static_cast<size_t>(count));
    for (int64_t i = 0; i < count; ++i) items.push_back({int(random() % 13), int(i)});
    auto want = items;
    std::sort(want.begin(), want.end());
    stable_sort(items.data(), count, spare.data(),
                [](auto a, auto b) { return a.first < b.first; });
    EXPECT_EQ(items, want);
  }
}

}  // namespace
}  // namespace onnxc

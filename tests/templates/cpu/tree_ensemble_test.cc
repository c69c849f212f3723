// Trees: every comparison, missing values, and how leaves join.
#include "templates/cpu/tree_ensemble.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace onnxc {
namespace {

// One branch on feature 0 against 2 with leaves that give 10 (true) and 20 (false).
float branch(float value, int32_t mode) {
  const int32_t nodes[] = {0, mode, ~0, ~1}, roots[] = {0}, first[] = {0, 1, 2}, targets[] = {0, 0};
  const float splits[] = {2}, weights[] = {10, 20}, base[] = {0.5};
  float score = -1;
  int32_t seen = 0;
  tree_ensemble<float>(&value, nodes, splits, roots, first, targets, weights, base, &score, &seen,
                       1, 1, 1, 1, kTreeSum);
  return score;
}

TEST(TreeEnsemble, Compares) {
  const float yes = 10.5, no = 20.5;
  const float below[] = {yes, yes, no, no, no, yes}, equal[] = {yes, no, yes, no, yes, no},
              above[] = {no, no, yes, yes, no, yes};
  for (int mode = 0; mode < 6; ++mode) {
    EXPECT_EQ(branch(1, mode), below[mode]) << mode;
    EXPECT_EQ(branch(2, mode), equal[mode]) << mode;
    EXPECT_EQ(branch(3, mode), above[mode]) << mode;
    EXPECT_EQ(branch(NAN, mode), mode == 5 ? yes : no) << mode;
    EXPECT_EQ(branch(NAN, mode + 8), yes) << mode;
  }
}

std::vector<float> joined(int64_t aggregate) {
  // Two trees without branches; the first gives targets 0 and 1, the second target 0.
  const int32_t roots[] = {~0, ~1}, first[] = {0, 2, 3}, targets[] = {0, 1, 0};
  const float weights[] = {4, 3, -8}, base[] = {1, 1, 1}, x = 0;
  std::vector<float> scores(3);
  int32_t seen[3];
  tree_ensemble<float>(&x, nullptr, nullptr, roots, first, targets, weights, base, scores.data(),
                       seen, 1, 1, 2, 3, aggregate);
  return scores;
}

TEST(TreeEnsemble, JoinsLeaves) {
  EXPECT_EQ(joined(kTreeSum), (std::vector<float>{-3, 4, 1}));
  EXPECT_EQ(joined(kTreeAverage), (std::vector<float>{-1, 2.5, 1}));
  EXPECT_EQ(joined(kTreeMinimum), (std::vector<float>{-7, 4, 1}));
  EXPECT_EQ(joined(kTreeMaximum), (std::vector<float>{5, 4, 1}));
}

}  // namespace
}  // namespace onnxc

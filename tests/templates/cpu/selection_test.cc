// Results whose size depends on data: NonZero, Compress, Unique, NonMaxSuppression.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>
#include <vector>

#include "templates/cpu/non_max_suppression.h"
#include "templates/cpu/select_positions.h"
#include "templates/cpu/unique.h"

namespace onnxc {
namespace {

using Integers = std::vector<int64_t>;

TEST(NonZero, GivesCoordinatesAxisByAxis) {
  const float x[6] = {0, 3, std::nanf(""), -0.0f, 0, -2};
  Integers out(12, -1);
  ASSERT_EQ(nonzero(x, out.data(), Dims<2>{{2, 3}}), 3);
  out.resize(6);
  EXPECT_EQ(out, (Integers{0, 0, 1, 1, 2, 2}));
  const bool none[3] = {};
  EXPECT_EQ(nonzero(none, out.data(), Dims<1>{{3}}), 0);
  EXPECT_EQ(nonzero(none, out.data(), Dims<2>{{0, 3}}), 0);
  const bool one = true;
  EXPECT_EQ(nonzero(&one, out.data(), Dims<0>{}), 1);
  const Float16 halves[2] = {{0x8000}, {1}};
  EXPECT_EQ(nonzero(halves, out.data(), Dims<1>{{2}}), 1);
  EXPECT_EQ(out[0], 1);
}

TEST(Compress, KeepsTheSlicesWhoseConditionHolds) {
  const std::vector<int> x = {1, 2, 3, 4, 5, 6};
  const bool condition[4] = {false, true, true, true};
  std::vector<int> y(6);
  ASSERT_EQ(compress(x.data(), condition, y.data(), 2, 2, 3, 1), 1);
  EXPECT_EQ(y[0], 2);
  EXPECT_EQ(y[1], 5);
  ASSERT_EQ(compress(x.data(), condition, y.data(), 4, 1, 3, 2), 2);
  y.resize(4);
  EXPECT_EQ(y, (std::vector<int>{3, 4, 5, 6}));
}

TEST(Unique, SortsAndCounts) {
  const std::vector<float> x = {2, 1, 1, 3, 4, 3};
  std::vector<float> y(6);
  Integers first(6), inverse(6), counts(6), scratch(size_t(unique_scratch(6) / 8));
  auto run = [&](auto order) {
    const int64_t found = unique(x.data(), y.data(), first.data(), inverse.data(), counts.data(), 1,
                                 6, 1, order, scratch.data());
    y.resize(size_t(found)), first.resize(size_t(found)), counts.resize(size_t(found));
    return found;
  };
  ASSERT_EQ(run(Sorted{}), 4);
  EXPECT_EQ(y, (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(first, (Integers{1, 0, 3, 4}));
  EXPECT_EQ(inverse, (Integers{1, 0, 0, 2, 3, 2}));
  EXPECT_EQ(counts, (Integers{2, 1, 2, 1}));
  ASSERT_EQ(run(AsFound{}), 4);
  EXPECT_EQ(y, (std::vector<float>{2, 1, 3, 4}));
  EXPECT_EQ(first, (Integers{0, 1, 3, 4}));
  EXPECT_EQ(inverse, (Integers{0, 1, 1, 2, 3, 2}));
  EXPECT_EQ(counts, (Integers{1, 2, 2, 1}));
}

TEST(Unique, ComparesWholeSlices) {
  const std::vector<int> x = {1, 0, 0, 1, 0, 0, 2, 3, 4};
  std::vector<int> y(9);
  Integers inverse(3), scratch(size_t(unique_scratch(3) / 8));
  ASSERT_EQ(unique(x.data(), y.data(), nullptr, inverse.data(), nullptr, 1, 3, 3, Sorted{},
                   scratch.data()),
            2);
  EXPECT_EQ(inverse, (Integers{0, 0, 1}));
  EXPECT_EQ(std::vector<int>(y.begin(), y.begin() + 6), (std::vector<int>{1, 0, 0, 2, 3, 4}));
  ASSERT_EQ(unique(x.data(), y.data(), nullptr, inverse.data(), nullptr, 3, 3, 1, Sorted{},
                   scratch.data()),
            3);
  EXPECT_EQ(inverse, (Integers{2, 0, 1}));
  EXPECT_EQ(y, (std::vector<int>{0, 0, 1, 0, 0, 1, 3, 4, 2}));
}

TEST(Unique, AgreesWithASetAndTreatsNansAsOne) {
  std::mt19937 random(11);
  for (int64_t count : {0, 1, 5, 100, 1000}) {
    std::vector<double> x(size_t(count), 0.0), y(size_t(count), 0.0);
    std::set<double> values;
    bool nan = false;
    for (double& value : x) {
      value = int(random() % 60) - 30;
      if (random() % 30 == 0) value = std::nan(""), nan = true;
      if (!std::isnan(value)) values.insert(value);
    }
    Integers scratch(size_t(unique_scratch(count) / 8 + 1));
    const int64_t found = unique(x.data(), y.data(), nullptr, nullptr, nullptr, 1, count, 1,
                                 Sorted{}, scratch.data());
    ASSERT_EQ(found, int64_t(values.size()) + nan);
    EXPECT_TRUE(std::equal(values.begin(), values.end(), y.begin()));
  }
}

struct Boxes {
  std::vector<float> boxes, scores;
  int64_t batch = 1, classes = 1;

  template <class Kind>
  Integers choose(int64_t most, float iou, float score, Kind kind) const {
    const int64_t count = int64_t(boxes.size()) / 4 / batch;
    Integers out(size_t(3 * batch * classes * count)),
        scratch(size_t(non_max_suppression_scratch(count) / 8));
    const int64_t selected =
        non_max_suppression(boxes.data(), scores.data(), &most, &iou, &score, out.data(), batch,
                            classes, count, kind, scratch.data());
    out.resize(size_t(3 * selected));
    return out;
  }
};

const std::vector<float> kScores = {0.9f, 0.75f, 0.6f, 0.95f, 0.5f, 0.3f};
const std::vector<float> kCorners = {0, 0,  1, 1,  0, 0.1f,  1, 1.1f,  0, -0.1f, 1, 0.9f,
                                     0, 10, 1, 11, 0, 10.1f, 1, 11.1f, 0, 100,   1, 101};

TEST(NonMaxSuppression, ChoosesByScoreAndOverlap) {
  const Boxes one = {kCorners, kScores};
  EXPECT_EQ(one.choose(3, 0.5f, 0, CornerBoxes{}), (Integers{0, 0, 3, 0, 0, 0, 0, 0, 5}));
  EXPECT_EQ(one.choose(2, 0.5f, 0, CornerBoxes{}), (Integers{0, 0, 3, 0, 0, 0}));
  EXPECT_EQ(one.choose(3, 0.5f, 0.4f, CornerBoxes{}), (Integers{0, 0, 3, 0, 0, 0}));
  EXPECT_EQ(one.choose(0, 0.5f, 0, CornerBoxes{}), Integers{});
}

TEST(NonMaxSuppression, ReadsFlippedAndCenteredBoxes) {
  const Boxes flipped = {{1, 1,  0, 0,  0, 0.1f,  1, 1.1f,  0, 0.9f, 1, -0.1f,
                          0, 10, 1, 11, 1, 10.1f, 0, 11.1f, 1, 101,  0, 100},
                         kScores};
  EXPECT_EQ(flipped.choose(3, 0.5f, 0, CornerBoxes{}), (Integers{0, 0, 3, 0, 0, 0, 0, 0, 5}));
  const Boxes centered = {{0.5f, 0.5f,  1, 1, 0.5f, 0.6f,  1, 1, 0.5f, 0.4f,   1, 1,
                           0.5f, 10.5f, 1, 1, 0.5f, 10.6f, 1, 1, 0.5f, 100.5f, 1, 1},
                          kScores};
  EXPECT_EQ(centered.choose(3, 0.5f, 0, CenterBoxes{}), (Integers{0, 0, 3, 0, 0, 0, 0, 0, 5}));
}

TEST(NonMaxSuppression, TakesEveryBatchAndClass) {
  Boxes two = {kCorners, kScores, 1, 2};
  two.scores.insert(two.scores.end(), kScores.begin(), kScores.end());
  EXPECT_EQ(two.choose(2, 0.5f, 0, CornerBoxes{}), (Integers{0, 0, 3, 0, 0, 0, 0, 1, 3, 0, 1, 0}));
  two.batch = 2, two.classes = 1;
  two.boxes.insert(two.boxes.end(), kCorners.begin(), kCorners.end());
  EXPECT_EQ(two.choose(1, 0.5f, 0, CornerBoxes{}), (Integers{0, 0, 3, 1, 0, 3}));
}

TEST(NonMaxSuppression, AnOverlapEqualToTheThresholdSurvives) {
  const Boxes pair = {{0, 0, 1, 1, 0.5f, 0.5f, 1.5f, 1.5f}, {0.9f, 0.8f}};
  const float seventh = 0.25f / 1.75f;
  EXPECT_EQ(pair.choose(3, seventh, 0, CornerBoxes{}).size(), 6u);
  EXPECT_EQ(pair.choose(3, std::nextafter(seventh, 0.0f), 0, CornerBoxes{}).size(), 3u);
}

TEST(NonMaxSuppression, EqualScoresKeepTheirOrder) {
  const Boxes apart = {{0, 0, 1, 1, 0, 5, 1, 6, 0, 9, 1, 10}, {0.5f, 0.5f, 0.5f}};
  EXPECT_EQ(apart.choose(3, 0.5f, 0, CornerBoxes{}), (Integers{0, 0, 0, 0, 0, 1, 0, 0, 2}));
}

}  // namespace
}  // namespace onnxc

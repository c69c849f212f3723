// Random generators: distributions by their moments, streams by their seeds.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "compiler/eval/evaluate.h"
#include "templates/common/mersenne_twister.h"
#include "tests/support/lowered.h"

namespace onnxc::testing {
namespace {

std::vector<double> drawn(const std::string& graph, int opset = 17) {
  const Tensor t = evaluate(lower_text(graph, opset), {}).at(0);
  std::vector<double> values;
  for (int64_t i = 0; i < t.size(); ++i) values.push_back(t.as_double(i));
  return values;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return sum / static_cast<double>(values.size());
}

// Mean of the k-th powers of the distances from `centre`.
double moment(const std::vector<double>& values, double centre, int k) {
  double sum = 0;
  for (const double v : values) sum += std::pow(v - centre, k);
  return sum / static_cast<double>(values.size());
}

double correlation_of_neighbours(const std::vector<double>& values) {
  const double m = mean(values);
  double sum = 0;
  for (size_t i = 1; i < values.size(); ++i) sum += (values[i] - m) * (values[i - 1] - m);
  return sum / static_cast<double>(values.size() - 1) / moment(values, m, 2);
}

TEST(Random, UniformNumbersFillTheirRangeEvenly) {
  const auto values = drawn(
      "() => (float[100,1000] y) { y = RandomUniform<shape=[100,1000], low=-2.0, high=4.0, "
      "seed=3.0>() }");
  EXPECT_NEAR(mean(values), 1, 6 * std::sqrt(3.0 / 100000));
  EXPECT_NEAR(moment(values, 1, 2), 3, 0.05);
  EXPECT_NEAR(correlation_of_neighbours(values), 0, 0.02);
  std::vector<int> counts(60);
  for (const double v : values) {
    ASSERT_GE(v, -2);
    ASSERT_LE(v, 4);
    ++counts[std::min<size_t>(59, static_cast<size_t>((v + 2) * 10))];
  }
  double chi_squared = 0;
  for (const int n : counts) chi_squared += std::pow(n - 100000 / 60.0, 2) / (100000 / 60.0);
  EXPECT_LT(chi_squared, 110);  // 59 degrees of freedom: less likely than 1 in 10,000
}

TEST(Random, NormalNumbersHaveTheMomentsAskedFor) {
  for (const char* type : {"float", "double"}) {
    const auto values = drawn(std::string("() => (") + type +
                              "[100000] y) { y = RandomNormal<shape=[100000], mean=5.0, scale=2.0, "
                              "dtype=" +
                              (type == std::string("float") ? "1" : "11") + ">() }");
    EXPECT_NEAR(mean(values), 5, 6 * 2 / std::sqrt(100000.0));
    EXPECT_NEAR(moment(values, 5, 2), 4, 0.12);
    EXPECT_NEAR(moment(values, 5, 3), 0, 0.6);
    EXPECT_NEAR(moment(values, 5, 4), 48, 3);
    EXPECT_NEAR(correlation_of_neighbours(values), 0, 0.02);
  }
}

TEST(Random, SeedsAndNamesDecideTheStream) {
  const std::string one = "() => (float[8] y) { y = RandomUniform<shape=[8], seed=1.0>() }";
  const std::string two = "() => (float[8] y) { y = RandomUniform<shape=[8], seed=2.0>() }";
  EXPECT_EQ(drawn(one), drawn(one));
  EXPECT_NE(drawn(one), drawn(two));
  EXPECT_NE(drawn("() => (float[8] y) { y = RandomUniform<shape=[8]>() }"),
            drawn("() => (float[8] z) { z = RandomUniform<shape=[8]>() }"));
}

TEST(Random, BernoulliFollowsTheProbabilities) {
  const Graph graph = lower_text("(float[3,50000] p) => (float[3,50000] y) { y = Bernoulli(p) }");
  Tensor p(DType::kFloat, {3, 50000});
  const double chances[] = {0, 0.3, 1};
  for (int64_t i = 0; i < p.size(); ++i) p.set(i, chances[i / 50000]);
  const Tensor y = evaluate(graph, {p}).at(0);
  for (int row = 0; row < 3; ++row) {
    double ones = 0;
    for (int64_t i = 0; i < 50000; ++i) ones += y.as_double(row * 50000 + i);
    EXPECT_NEAR(ones / 50000, chances[row], 6 * std::sqrt(0.21 / 50000) * (row == 1 ? 1 : 0));
  }
}

TEST(Random, MultinomialDrawsClassesByTheirWeights) {
  const Graph graph =
      lower_text("(float[1,3] x) => (int32[1,20000] y) { y = Multinomial<sample_size=20000>(x) }");
  Tensor x(DType::kFloat, {1, 3});
  const double chances[] = {0.2, 0.5, 0.3};
  for (int i = 0; i < 3; ++i) x.set(i, std::log(chances[i]) + 4);
  const Tensor y = evaluate(graph, {x}).at(0);
  double counts[3] = {};
  for (int64_t i = 0; i < y.size(); ++i) ++counts[y.as_int64(i)];
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(counts[i] / 20000, chances[i], 0.02);
}

// Recorded from numpy.random.seed(0); numpy.random.random_sample(1000).
TEST(Random, MersenneTwisterGivesTheNumbersOfNumPy) {
  double numbers[1000];
  uint32_t state[624];
  mersenne_twister(numbers, state, 0, 1000);
  EXPECT_EQ(numbers[0], 0.5488135039273248);
  EXPECT_EQ(numbers[1], 0.7151893663724195);
  EXPECT_EQ(numbers[2], 0.6027633760716439);
  EXPECT_EQ(numbers[999], 0.6771411441114241);
}

}  // namespace
}  // namespace onnxc::testing

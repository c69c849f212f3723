// Tests of attention for the lane count of the including file.
#pragma once

#include <cmath>

#include "templates/cpu/attention.h"
#include "tests/templates/cpu/conv2d_reference.h"
#include "tests/templates/cpu/parts_in_turn.h"

namespace onnxc {
namespace {

struct AttentionCase {
  size_t batch, heads, queries, keys, size, values;
  bool causal;
};

// Heads lie side by side, as a projection leaves them: [batch, length, heads, size].
void check_attention(const AttentionCase& c, size_t parts) {
  const std::vector<float> q = random_values(c.batch * c.queries * c.heads * c.size, 1);
  const std::vector<float> k = random_values(c.batch * c.keys * c.heads * c.size, 2);
  const std::vector<float> v = random_values(c.batch * c.keys * c.heads * c.values, 3);
  const std::vector<float> bias = random_values(c.values, 4);
  std::vector<float> y(c.batch * c.queries * c.heads * c.values, NAN);
  const auto strides = [&](size_t length, size_t size, bool transposed) {
    const ptrdiff_t along = ptrdiff_t(c.heads * size);
    return MatrixStrides{ptrdiff_t(length) * along, ptrdiff_t(size), transposed ? 1 : along,
                         transposed ? along : 1};
  };
  const auto allowed = [&](size_t query, size_t key) { return !c.causal || key <= query; };
  const auto score = [&](auto acc, auto at) ONNXC_LAMBDA {
    auto result = acc * 3.0f;
    if constexpr (decltype(at)::lanes == 1) {
      if (!allowed(at.row, at.column)) result = -INFINITY;
    } else {
      for (int lane = 0; lane < decltype(at)::lanes; ++lane) {
        if (!allowed(at.row, at.column + lane)) result[lane] = -INFINITY;
      }
    }
    return result;
  };
  const auto epilogue = [&](auto acc, auto at) ONNXC_LAMBDA {
    return acc + load<decltype(at)::lanes>(bias.data() + at.column);
  };
  const size_t floats = attention_scratch(c.keys, c.size, c.values);
  std::vector<float> scratch(floats * parts);
  const ThreadScratch tasks{reinterpret_cast<unsigned char*>(scratch.data()),
                            reinterpret_cast<unsigned char*>(scratch.data() + floats),
                            int64_t(floats * sizeof(float))};
  const AttentionShape shape{c.batch, c.heads, c.queries, c.keys, c.size, c.values};
  attention<kTestLanes>(q.data(), strides(c.queries, c.size, false), k.data(),
                        strides(c.keys, c.size, true), v.data(), strides(c.keys, c.values, false),
                        y.data(), strides(c.queries, c.values, false), shape, tasks, score,
                        epilogue, PartsInTurn{parts});
  for (size_t b = 0; b < c.batch * c.heads; ++b) {
    const size_t batch = b / c.heads, head = b % c.heads;
    for (size_t i = 0; i < c.queries; ++i) {
      std::vector<double> powers(c.keys);
      double largest = -INFINITY, total = 0;
      for (size_t j = 0; j < c.keys; ++j) {
        double sum = 0;
        for (size_t e = 0; e < c.size; ++e) {
          sum += double(q[((batch * c.queries + i) * c.heads + head) * c.size + e]) *
                 double(k[((batch * c.keys + j) * c.heads + head) * c.size + e]);
        }
        powers[j] = allowed(i, j) ? 3 * sum : -INFINITY;
        largest = std::max(largest, powers[j]);
      }
      for (double& p : powers) total += p = std::exp(p - largest);
      for (size_t e = 0; e < c.values; ++e) {
        double sum = 0;
        for (size_t j = 0; j < c.keys; ++j)
          sum += powers[j] * double(v[((batch * c.keys + j) * c.heads + head) * c.values + e]);
        ASSERT_NEAR(y[((batch * c.queries + i) * c.heads + head) * c.values + e],
                    sum / total + double(bias[e]), 1e-5)
            << "head " << b << " query " << i << " element " << e << " of " << c.keys << " keys";
      }
    }
  }
}

TEST(ONNXC_TEST_NAME(Attention), MatchesTheDefinition) {
  ONNXC_REQUIRE_TARGET();
  check_attention({1, 1, 1, 1, 1, 1, false}, 1);
  check_attention({2, 3, 5, 7, 8, 10, false}, 1);
  check_attention({1, 2, 49, 49, 32, 32, false}, 1);
  check_attention({1, 2, 70, 197, 64, 64, false}, 1);
}

TEST(ONNXC_TEST_NAME(Attention), CorrectsEarlierBlocksOfKeys) {
  ONNXC_REQUIRE_TARGET();
  check_attention({1, 2, 3, 257, 16, 20, false}, 1);
  check_attention({1, 1, 67, 1100, 24, 33, false}, 1);
}

TEST(ONNXC_TEST_NAME(Attention), SkipsForbiddenKeysAlsoInWholeBlocks) {
  ONNXC_REQUIRE_TARGET();
  check_attention({1, 2, 300, 300, 16, 16, true}, 1);
  check_attention({1, 1, 5, 600, 8, 16, true}, 1);
}

TEST(ONNXC_TEST_NAME(Attention), SplitsIntoUnitsOfWork) {
  ONNXC_REQUIRE_TARGET();
  check_attention({2, 3, 5, 40, 8, 16, false}, 4);
}

}  // namespace
}  // namespace onnxc

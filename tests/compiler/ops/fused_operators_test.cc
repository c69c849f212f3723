// Operators of com.microsoft give what the standard's operators give that they stand for.
#include <gtest/gtest.h>

#include <cmath>

#include "compiler/eval/evaluate.h"
#include "tests/support/conformance.h"
#include "tests/support/lowered.h"

namespace onnxc::testing {
namespace {

using Sizes = std::vector<std::vector<int64_t>>;

void expect_equal(const std::string& fused, const std::string& plain, const Sizes& sizes,
                  int opset = 23) {
  const auto got = outputs_for(lower_text(fused, opset), sizes);
  const auto want = outputs_for(lower_text(plain, opset), sizes);
  ASSERT_EQ(got.size(), want.size());
  for (size_t k = 0; k < got.size(); ++k)
    EXPECT_EQ(difference(want[k], got[k], {1e-5, 1e-6}), "") << fused;
}

TEST(MultiHeadAttention, IsAttentionWithHeadsInTheLastAxis) {
  const std::string types =
      "(float[2,3,32] q, float[2,5,32] k, float[2,5,32] v) => (float[b,s,h] y)";
  expect_equal(types + "{ y = com.microsoft.MultiHeadAttention<num_heads=4>(q, k, v) }",
               types + "{ y = Attention<q_num_heads=4, kv_num_heads=4>(q, k, v) }",
               {{2, 3, 32}, {2, 5, 32}, {2, 5, 32}});
}

TEST(MultiHeadAttention, AppendsToTheCacheAndLooksBackOnly) {
  const std::string types =
      "(float[1,2,16] q, float[1,2,16] k, float[1,2,16] v, float[1,2,3,8] pk, float[1,2,3,8] pv)"
      " => (float[b,s,h] y, float[b,n,t,e] nk, float[b,n,t,e] nv)";
  expect_equal(types +
                   "{ y, nk, nv = com.microsoft.MultiHeadAttention<num_heads=2, "
                   "unidirectional=1>(q, k, v, , , , pk, pv) }",
               types +
                   "{ y, nk, nv = Attention<q_num_heads=2, kv_num_heads=2, is_causal=1>"
                   "(q, k, v, , pk, pv) }",
               {{1, 2, 16}, {1, 2, 16}, {1, 2, 16}, {1, 2, 3, 8}, {1, 2, 3, 8}});
}

TEST(GroupQueryAttention, IsCausalAttentionWithSharedKeyHeads) {
  const std::string inputs =
      "(float[1,2,32] q, float[1,2,16] k, float[1,2,16] v, float[1,2,3,8] pk, float[1,2,3,8] pv)"
      " => (float[b,s,h] y, float[b,n,t,e] nk, float[b,n,t,e] nv)";
  expect_equal(inputs +
                   "<int32[1] len = {4}, int32 total = {5}>"
                   "{ y, nk, nv = com.microsoft.GroupQueryAttention<num_heads=4, "
                   "kv_num_heads=2>(q, k, v, pk, pv, len, total) }",
               inputs +
                   "{ y, nk, nv = Attention<q_num_heads=4, kv_num_heads=2, is_causal=1>"
                   "(q, k, v, , pk, pv) }",
               {{1, 2, 32}, {1, 2, 16}, {1, 2, 16}, {1, 2, 3, 8}, {1, 2, 3, 8}});
}

TEST(RotaryEmbedding, TakesPositionsAsTheStandardDoes) {
  const std::string types =
      "(float[2,3,32] x, float[9,4] c, float[9,4] s) => (float[b,l,h] y)"
      "<int64[2,3] p = {0, 1, 2, 4, 8, 3}>";
  expect_equal(types + "{ y = com.microsoft.RotaryEmbedding(x, p, c, s) }",
               types + "{ y = RotaryEmbedding<num_heads=4>(x, c, s, p) }",
               {{2, 3, 32}, {9, 4}, {9, 4}});
}

TEST(MatMulNBits, MultipliesByBlocksOfFourBitNumbers) {
  const std::string types = "(float[2,16] a) => (float[m,n] y)";
  std::string bytes, numbers;
  for (int n = 0; n < 2; ++n) {
    for (int i = 0; i < 8; ++i) {
      const int low = (3 * i + n) % 16, high = (5 * i + 7 * n) % 16;
      bytes += (bytes.empty() ? "" : ", ") + std::to_string(low | high << 4);
      for (const int q : {low, high})
        numbers += (numbers.empty() ? "" : ", ") + std::to_string((q - 8) * (n + 1) * 0.5);
    }
  }
  expect_equal(types + "<uint8[2,1,8] b = {" + bytes + "}, float[2] s = {0.5, 1.0}>" +
                   "{ y = com.microsoft.MatMulNBits<K=16, N=2, bits=4, block_size=16>(a, b, s) }",
               types + "<float[2,16] w = {" + numbers + "}> { t = Transpose(w) y = MatMul(a, t) }",
               {{2, 16}});
}

TEST(Inverse, TimesTheMatrixIsTheUnitMatrix) {
  const auto y = outputs_for(lower_text("(float[7,7] x) => (float[n,n] y) <float twenty = {20.0}>"
                                        "{ e = EyeLike(x) d = Mul(e, twenty) a = Add(x, d)"
                                        "  i = com.microsoft.Inverse(a) y = MatMul(a, i) }"),
                             {{7, 7}})[0];
  for (int64_t i = 0; i < y.size(); ++i) EXPECT_NEAR(y.as_double(i), i / 7 == i % 7 ? 1 : 0, 1e-5);
}

TEST(Det, OfLargeMatricesIsTheProductOfTheirParts) {
  const auto y = outputs_for(lower_text("(float[8,8] a, float[8,8] b) => (float x, float y)"
                                        "{ c = MatMul(a, b) x = Det(c) p = Det(a) q = Det(b)"
                                        "  y = Mul(p, q) }"),
                             {{8, 8}, {8, 8}});
  EXPECT_NEAR(y[0].as_double(0), y[1].as_double(0), 1e-3 * std::fabs(y[1].as_double(0)) + 1e-3);
}

}  // namespace
}  // namespace onnxc::testing

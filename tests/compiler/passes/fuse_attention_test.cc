// The pass fuse_attention: what it does, and what it leaves alone. Graphs go through the whole
// list.
#include <gtest/gtest.h>

#include "compiler/passes/pass.h"
#include "tests/support/lowered.h"

namespace onnxc {
namespace {

// The graph after all passes; its results must be what they were before.
std::string optimised(const std::string& onnx, const std::vector<std::vector<int64_t>>& sizes) {
  Graph graph = testing::lower_text(onnx);
  const auto before = testing::outputs_for(graph, sizes);
  run_passes(graph, Options{});
  const auto after = testing::outputs_for(graph, sizes);
  for (size_t k = 0; k < before.size(); ++k) {
    EXPECT_EQ(after[k].dims(), before[k].dims());
    for (int64_t i = 0; i < before[k].size(); ++i)
      EXPECT_NEAR(after[k].as_double(i), before[k].as_double(i), 1e-5) << "element " << i;
  }
  return text(graph);
}

// Heads are split from and merged into [B, S, 64].
std::string exported(const std::string& score) {
  return R"((float[B,S,64] q, float[B,S,64] k, float[B,S,64] v, float[B,1,1,S] mask)
      => (float[B,S,64] y) <int64[4] split = {0, 0, 4, 16}, int64[3] merge = {0, 0, 64},
                            float four = {4}> {
        q4 = Reshape(q, split)
        k4 = Reshape(k, split)
        v4 = Reshape(v, split)
        qt = Transpose<perm=[0,2,1,3]>(q4)
        kt = Transpose<perm=[0,2,3,1]>(k4)
        vt = Transpose<perm=[0,2,1,3]>(v4)
        )" +
         score +
         R"(
        p = Softmax<axis=-1>(s)
        o = MatMul(p, vt)
        ot = Transpose<perm=[0,2,1,3]>(o)
        y = Reshape(ot, merge) })";
}
const std::vector<std::vector<int64_t>> kSizes{{2, 9, 64}, {2, 9, 64}, {2, 9, 64}, {2, 1, 1, 9}};

TEST(FuseAttention, IsOneStepWithSplitAndMergedHeads) {
  const std::string after = optimised(exported("r = MatMul(qt, kt)\n s = Div(r, four)"), kSizes);
  EXPECT_NE(after.find("attention Bx4 of S queries, S keys, 16 to 16 scores mul(sum, 0.25)"),
            std::string::npos)
      << after;
  EXPECT_EQ(after.find(" map "), std::string::npos) << after;
}

TEST(FuseAttention, AddsAMaskToTheScores) {
  const std::string after =
      optimised(exported("r = MatMul(qt, kt)\n d = Div(r, four)\n s = Add(d, mask)"), kSizes);
  EXPECT_NE(after.find("scores add(mul(sum, 0.25), in3["), std::string::npos) << after;
  EXPECT_EQ(after.find("rows of"), std::string::npos) << after;
}

TEST(FuseAttention, KeepsScoresThatAreAnOutput) {
  const std::string after = optimised(R"((float[4,9,16] q, float[4,16,9] k, float[4,9,16] v)
      => (float[4,9,16] y, float[4,9,9] p) {
        s = MatMul(q, k)
        p = Softmax<axis=-1>(s)
        y = MatMul(p, v) })",
                                      {{4, 9, 16}, {4, 16, 9}, {4, 9, 16}});
  EXPECT_EQ(after.find("attention"), std::string::npos) << after;
}

TEST(FuseAttention, KeepsThePlainFormForOneQuery) {
  const std::string after = optimised(R"((float[4,1,16] q, float[4,16,T] k, float[4,T,16] v)
      => (float[4,1,16] y) {
        s = MatMul(q, k)
        p = Softmax<axis=-1>(s)
        y = MatMul(p, v) })",
                                      {{4, 1, 16}, {4, 16, 9}, {4, 9, 16}});
  EXPECT_EQ(after.find("attention"), std::string::npos) << after;
}

TEST(FuseAttention, KeepsASoftmaxAlongQueries) {
  const std::string after = optimised(R"((float[4,9,16] q, float[4,16,9] k, float[4,9,16] v)
      => (float[4,9,16] y) {
        s = MatMul(q, k)
        p = Softmax<axis=1>(s)
        y = MatMul(p, v) })",
                                      {{4, 9, 16}, {4, 16, 9}, {4, 9, 16}});
  EXPECT_EQ(after.find("attention"), std::string::npos) << after;
}

}  // namespace
}  // namespace onnxc

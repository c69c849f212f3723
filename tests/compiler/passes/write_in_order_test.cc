// The pass write_in_order: what it does, and what it leaves alone.
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
    for (int64_t i = 0; i < before[k].size(); ++i)
      EXPECT_NEAR(after[k].as_double(i), before[k].as_double(i), 1e-5) << "element " << i;
  }
  return text(graph);
}

TEST(WriteInOrder, MergesHeadsWithoutACopy) {
  const std::string after = optimised(R"((float[B,4,S,T] p, float[B,4,T,16] v)
      => (float[B,S,64] y) <int64[3] shape = {0, 0, 64}> {
        o = MatMul(p, v)
        t = Transpose<perm=[0,2,1,3]>(o)
        y = Reshape(t, shape) })",
                                      {{2, 4, 5, 7}, {2, 4, 7, 16}});
  EXPECT_EQ(after.find(" map "), std::string::npos) << after;
  EXPECT_NE(after.find("matmul"), std::string::npos) << after;
}

TEST(WriteInOrder, KeepsACopyOfAProductThatIsReadElsewhere) {
  const std::string after = optimised(R"((float[4,5,7] p, float[4,7,16] v)
      => (float[5,4,16] y, float[4,5,16] o) {
        o = MatMul(p, v)
        y = Transpose<perm=[1,0,2]>(o) })",
                                      {{4, 5, 7}, {4, 7, 16}});
  EXPECT_NE(after.find("map in0["), std::string::npos) << after;
}

TEST(WriteInOrder, KeepsACopyThatTurnsColumnsIntoRows) {
  const std::string after = optimised(R"((float[4,5,7] p, float[4,7,16] v) => (float[4,16,5] y) {
        o = MatMul(p, v)
        y = Transpose<perm=[0,2,1]>(o) })",
                                      {{4, 5, 7}, {4, 7, 16}});
  EXPECT_NE(after.find("matmul"), std::string::npos) << after;
}

TEST(WriteInOrder, KeepsACopyOfAPart) {
  const std::string after = optimised(R"((float[4,5,7] p, float[4,7,16] v) => (float[4,5,8] y)
      <int64[1] zero = {0}, int64[1] eight = {8}, int64[1] axis = {2}> {
        o = MatMul(p, v)
        y = Slice(o, zero, eight, axis) })",
                                      {{4, 5, 7}, {4, 7, 16}});
  EXPECT_NE(after.find("map in0["), std::string::npos) << after;
}

}  // namespace
}  // namespace onnxc

// Programs that a version of GCC has compiled wrongly, against the graph's meaning.
#include <gtest/gtest.h>

#include "tests/support/tool.h"

namespace onnxc {
namespace {

// What `onnxc verify` says of the model whose source g++ compiles.
void expect_right_by_gcc(const char* model) {
  if (std::system("command -v g++ > /dev/null 2>&1") != 0) GTEST_SKIP() << "g++ is not installed";
  TemporaryFolder folder;
  folder.write("model.onnx", model);
  for (const char* march : {"native", "x86-64"}) {
    const ToolResult result =
        run_tool(folder, std::string("verify model.onnx --via g++ --march ") + march);
    EXPECT_EQ(result.code, 0) << march << ": " << result.out << result.err;
  }
}

// Values of two widths side by side in the workspace.
TEST(ByGcc, CastsBetweenValuesOfTheWorkspace) {
  expect_right_by_gcc(R"(
    <ir_version: 8, opset_import: ["" : 17]>
    casts (int64[batch] x) => (int32[batch] y)
    <int64 seven = {7}>
    {
      sum = Add (x, seven)
      size = Shape (x)
      largest, order = TopK (sum, size)
      narrow = Cast <to = 6> (largest)
      y, unused = TopK (narrow, size)
    })");
}

// One value with two strides.
TEST(ByGcc, AddsEverySecondElementToTheFirstOnes) {
  expect_right_by_gcc(R"(
    <ir_version: 8, opset_import: ["" : 17]>
    strides (int64[batch, 2, n] x) => (int64[batch, n] y)
    <int64[1] zero = {0}, int64[1] one = {1}, int64[1] two = {2}, int64[1] last = {9223372036854775807},
     int64[1] flat = {-1}>
    {
      shape = Shape (x)
      batch_size = Slice (shape, zero, one)
      row = Slice (shape, two, last)
      largest, order = TopK (x, row)
      all = Reshape (largest, flat)
      size = Shape (all)
      half = Div (size, two)
      even = Slice (all, zero, last, zero, two)
      first = Slice (all, zero, half, zero)
      sum = Add (even, first)
      sums_shape = Concat <axis = 0> (batch_size, row)
      sums = Reshape (sum, sums_shape)
      y, unused = TopK (sums, row)
    })");
}

}  // namespace
}  // namespace onnxc

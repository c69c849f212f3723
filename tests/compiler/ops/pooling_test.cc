// Pooling: bounds are checked only where a window can leave the image, and edge rules hold.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/eval/evaluate.h"
#include "tests/support/conformance.h"
#include "tests/support/lowered.h"

namespace onnxc::testing {
namespace {

bool selects(const std::string& graph) {
  return text(lower_text(graph)).find("select") != std::string::npos;
}

TEST(Pooling, WindowsInsideTheImageNeedNoCheck) {
  EXPECT_FALSE(
      selects("(float[1,2,8,8] x) => (float[1,2,4,4] y)"
              "{ y = MaxPool<kernel_shape=[2,2], strides=[2,2]>(x) }"));
  EXPECT_FALSE(
      selects("(float[N,2,H,W] x) => (float[N,2,h,w] y)"
              "{ y = AveragePool<kernel_shape=[3,3], strides=[2,2]>(x) }"));
  EXPECT_FALSE(
      selects("(float[1,2,9,9] x) => (float[1,2,h,w] y)"
              "{ y = MaxPool<kernel_shape=[3,3], strides=[3,3], ceil_mode=1>(x) }"));
}

TEST(Pooling, WindowsAcrossTheEdgeAreChecked) {
  EXPECT_TRUE(
      selects("(float[1,2,8,8] x) => (float[1,2,8,8] y)"
              "{ y = MaxPool<kernel_shape=[3,3], pads=[1,1,1,1]>(x) }"));
  EXPECT_TRUE(
      selects("(float[1,2,8,8] x) => (float[1,2,h,w] y)"
              "{ y = MaxPool<kernel_shape=[3,3], strides=[2,2], ceil_mode=1>(x) }"));
}

Tensor ramp(int64_t size) {
  Tensor t(DType::kFloat, {1, 1, size});
  for (int64_t i = 0; i < size; ++i) t.set(i, static_cast<double>(i + 1));
  return t;
}

std::vector<double> pooled(const std::string& attributes, int64_t size) {
  const Graph g = lower_text(
      fmt::format("(float[1,1,L] x) => (float[1,1,l] y) {{ y = AveragePool<{}>(x) }}", attributes));
  const Tensor y = evaluate(g, {ramp(size)})[0];
  std::vector<double> values;
  for (int64_t i = 0; i < y.size(); ++i) values.push_back(y.as_double(i));
  return values;
}

TEST(Pooling, PaddingCountsOnlyWhereAskedAndNeverBeyondWhatIsDeclared) {
  EXPECT_EQ(pooled("kernel_shape=[3], pads=[1,1]", 3), (std::vector<double>{1.5, 2, 2.5}));
  EXPECT_EQ(pooled("kernel_shape=[3], pads=[1,1], count_include_pad=1", 3),
            (std::vector<double>{1, 2, 5.0f / 3}));
  // The second window reaches two elements and one of padding; the rest of it does not exist.
  EXPECT_EQ(
      pooled("kernel_shape=[4], strides=[3], pads=[0,1], ceil_mode=1, count_include_pad=1", 5),
      (std::vector<double>{2.5, 3}));
}

TEST(Pooling, NoWindowStartsInThePaddingAtTheEnd) {
  EXPECT_EQ(pooled("kernel_shape=[1], strides=[3], pads=[0,2], ceil_mode=1", 3).size(), 1u);
  EXPECT_EQ(pooled("kernel_shape=[2], strides=[2], ceil_mode=1", 5),
            (std::vector<double>{1.5, 3.5, 5}));
}

TEST(Pooling, UnknownSizesGiveWhatFixedOnesDo) {
  for (const std::string attributes :
       {"kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1]",
        "kernel_shape=[3,3], strides=[2,2], auto_pad=\"SAME_UPPER\"",
        "kernel_shape=[2,3], strides=[2,3], ceil_mode=1", "kernel_shape=[2,2], dilations=[2,1]"}) {
    for (const std::string op : {"MaxPool", "AveragePool"}) {
      if (op == "AveragePool" && attributes.find("dilations") != std::string::npos) continue;
      const auto graph = [&](const std::string& sizes) {
        return lower_text(fmt::format("(float[{}] x) => (float[n,c,h,w] y) {{ y = {}<{}>(x) }}",
                                      sizes, op, attributes),
                          19);
      };
      const std::vector<std::vector<int64_t>> sizes{{2, 3, 10, 7}};
      EXPECT_EQ(difference(outputs_for(graph("2,3,10,7"), sizes)[0],
                           outputs_for(graph("N,3,H,W"), sizes)[0]),
                "")
          << op << " " << attributes;
    }
  }
}

TEST(Pooling, PositionsCountInTheWholeTensor) {
  const Graph g = lower_text(
      "(float[1,2,2,3] x) => (float[1,2,1,2] y, int64[1,2,1,2] i)"
      "{ y, i = MaxPool<kernel_shape=[2,2], storage_order=1>(x) }");
  Tensor x(DType::kFloat, {1, 2, 2, 3});
  x.set(4, 9);   // channel 0, row 1, column 1
  x.set(6, 7);   // channel 1, row 0, column 0
  x.set(11, 8);  // channel 1, row 1, column 2
  const auto y = evaluate(g, {x});
  EXPECT_EQ(y[1].as_int64s(), (std::vector<int64_t>{3, 3, 6, 11}));
}

}  // namespace
}  // namespace onnxc::testing

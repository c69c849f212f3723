// Convolutions of every kernel, compiled, against the definition in double.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/tool.h"

namespace onnxc {
namespace {

struct ConvolutionCase {
  std::string name, image, weight, output, attributes;
  int64_t weights;  // elements of the weight
};

class Convolutions : public ::testing::TestWithParam<ConvolutionCase> {};

TEST_P(Convolutions, ComputeTheirDefinition) {
  const ConvolutionCase& c = GetParam();
  TemporaryFolder folder;
  folder.write("model.onnx", fmt::format(R"(
    <ir_version: 8, opset_import: ["" : 17]>
    model (float[{}] x) => (float[{}] y)
    <int64 zero = {{0}}, int64 one = {{1}}, int64 count = {{{}}}, int64[{}] shape = {{{}}}>
    {{
      numbers = Range (zero, count, one)
      floats = Cast <to = 1> (numbers)
      waves = Sin (floats)
      w = Reshape (waves, shape)
      sums = Conv <{}> (x, w)
      y = Relu (sums)
    }})",
                                         c.image, c.output, c.weights,
                                         std::count(c.weight.begin(), c.weight.end(), ',') + 1,
                                         c.weight, c.attributes));
  for (const char* march : {"native", "x86-64"}) {
    const ToolResult result =
        run_tool(folder, fmt::format("verify model.onnx --max-error 2e-6 --march {}", march));
    EXPECT_EQ(result.code, 0) << result.out << result.err;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, Convolutions,
    ::testing::Values(ConvolutionCase{"Grouped", "2, 24, 19, 23", "40, 6, 3, 3", "2, 40, 10, 12",
                                      "group = 4, strides = [2, 2], pads = [1, 1, 1, 1]", 2160},
                      ConvolutionCase{"GroupedAndDilated", "1, 40, 12, 12", "80, 2, 3, 3",
                                      "1, 80, 8, 8", "group = 20, dilations = [2, 2]", 1440},
                      ConvolutionCase{"SeveralFiltersAChannel", "1, 12, 10, 11", "48, 1, 3, 3",
                                      "1, 48, 10, 11", "group = 12, pads = [1, 1, 1, 1]", 432},
                      ConvolutionCase{"GroupedInOneDimension", "2, 20, 50", "40, 4, 5", "2, 40, 50",
                                      "group = 5, pads = [2, 2]", 800},
                      ConvolutionCase{"DepthwiseInOneDimension", "1, 40, 60", "40, 1, 3",
                                      "1, 40, 54", "group = 40, dilations = [3]", 120},
                      ConvolutionCase{"DepthwiseWithStride", "1, 24, 15, 30", "24, 1, 5, 5",
                                      "1, 24, 8, 15",
                                      "group = 24, strides = [2, 2], pads = [2, 2, 2, 2]", 600},
                      ConvolutionCase{"DenseInOneDimension", "1, 20, 70", "33, 20, 3", "1, 33, 35",
                                      "strides = [2], pads = [1, 1]", 1980}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace onnxc

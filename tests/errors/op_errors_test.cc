// What a user sees when a node is at odds with the standard: the node, what was found and what was
// expected.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "compiler/frontend/load_model.h"
#include "compiler/ops/lower_model.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

struct Case {
  std::string name;
  int opset;
  std::string graph;    // ONNX text of the graph
  std::string message;  // what is thrown, notes after "; "
};

void PrintTo(const Case& a_case, std::ostream* stream) { *stream << a_case.name; }

std::string error_of(const Case& a_case) {
  const std::string text =
      fmt::format("<ir_version: 8, opset_import: [\"\" : {}]>\n", a_case.opset) + a_case.graph;
  try {
    lower_model(load_model_text(text), Options{});
  } catch (const CompileError& error) {
    std::string message = error.what();
    for (const std::string& note : error.notes()) message += "; " + note;
    return message;
  }
  return "no error";
}

class OpErrors : public ::testing::TestWithParam<Case> {};

TEST_P(OpErrors, NameTheNodeAndTheCause) { EXPECT_EQ(error_of(GetParam()), GetParam().message); }

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"ShapesThatDoNotBroadcast", 17,
       "g (float[2,3] a, float[2,4] b) => (float[2,3] y) { y = Add(a, b) }",
       "Add: shapes [2,3] and [2,4] do not broadcast"},
      {"TypesThatDiffer", 17, "g (float[2] a, int64[2] b) => (float[2] y) { y = Mul(a, b) }",
       "Mul: input 0 is float, input 1 is int64; they must have one type"},
      {"ReshapeOfOtherSize", 17,
       "g (float[2,3] a) => (float[5] y) <int64[1] s = {5}> { y = Reshape(a, s) }",
       "Reshape: shape [2,3] has 6 elements, the target [5] has 5"},
      {"ReshapeToLoadedShape", 17,
       "g (float[2,3] a, int64[2] s) => (float[m,n] y) { y = Reshape(a, s) }",
       "size \"reshaped_size\", which Reshape finds out when it runs, has no bound; state the "
       "largest one to plan for: --dim reshaped_size=0..MAX"},
      {"ReshapeWithTwoRests", 17,
       "g (float[2,3] a) => (float[m,n] y) <int64[2] s = {-1, -1}> { y = Reshape(a, s) }",
       "Reshape: the target [-1,-1] has more than one -1"},
      {"AxisOutsideRank", 17, "g (float[2,3] a) => (float[m,n] y) { y = Softmax <axis = 2> (a) }",
       "Softmax: axis 2 is outside rank 2"},
      {"AxisGivenTwice", 12,
       "g (float[1,3] a) => (float[3] y) { y = Squeeze <axes = [0, -2]> (a) }",
       "Squeeze: axis 0 is given twice"},
      {"SqueezeOfLargerSize", 12,
       "g (float[2,3] a) => (float[3] y) { y = Squeeze <axes = [0]> (a) }",
       "Squeeze: axis 0 has size 2, only size 1 can be removed"},
      {"TransposeByNoPermutation", 17,
       "g (float[2,3] a) => (float[2,3] y) { y = Transpose <perm = [0, 0]> (a) }",
       "Transpose: attribute \"perm\" [0,0] is no permutation of the axes of shape [2,3]"},
      {"ConcatOfUnlikeShapes", 17,
       "g (float[2,3] a, float[3,3] b) => (float[2,6] y) { y = Concat <axis = 1> (a, b) }",
       "Concat: input 1 has shape [3,3], input 0 has [2,3]; they must agree but for axis 1"},
      {"ConcatWithoutAxis", 17, "g (float[2] a) => (float[4] y) { y = Concat (a, a) }",
       "Concat: attribute \"axis\" is missing"},
      {"SplitOfWrongSum", 17,
       "g (float[5] a) => (float[2] x, float[2] y) <int64[2] s = {2, 2}> { x, y = Split(a, s) }",
       "Split: the parts' sizes add up to 4, axis 0 has 5"},
      {"SplitIntoUnequalParts", 12,
       "g (float[5] a) => (float[2] x, float[3] y) { x, y = Split(a) }",
       "Split: size 5 of axis 0 does not divide into 2 equal parts"},
      {"SliceWithStepZero", 17,
       "g (float[5] a) => (float[n] y) <int64[1] s = {0}, int64[1] e = {3}> { y = Slice(a, s, e, "
       "s, s) }",
       "Slice: step 0 of axis 0 must be a number other than 0"},
      {"PadsOfWrongLength", 17,
       "g (float[2,3] a) => (float[m,n] y) <int64[2] p = {1, 1}> { y = Pad(a, p) }",
       "Pad: 2 pads are given for 2 axes, two an axis are needed"},
      {"PadOfUnknownMode", 17,
       "g (float[2] a) => (float[4] y) <int64[2] p = {1, 1}> { y = Pad <mode = \"mirror\"> (a, p) "
       "}",
       "Pad: attribute \"mode\" is \"mirror\", must be constant, reflect, edge or wrap"},
      {"TopKOfTooMany", 17,
       "g (float[2,3] a) => (float[2,4] v, int64[2,4] i) <int64[1] k = {4}> { v, i = TopK(a, k) }",
       "TopK: k is 4, but axis 1 has 3 elements"},
      {"CastToNoType", 17, "g (float[2] a) => (float[2] y) { y = Cast <to = 99> (a) }",
       "Cast: attribute \"to\" is 99, which is no element type"},
      {"AttributeOfWrongType", 17, "g (float[2] a) => (float[2] y) { y = Elu <alpha = 1> (a) }",
       "Elu: attribute \"alpha\" has another type than a float"},
      {"ScatterOfUnknownReduction", 18,
       "g (float[2] a, int64[2] i) => (float[2] y) { y = ScatterElements <reduction = \"avg\"> (a, "
       "i, a) }",
       "ScatterElements: attribute \"reduction\" is \"avg\", must be none, add, mul, min or max"},
      {"TiledNegatively", 17,
       "g (float[3] a) => (float[n] y) <int64[1] r = {-2}> { y = Tile(a, r) }",
       "Tile: output \"y\" would have shape [-6], sizes must not be negative"},
      {"NegativeSize", 17, "g () => (float[n] y) <int64[1] s = {-1}> { y = ConstantOfShape(s) }",
       "ConstantOfShape: output \"y\" would have shape [-1], sizes must not be negative"},
      {"UnknownOperators", 17,
       "g (float[2] a) => (float[2] y) { b = Frobnicate(a) c = Frobnicate(b) y = Wibble(c) }",
       "2 operators are not supported; Frobnicate: 2 nodes; Wibble: 1 node; `onnxc "
       "--print-operators` lists what is "
       "supported"},
  };
  return all;
}

INSTANTIATE_TEST_SUITE_P(Nodes, OpErrors, ::testing::ValuesIn(cases()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace onnxc

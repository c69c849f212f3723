// ONNX text: every rule of the grammar once, and errors with their place.
#include "compiler/frontend/parse_onnx_text.h"

#include <gtest/gtest.h>

#include <cmath>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

ProtoModel parse_graph(const std::string& graph) {
  return parse_onnx_text("<ir_version: 8, opset_import: [\"\" : 17]>\n" + graph);
}

ProtoAttribute parse_attribute(const std::string& text) {
  return parse_graph("g () => () { y = Op <" + text + "> () }").graph->nodes.at(0).attributes.at(0);
}

std::string error_of(const std::string& text) {
  try {
    parse_onnx_text(text);
  } catch (const CompileError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ParseOnnxText, ReadsTheHeader) {
  const ProtoModel model = parse_onnx_text(R"(
    # a comment
    <ir_version: 9, opset_import: ["" : 18, "com.x" : 2], producer_name: "p", producer_version: "1.2", domain: "d",
     doc_string: "say \"hi\"", model_version: 3, metadata_props: ["k" : "v"]>
    g (float x) => (float x) {})");
  EXPECT_EQ(model.ir_version, 9);
  ASSERT_EQ(model.opset_imports.size(), 2u);
  EXPECT_EQ(model.opset_imports[1].domain, "com.x");
  EXPECT_EQ(model.opset_imports[1].version, 2);
  EXPECT_EQ(model.producer_name, "p");
  EXPECT_EQ(model.producer_version, "1.2");
  EXPECT_EQ(model.doc_string, "say \"hi\"");
  EXPECT_EQ(model.metadata_props.at("k"), "v");
}

TEST(ParseOnnxText, ReadsTypes) {
  const ProtoModel model =
      parse_graph(R"(g (float s, float[] unknown, int64[N, 3, ?, "a b"] t, seq(float16[2]) q,
      optional(seq(int4[])) o, map(string, float[1]) m, untyped) => () {})");
  const auto& inputs = model.graph->inputs;
  ASSERT_EQ(inputs.size(), 7u);
  EXPECT_TRUE(inputs[0].type.shape && inputs[0].type.shape->empty());
  EXPECT_FALSE(inputs[1].type.shape.has_value());
  ASSERT_EQ(inputs[2].type.shape->size(), 4u);
  EXPECT_EQ(inputs[2].type.dtype, DType::kInt64);
  EXPECT_EQ((*inputs[2].type.shape)[0].symbol, "N");
  EXPECT_EQ((*inputs[2].type.shape)[1].value, 3);
  EXPECT_FALSE((*inputs[2].type.shape)[2].value.has_value());
  EXPECT_EQ((*inputs[2].type.shape)[3].symbol, "a b");
  EXPECT_EQ(inputs[3].type.kind, OnnxType::Kind::kSequence);
  EXPECT_EQ(inputs[3].type.element->dtype, DType::kFloat16);
  EXPECT_EQ(inputs[4].type.element->element->dtype, DType::kInt4);
  EXPECT_EQ(inputs[5].type.kind, OnnxType::Kind::kMap);
  EXPECT_EQ(inputs[5].type.dtype, DType::kString);
  EXPECT_EQ(inputs[6].type.kind, OnnxType::Kind::kUnknown);
}

TEST(ParseOnnxText, ReadsNodes) {
  const ProtoModel model = parse_graph(R"(g (float x) => (float y) {
    [first] a, , b = com.x.Op:over <k = 1> (x, , "odd name")
    [ "second node" ] y = Neg (a) <k = 2>;
    = Sink()
  })");
  const auto& nodes = model.graph->nodes;
  ASSERT_EQ(nodes.size(), 3u);
  EXPECT_EQ(nodes[0].name, "first");
  EXPECT_EQ(nodes[0].domain, "com.x");
  EXPECT_EQ(nodes[0].op_type, "Op");
  EXPECT_EQ(nodes[0].overload, "over");
  EXPECT_EQ(nodes[0].outputs, (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(nodes[0].inputs, (std::vector<std::string>{"x", "", "odd name"}));
  EXPECT_EQ(nodes[1].name, "second node");
  EXPECT_EQ(nodes[1].attributes.at(0).i, 2);
  EXPECT_TRUE(nodes[2].outputs.empty());
}

TEST(ParseOnnxText, ReadsAttributes) {
  EXPECT_EQ(parse_attribute("k = -7").i, -7);
  EXPECT_EQ(parse_attribute("k = 1.5e2").f, 150.0f);
  EXPECT_EQ(parse_attribute("k: float = 2").type, ProtoAttributeType::kFloat);
  EXPECT_EQ(parse_attribute("k: float = 2").f, 2.0f);
  EXPECT_TRUE(std::isinf(*parse_attribute("k = -inf").f));
  EXPECT_EQ(parse_attribute("k = \"text\"").s, "text");
  EXPECT_EQ(parse_attribute("k = [1, 2]").ints, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(parse_attribute("k = [1, 2.5]").floats, (std::vector<float>{1, 2.5}));
  EXPECT_EQ(parse_attribute("k: floats = [1]").type, ProtoAttributeType::kFloats);
  EXPECT_EQ(parse_attribute("k: ints = []").type, ProtoAttributeType::kInts);
  EXPECT_EQ(parse_attribute("k = [\"a\", \"b\"]").strings, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(parse_attribute("k = float[2] {1, 2}").tensors.at(0).value->as_double(1), 2.0);
  EXPECT_EQ(parse_attribute("k: type_proto = seq(int64[3])").types.at(0).kind,
            OnnxType::Kind::kSequence);
  EXPECT_EQ(parse_attribute("k: int = @outer").ref_attr_name, "outer");
  const ProtoAttribute graph = parse_attribute("k = sub (float a) => (b) { b = Neg(a) }");
  EXPECT_EQ(graph.type, ProtoAttributeType::kGraph);
  EXPECT_EQ(graph.graphs.at(0)->nodes.size(), 1u);
}

TEST(ParseOnnxText, ReadsInitializers) {
  const ProtoModel model =
      parse_graph(R"(g (float[2] x, int64[2] a = {1, -9223372036854775808}) => (float[2] y)
    <float16[2] h = {1.5, 2}, bool[2] t = {true, 0}, int4[3] n = {-8, 7, -1}, string[1] s = {"z"},
     float[2] e = ["location" : "w.bin", "offset" : "8"], float16[N] info> {})");
  const auto& tensors = model.graph->initializers;
  ASSERT_EQ(tensors.size(), 6u);
  EXPECT_EQ(tensors[0].value->as_int64(1), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(tensors[1].value->as_double(0), 1.5);
  EXPECT_EQ(tensors[2].value->as_int64s(), (std::vector<int64_t>{1, 0}));
  EXPECT_EQ(tensors[3].value->as_int64s(), (std::vector<int64_t>{-8, 7, -1}));
  EXPECT_EQ(tensors[4].value->strings().at(0), "z");
  EXPECT_TRUE(tensors[5].is_external);
  EXPECT_EQ(tensors[5].external_data.at("offset"), "8");
  ASSERT_EQ(model.graph->value_info.size(), 1u);
  EXPECT_EQ(model.graph->value_info[0].name, "info");
}

TEST(ParseOnnxText, ReadsFunctions) {
  const ProtoModel model = parse_graph(R"(g (float x) => (float y) { y = com.x.f(x) }
    <domain: "com.x", opset_import: ["" : 17], overload: "o">
    f <alpha, beta = 2.0> (float a, b) => (c) { c = Op <k: float = @beta> (a, b) })");
  ASSERT_EQ(model.functions.size(), 1u);
  const ProtoFunction& function = model.functions[0];
  EXPECT_EQ(function.domain, "com.x");
  EXPECT_EQ(function.overload, "o");
  EXPECT_EQ(function.inputs, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(function.attributes, (std::vector<std::string>{"alpha"}));
  EXPECT_EQ(function.attribute_defaults.at(0).f, 2.0f);
}

TEST(ParseOnnxText, ErrorsNameLineAndColumn) {
  EXPECT_EQ(error_of("<ir_version: 8>\ng (float x) = (float y) {}"),
            "line 2, column 13: expected \"=>\", found \"=\"");
  EXPECT_EQ(error_of("<ir_version: 8"), "line 1, column 15: the text ends where \">\" is expected");
  EXPECT_EQ(error_of("<speed: 8>"), "line 1, column 8: unknown property \"speed\"");
  EXPECT_EQ(error_of("g () => () { y = Op <k = [1, \"a\"]> () }"),
            "line 1, column 34: the list \"k\" mixes types");
  EXPECT_EQ(error_of("g () => () { y = Op <k: nothing = 1> () }"),
            "line 1, column 32: unknown attribute type \"nothing\"");
  EXPECT_EQ(error_of("g () => () { y = Op <k: int = 1.5> () }"),
            "line 1, column 34: the value of attribute \"k\" is not of the type given for it");
  EXPECT_EQ(error_of("g () => () { y = Op <k = []> () }"),
            "line 1, column 28: the empty list \"k\" needs a type, as in k: ints = []");
  EXPECT_EQ(error_of("g () => () <float[2] w = {1}> {}"),
            "line 1, column 29: the tensor has 1 values, but its shape needs 2");
  EXPECT_EQ(error_of("g () => () <float[N] w = {1}> {}"),
            "line 1, column 26: a tensor's data needs a shape of numbers");
  EXPECT_EQ(error_of("g () => () { y = Op <k = 99999999999999999999> () }"),
            "line 1, column 26: the integer 99999999999999999999 is out of range");
  EXPECT_EQ(error_of("g () => () { y = Op <k = \"open> () }"),
            "line 1, column 37: a quoted string is not closed");
}

TEST(ParseOnnxText, EveryCutOfAModelIsAnError) {
  const std::string text =
      R"(<ir_version: 8, opset_import: ["" : 17]> g (float[N,2] x) => (float[N,2] y)
    <float[2] w = {1, -2.5e1}> { [n] y = Add <k = [1,2], g = s (a) => (a) {}, t = float[1]{1}> (x, w) }
    <domain: "d"> f <a> (x) => (y) { y = Op <z: int = @a> (x) })";
  const size_t graph_end = text.find("\n    <domain");
  for (size_t length = 0; length < text.size(); ++length) {
    const bool fails = error_of(text.substr(0, length)) != "no error";
    EXPECT_TRUE(fails || length >= graph_end) << text.substr(0, length);
  }
  EXPECT_EQ(error_of(text), "no error");
}

}  // namespace
}  // namespace onnxc

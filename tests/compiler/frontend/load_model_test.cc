// Whole models through load_model: names, order, constants, subgraphs, functions.
#include "compiler/frontend/load_model.h"

#include <gtest/gtest.h>

#include "compiler/support/diagnostics.h"
#include "compiler/support/sha256.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/wire_writer.h"

namespace onnxc {
namespace {

constexpr const char* kHeader = "<ir_version: 8, opset_import: [\"\" : 17]>\n";

OnnxModel load_text(const std::string& graph) { return load_model_text(kHeader + graph); }

OnnxModel load_wire(const WireMessage& model) {
  return load_model_bytes(std::as_bytes(std::span(model.text())));
}

std::vector<std::string> operators(const OnnxGraph& graph) {
  std::vector<std::string> types;
  for (const OnnxNode& node : graph.nodes) types.push_back(node.op_type);
  return types;
}

const OnnxGraph& subgraph(const OnnxNode& node, const char* attribute) {
  return *std::get<std::shared_ptr<OnnxGraph>>(node.attributes.at(attribute));
}

TEST(LoadModel, KeepsWhatTheFileSays) {
  const TemporaryFolder folder;
  const WireMessage binary = WireMessage(wire_model(wire_graph_with_initializer(
                                             wire_tensor("w", 1, {2}).bytes(9, raw({1.0f, 2.0f})))))
                                 .bytes(2, "maker")
                                 .bytes(3, "7")
                                 .bytes(6, "what it is")
                                 .message(14, WireMessage().bytes(1, "key").bytes(2, "value"));
  const std::string path = folder.write("m.onnx", binary.text());
  const OnnxModel model = load_model(path);
  EXPECT_EQ(model.path, path);
  EXPECT_EQ(model.producer, "maker");
  EXPECT_EQ(model.producer_version, "7");
  EXPECT_EQ(model.description, "what it is");
  EXPECT_EQ(model.metadata.at("key"), "value");
  EXPECT_EQ(model.ir_version, 8);
  EXPECT_EQ(model.opsets.at(""), 17);
  EXPECT_EQ(model.file_size, binary.text().size());
  EXPECT_EQ(model.sha256, sha256_hex(std::as_bytes(std::span(binary.text()))));
  EXPECT_EQ(model.graph.nodes.at(0).opset, 17);
  EXPECT_EQ(model.graph.initializers.at("w").as_double(1), 2.0);
  EXPECT_FALSE(model.batch_is_hint);
}

TEST(LoadModel, WeightsOutliveTheDeletedFile) {
  const TemporaryFolder folder;
  const std::string path = folder.write(
      "m.onnx",
      wire_model(wire_graph_with_initializer(wire_tensor("w", 1, {2}).bytes(9, raw({1.0f, 2.0f}))))
          .text());
  const OnnxModel model = load_model(path);
  std::filesystem::remove(path);
  EXPECT_EQ(model.graph.initializers.at("w").data<float>()[1], 2.0f);
}

TEST(LoadModel, SortsNodesAndKeepsAGivenOrder) {
  EXPECT_EQ(
      operators(load_text("g (float x) => (float y) { y = Neg(b) b = Exp(a) a = Abs(x) }").graph),
      (std::vector<std::string>{"Abs", "Exp", "Neg"}));
  EXPECT_EQ(
      operators(
          load_text("g (float x) => (float y) { b = Exp(x) a = Abs(x) y = Add(a, b) }").graph),
      (std::vector<std::string>{"Exp", "Abs", "Add"}));
}

TEST(LoadModel, SortsByWhatSubgraphsCapture) {
  const OnnxModel model = load_text(R"(g (bool c, float x) => (float y) {
    y = If <then_branch = t () => (p) { p = Neg(late) }, else_branch = e () => (q) { q = Neg(x) }> (c)
    late = Exp(x) })");
  EXPECT_EQ(operators(model.graph), (std::vector<std::string>{"Exp", "If"}));
}

TEST(LoadModel, AnInitializerThatIsAnInputIsAConstant) {
  const OnnxModel model = load_text(
      "g (float[2] x, float[2] w) => (float[2] y) <float[2] w = {1, 2}> { y = Add(x, w) }");
  ASSERT_EQ(model.graph.inputs.size(), 1u);
  EXPECT_EQ(model.graph.inputs[0].name, "x");
  EXPECT_EQ(model.graph.initializers.count("w"), 1u);
}

TEST(LoadModel, AnInputOrInitializerMayBeAnOutput) {
  const OnnxModel model = load_text("g (float x) => (float x, float w) <float w = {1}> {}");
  EXPECT_TRUE(model.graph.nodes.empty());
  EXPECT_EQ(model.graph.outputs.size(), 2u);
}

TEST(LoadModel, NegativeDimensionsAreUnknown) {
  const OnnxModel model = load_wire(wire_model(WireMessage()
                                                   .message(1, wire_node("Neg", {"x"}, {"y"}))
                                                   .message(11, wire_value("x", 1, {-1, 0, 3}))
                                                   .message(12, wire_value("y", 1, {}))));
  const auto& shape = *model.graph.inputs.at(0).type.shape;
  EXPECT_FALSE(shape[0].value.has_value());
  EXPECT_TRUE(shape[0].symbol.empty());
  EXPECT_EQ(shape[1].value, 0);
  EXPECT_EQ(shape[2].value, 3);
}

TEST(LoadModel, TheFirstFilesMeanOpset1) {
  const WireMessage graph = WireMessage()
                                .message(1, wire_node("Neg", {"x"}, {"y"}))
                                .message(11, wire_value("x", 1, {2}))
                                .message(12, wire_value("y", 1, {2}));
  const OnnxModel model = load_wire(WireMessage().varint(1, 1).message(7, graph));
  EXPECT_EQ(model.opsets.at(""), 1);
  EXPECT_EQ(model.graph.nodes.at(0).opset, 1);
}

TEST(LoadModel, TheStandardDomainHasOneSpelling) {
  const OnnxModel model = load_model_text(
      "<ir_version: 8, opset_import: [\"ai.onnx\" : 13, \"ai.onnx.ml\" : 3]> g (float x) => (float "
      "z) "
      "{ y = ai.onnx.Neg(x) z = ai.onnx.ml.Scaler(y) }");
  EXPECT_EQ(model.opsets.at(""), 13);
  EXPECT_EQ(model.graph.nodes[0].domain, "");
  EXPECT_EQ(model.graph.nodes[0].opset, 13);
  EXPECT_EQ(model.graph.nodes[1].domain, "ai.onnx.ml");
  EXPECT_EQ(model.graph.nodes[1].opset, 3);
}

TEST(LoadModel, AttributesWithoutATypeTakeThatOfTheirField) {
  WireMessage node = wire_node("Op", {"x"}, {"y"});
  node.message(5, WireMessage().bytes(1, "f").fixed32(2, 1.5f));
  node.message(5, WireMessage().bytes(1, "i").varint(3, 4));
  node.message(5, WireMessage().bytes(1, "s").bytes(4, "text"));
  node.message(5, WireMessage().bytes(1, "packed").bytes(8, std::string("\x01\x02", 2)));
  node.message(5, WireMessage().bytes(1, "default").varint(20, 2));
  const OnnxModel model = load_wire(wire_model(WireMessage()
                                                   .message(1, node)
                                                   .message(11, wire_value("x", 1, {2}))
                                                   .message(12, wire_value("y", 1, {2}))));
  const auto& attributes = model.graph.nodes.at(0).attributes;
  EXPECT_EQ(std::get<float>(attributes.at("f")), 1.5f);
  EXPECT_EQ(std::get<int64_t>(attributes.at("i")), 4);
  EXPECT_EQ(std::get<std::string>(attributes.at("s")), "text");
  EXPECT_EQ(std::get<std::vector<int64_t>>(attributes.at("packed")), (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(std::get<int64_t>(attributes.at("default")), 0);
}

TEST(LoadModel, SubgraphsMayUseAndReturnOuterValues) {
  const OnnxModel model = load_text(R"(g (bool c, float x) => (float y) {
    y = If <then_branch = t () => (x) {}, else_branch = e () => (q) { q = Neg(x) }> (c) })");
  const OnnxGraph& branch = subgraph(model.graph.nodes.at(0), "then_branch");
  ASSERT_EQ(branch.nodes.size(), 1u);
  EXPECT_EQ(branch.nodes[0].op_type, "Identity");
  EXPECT_EQ(branch.nodes[0].inputs.at(0), "x");
  EXPECT_EQ(branch.outputs.at(0).name, branch.nodes[0].outputs.at(0));
}

TEST(LoadModel, NestedSubgraphsReachTheOutermostGraph) {
  EXPECT_NO_THROW(load_text(R"(g (bool c, float x) => (float y) {
    y = If <then_branch = t () => (p) {
        p = If <then_branch = u () => (r) { r = Neg(x) }, else_branch = v () => (s) { s = Exp(x) }> (c) },
      else_branch = e () => (q) { q = Neg(x) }> (c) })"));
}

TEST(LoadModel, FunctionsAreInlined) {
  const OnnxModel model = load_model_text(R"(<ir_version: 8, opset_import: ["" : 17, "local" : 1]>
    g (float x) => (float y, float z) { y = local.twice <k = 3> (x)  z = local.twice(y) }
    <domain: "local", opset_import: ["" : 15]>
    twice <k> (a) => (b) { t = Op <axis: int = @k> (a)  b = local.once(t) }
    <domain: "local", opset_import: ["" : 15]>
    once (a) => (b) { t = Exp(a)  b = Neg(t) })");
  EXPECT_EQ(operators(model.graph),
            (std::vector<std::string>{"Op", "Exp", "Neg", "Op", "Exp", "Neg"}));
  const auto& nodes = model.graph.nodes;
  EXPECT_EQ(std::get<int64_t>(nodes[0].attributes.at("axis")), 3);
  EXPECT_EQ(nodes[3].attributes.count("axis"), 0u);
  EXPECT_EQ(nodes[0].opset, 15);
  EXPECT_EQ(nodes[2].outputs.at(0), "y");
  EXPECT_EQ(nodes[5].outputs.at(0), "z");
  EXPECT_NE(nodes[0].outputs.at(0), nodes[3].outputs.at(0));
}

TEST(LoadModel, FunctionAttributesHaveDefaults) {
  const OnnxModel model = load_model_text(R"(<ir_version: 8, opset_import: ["" : 17, "local" : 1]>
    g (float x) => (float y) { y = local.f(x) }
    <domain: "local", opset_import: ["" : 17]> f <k = 5> (a) => (b) { b = Op <axis: int = @k> (a) })");
  EXPECT_EQ(std::get<int64_t>(model.graph.nodes.at(0).attributes.at("axis")), 5);
}

TEST(LoadModel, FunctionBodiesWithSubgraphsAreRenamedThroughout) {
  const OnnxModel model = load_model_text(R"(<ir_version: 8, opset_import: ["" : 17, "local" : 1]>
    g (bool c, float x) => (float y) { t = Exp(x)  y = local.pick(c, t) }
    <domain: "local", opset_import: ["" : 17]> pick (a, b) => (r) {
      t = Neg(b)
      r = If <then_branch = u () => (p) { p = Abs(t) }, else_branch = v () => (q) <float k = {1}> { q = Add(b, k) }> (a) })");
  ASSERT_EQ(operators(model.graph), (std::vector<std::string>{"Exp", "Neg", "If"}));
  const OnnxNode& choice = model.graph.nodes[2];
  EXPECT_EQ(subgraph(choice, "then_branch").nodes.at(0).inputs.at(0),
            model.graph.nodes[1].outputs.at(0));
  EXPECT_NE(model.graph.nodes[1].outputs.at(0), "t");
  const OnnxGraph& other = subgraph(choice, "else_branch");
  EXPECT_EQ(other.nodes.at(0).inputs.at(0), "t");
  EXPECT_EQ(other.initializers.count(other.nodes.at(0).inputs.at(1)), 1u);
}

TEST(LoadModel, AFunctionMayPassItsInputThrough) {
  const OnnxModel model = load_model_text(R"(<ir_version: 8, opset_import: ["" : 17, "local" : 1]>
    g (float x) => (float y, float z) { y, z = local.f(x) }
    <domain: "local", opset_import: ["" : 17]> f (a, missing) => (a, c) { c = Op(a, missing) })");
  EXPECT_EQ(operators(model.graph), (std::vector<std::string>{"Op", "Identity"}));
  EXPECT_EQ(model.graph.nodes[0].inputs, (std::vector<std::string>{"x", ""}));
  EXPECT_EQ(model.graph.nodes[1].outputs.at(0), "y");
}

TEST(LoadModel, ReadsProtobufText) {
  const std::string text = R"(ir_version: 8
    opset_import { domain: "" version: 17 }
    graph { name: "g" node { input: "x" output: "y" op_type: "Neg" }
      input { name: "x" type { tensor_type { elem_type: 1 shape { dim { dim_param: "N" } } } } }
      output { name: "y" } })";
  const OnnxModel model = load_model_bytes(std::as_bytes(std::span(text)));
  EXPECT_EQ(operators(model.graph), (std::vector<std::string>{"Neg"}));
  EXPECT_EQ(model.graph.inputs.at(0).type.shape->at(0).symbol, "N");
}

TEST(LoadModel, ReadsProtobufJson) {
  const std::string text =
      R"({"irVersion": "8", "opsetImport": [{"version": "17"}], "graph": {"name": "g",
    "node": [{"input": ["x", "w"], "output": ["y"], "opType": "Add"}],
    "initializer": [{"name": "w", "dims": ["2"], "dataType": 1, "rawData": "AACAPwAAAEA="}],
    "input": [{"name": "x", "type": {"tensorType": {"elemType": 1, "shape": {"dim": [{"dimValue": "2"}]}}}}],
    "output": [{"name": "y"}]}})";
  const OnnxModel model = load_model_bytes(std::as_bytes(std::span(text)));
  EXPECT_EQ(operators(model.graph), (std::vector<std::string>{"Add"}));
  EXPECT_EQ(model.graph.initializers.at("w").as_double(1), 2.0);
}

}  // namespace
}  // namespace onnxc

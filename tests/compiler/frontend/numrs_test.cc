// NumRs models: where its operators differ from ONNX's, which inputs are dynamic, and what is
// refused.
#include "compiler/frontend/numrs.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/frontend/load_model.h"
#include "compiler/support/diagnostics.h"
#include "tests/support/shared_folder.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/wire_writer.h"

namespace onnxc {
namespace {

std::string byte_list(const std::string& bytes) {
  std::string text;
  for (const char byte : bytes)
    text += fmt::format("{}{}", text.empty() ? "" : ",", static_cast<uint8_t>(byte));
  return "[" + text + "]";
}

std::string tensor(const std::string& name, int dtype, const std::string& shape,
                   const std::string& bytes) {
  return fmt::format(R"({{"name":"{}","dtype":{},"shape":{},"data":{}}})", name, dtype, shape,
                     byte_list(bytes));
}

std::string node(const std::string& op_type, const std::string& inputs,
                 const std::string& attributes = "") {
  return fmt::format(
      R"({{"name":"n","op_type":"{}","inputs":[{}],"outputs":["y"],"attributes":{{{}}}}})", op_type,
      inputs, attributes);
}

std::string model(const std::string& nodes, const std::string& inputs,
                  const std::string& initializers) {
  return fmt::format(
      R"({{"metadata":{{"name":"m","version":1,"author":"a","description":"d","domain":"ai.numrs",
      "opset_version":18,"producer_name":"NumRs","producer_version":"0.1.23","metadata":{{"k":"v"}}}},
    "graph":{{"name":"g","nodes":[{}],"inputs":[{}],"outputs":["y"],"initializers":[{}]}}}})",
      nodes, inputs, initializers);
}

std::string input(const std::string& name, const std::string& shape) {
  return tensor(name, 1, shape, "");
}

OnnxModel load_one(const std::string& op_type, const std::string& shape,
                   const std::string& attributes) {
  return load_numrs(model(node(op_type, "\"x\"", attributes), input("x", shape), ""));
}

std::string error_of(const std::string& text) {
  try {
    load_numrs(text);
  } catch (const CompileError& error) {
    return error.what();
  }
  return "no error";
}

std::string dims_of(const OnnxValueInfo& info) {
  std::string text;
  for (const OnnxDim& dim : *info.type.shape) {
    text += (text.empty() ? "" : ",") + (dim.value ? std::to_string(*dim.value) : dim.symbol);
  }
  return text;
}

using Ints = std::vector<int64_t>;

TEST(Numrs, KeepsTheMetadata) {
  const OnnxModel loaded = load_one("Relu", "[1,4]", "");
  EXPECT_EQ(loaded.producer, "NumRs");
  EXPECT_EQ(loaded.producer_version, "0.1.23");
  EXPECT_EQ(loaded.opsets.at(""), 18);
  EXPECT_EQ(loaded.metadata.at("metadata.k"), "v");
  EXPECT_EQ(loaded.graph.outputs.at(0).type.dtype, DType::kFloat);
  EXPECT_FALSE(loaded.graph.outputs.at(0).type.shape.has_value());
}

TEST(Numrs, TransposeReversesAllAxes) {
  const OnnxModel loaded = load_one("Transpose", "[2,3,4]", R"("perm":{"Ints":[1,0]})");
  EXPECT_TRUE(loaded.graph.nodes.at(0).attributes.empty());
}

TEST(Numrs, FlattenKeepsTheLeadingAxes) {
  EXPECT_EQ(load_one("Flatten", "[1,3,4]", R"("axis":{"Int":1})").graph.nodes.at(0).op_type,
            "Flatten");
  const OnnxModel loaded = load_one("Flatten", "[1,3,4,5]", R"("axis":{"Int":2})");
  const OnnxNode& reshape = loaded.graph.nodes.at(0);
  EXPECT_EQ(reshape.op_type, "Reshape");
  EXPECT_EQ(loaded.graph.initializers.at(reshape.inputs.at(1)).as_int64s(), (Ints{0, 0, -1}));
  EXPECT_TRUE(reshape.attributes.empty());
}

TEST(Numrs, ConvolutionUsesOneStrideAndOnePadding) {
  const OnnxModel loaded = load_numrs(
      model(node("Conv", R"("x","w")",
                 R"("strides":{"Ints":[2]},"pads":{"Ints":[1,7]},"kernel_shape":{"Ints":[1]})"),
            input("x", "[1,1,8]"), tensor("w", 1, "[1,1,1]", raw({1.0f}))));
  const auto& attributes = loaded.graph.nodes.at(0).attributes;
  EXPECT_EQ(std::get<Ints>(attributes.at("strides")), (Ints{2}));
  EXPECT_EQ(std::get<Ints>(attributes.at("pads")), (Ints{1, 1}));
}

TEST(Numrs, DropoutAndBatchNormalizationAreInference) {
  EXPECT_TRUE(load_one("Dropout", "[1,4]", R"("ratio":{"Float":0.1})")
                  .graph.nodes.at(0)
                  .attributes.empty());
  const std::string one = tensor("w", 1, "[2]", raw({1.0f, 2.0f}));
  const OnnxModel loaded =
      load_numrs(model(node("BatchNormalization", R"("x","w","w","w","w")",
                            R"("epsilon":{"Float":1e-05},"momentum":{"Float":0.1})"),
                       input("x", "[1,2,3]"), one));
  EXPECT_EQ(loaded.graph.nodes.at(0).attributes.size(), 1u);
  EXPECT_EQ(std::get<float>(loaded.graph.nodes.at(0).attributes.at("epsilon")), 1e-5f);
}

TEST(Numrs, AZeroInAReshapeIsASize) {
  const auto reshape = [](const std::initializer_list<int64_t> sizes) {
    return load_numrs(model(node("Reshape", R"("x","s")"), input("x", "[2,0]"),
                            tensor("s", 7, "[2]", raw(sizes))));
  };
  const OnnxModel zero = reshape({0, 4});
  EXPECT_EQ(std::get<int64_t>(zero.graph.nodes.at(0).attributes.at("allowzero")), 1);
  const Tensor& sizes = zero.graph.initializers.at(zero.graph.nodes[0].inputs.at(1));
  EXPECT_EQ(sizes.type(), DType::kInt64);
  EXPECT_EQ(zero.graph.initializers.count("s"), 0u);
  EXPECT_TRUE(reshape({-1, 4}).graph.nodes.at(0).attributes.empty());
}

TEST(Numrs, OtherElementTypesBecomeFloat) {
  for (const auto& [dtype, bytes] :
       {std::pair(6, raw<int32_t>({3, -4})), std::pair(7, raw<int64_t>({3, -4})),
        std::pair(11, raw<double>({3, -4})), std::pair(1, raw<float>({3, -4}))}) {
    const OnnxModel loaded = load_numrs(
        model(node("Add", R"("x","w")"), input("x", "[2]"), tensor("w", dtype, "[2]", bytes)));
    EXPECT_EQ(loaded.graph.initializers.at("w").type(), DType::kFloat) << dtype;
    EXPECT_EQ(loaded.graph.initializers.at("w").as_double(1), -4) << dtype;
  }
}

TEST(Numrs, AttributesOfEveryKindAreRead) {
  const OnnxModel loaded = load_one(
      "Custom", "[1]",
      R"("f":{"Float":1},"i":{"Int":-2},"s":{"String":"añ"},"fs":{"Floats":[0.5,1]},"is":{"Ints":[1,-2]},
         "ss":{"Strings":["p","q"]},"t":{"Tensor":[[2],[1.0,2.5]]})");
  const auto& attributes = loaded.graph.nodes.at(0).attributes;
  EXPECT_EQ(std::get<float>(attributes.at("f")), 1.0f);
  EXPECT_EQ(std::get<int64_t>(attributes.at("i")), -2);
  EXPECT_EQ(std::get<std::string>(attributes.at("s")), "añ");
  EXPECT_EQ(std::get<std::vector<float>>(attributes.at("fs")), (std::vector<float>{0.5, 1}));
  EXPECT_EQ(std::get<Ints>(attributes.at("is")), (Ints{1, -2}));
  EXPECT_EQ(std::get<std::vector<std::string>>(attributes.at("ss")).size(), 2u);
  EXPECT_EQ(std::get<Tensor>(attributes.at("t")).as_double(1), 2.5);
}

TEST(Numrs, TheBatchIsAHintUnlessSomethingPinsIt) {
  const auto batch = [](const OnnxModel& loaded) {
    EXPECT_EQ(loaded.batch_is_hint, dims_of(loaded.graph.inputs.at(0)).starts_with("batch"));
    return dims_of(loaded.graph.inputs.at(0));
  };
  EXPECT_EQ(batch(load_one("Relu", "[1,4]", "")), "batch,4");
  EXPECT_EQ(batch(load_one("Flatten", "[1,2,4]", R"("axis":{"Int":1})")), "batch,2,4");
  const auto reshape = [](const std::initializer_list<int64_t> sizes) {
    return load_numrs(model(node("Reshape", R"("x","s")"), input("x", "[1,2,2]"),
                            tensor("s", 7, "[2]", raw(sizes))));
  };
  EXPECT_EQ(batch(reshape({1, 4})), "1,2,2");
  EXPECT_EQ(batch(reshape({-1, 4})), "batch,2,2");
  EXPECT_EQ(batch(load_numrs(model(node("Add", R"("x","w")"), input("x", "[2,1]"),
                                   tensor("w", 1, "[2,1]", raw({1.0f, 2.0f}))))),
            "2,1");
  EXPECT_EQ(batch(load_numrs(model(node("MatMul", R"("w","x")"), input("x", "[2,1]"),
                                   tensor("w", 1, "[1,2]", raw({1.0f, 2.0f}))))),
            "2,1");
}

TEST(Numrs, InputsOfAnotherSizeKeepIt) {
  const OnnxModel loaded = load_numrs(
      model(node("Add", R"("x","z")"), input("x", "[4,3]") + "," + input("z", "[1,3]"), ""));
  EXPECT_EQ(dims_of(loaded.graph.inputs.at(0)), "batch,3");
  EXPECT_EQ(dims_of(loaded.graph.inputs.at(1)), "1,3");
}

TEST(Numrs, AGraphWithoutNodesCompilesWithAWarning) {
  std::string text = model("", input("y", "[2,2]"), "");
  const OnnxModel loaded = load_numrs(text);
  EXPECT_TRUE(loaded.graph.nodes.empty());
  EXPECT_EQ(loaded.graph.outputs.at(0).name, "y");
  ASSERT_EQ(loaded.warnings.size(), 1u);
  EXPECT_NE(loaded.warnings[0].find("no operations"), std::string::npos);
}

TEST(Numrs, MissingWeightsAreAllNamed) {
  try {
    load_numrs(model(node("Gemm", R"("x","w","b")"), input("x", "[1,4]"), ""));
    FAIL();
  } catch (const CompileError& error) {
    EXPECT_STREQ(error.what(), "Gemm \"n\" reads \"w\", which is not in the file");
    EXPECT_EQ(error.notes().at(0), "Gemm \"n\" reads \"b\", which is not in the file either");
  }
}

TEST(Numrs, MalformedFilesAreRefused) {
  const std::string x = input("x", "[1,4]");
  const std::string prefix = "this NumRs model is malformed: ";
  EXPECT_EQ(error_of("{}"), prefix + "the model has no \"metadata\"");
  EXPECT_EQ(
      error_of(model(R"({"name":"n","op_type":"Relu","inputs":["x"],"outputs":["y"]})", x, "")),
      prefix + "node 0 \"n\" has no \"attributes\"");
  EXPECT_EQ(error_of(model(node("Relu", "\"x\"", R"("k":{"Float":null})"), x, "")),
            prefix + "attribute \"k\" of node \"n\" holds null");
  EXPECT_EQ(error_of(model(node("Relu", "\"x\"", R"("k":{"Int":1,"Float":1})"), x, "")),
            prefix + "attribute \"k\" of node \"n\" should have one kind");
  EXPECT_EQ(error_of(model(node("Relu", "\"x\"", R"("k":{"Int":1},"k":{"Int":1})"), x, "")),
            prefix + "\"k\" stands twice in node 0 \"n\"");
  EXPECT_EQ(error_of(model(node("Relu", "\"x\""), x, tensor("w", 1, "[2]", "1234"))),
            prefix + "tensor \"w\" has 4 bytes, but float[2] needs 8");
  EXPECT_EQ(error_of(model(node("Relu", "\"x\""), x, tensor("w", 10, "[2]", "1234"))),
            prefix +
                "tensor \"w\" has the dtype 10; 1 (float), 6 (int32), 7 (int64) and 11 (double) "
                "are known");
  EXPECT_EQ(error_of(model(node("Relu", "\"x\""), x,
                           R"({"name":"w","dtype":1,"shape":[1],"data":[256,0,0,0]})")),
            prefix + "byte 0 of tensor \"w\" is 256");
  EXPECT_EQ(
      error_of(model(node("Relu", "\"x\""), x, tensor("w", 1, "[9999999999,9999999999]", ""))),
      prefix + "tensor \"w\" has the absurd shape [9999999999,9999999999]");
  EXPECT_EQ(
      error_of(model(
          R"({"name":3,"op_type":"Relu","inputs":["x"],"outputs":["y"],"attributes":{}})", x, "")),
      prefix + "\"name\" of node 0 \"\" is a number");
  EXPECT_EQ(error_of("[]"), prefix + "the file is a list, not a model");
}

TEST(Numrs, EveryCutIsAnError) {
  const std::string text =
      model(node("Add", R"("x","w")", R"("t":{"Tensor":[[1],[1.0]]},"i":{"Ints":[1]})"),
            input("x", "[2]"), tensor("w", 1, "[1]", raw({1.0f})));
  ASSERT_EQ(error_of(text), "no error");
  for (size_t length = 0; length < text.size(); ++length) {
    EXPECT_NE(error_of(text.substr(0, length)), "no error") << length;
  }
}

TEST(Numrs, UnknownKeysAreIgnoredAndOrderDoesNotMatter) {
  EXPECT_EQ(error_of(R"({"extra":{"a":[1,{"b":null}]},
      "graph":{"outputs":["y"],"x":true,"initializers":[],"inputs":[{"shape":[1],"data":[],"dtype":1,"name":"y"}],
               "nodes":[],"name":"g"},
      "metadata":{"name":"m","opset_version":18,"producer_name":"NumRs","speed":1.5,"list":[1]}})"),
            "no error");
}

TEST(Numrs, SharedSamplesLoad) {
  const std::string folder = shared_path("numrs");
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is missing";
  int loaded = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(".onnx.json") && name != "checkpoint.json") continue;
    if (name.starts_with("bad_")) {
      EXPECT_THROW(load_model(entry.path().string()), CompileError) << name;
      continue;
    }
    EXPECT_FALSE(load_model(entry.path().string()).graph.outputs.empty()) << name;
    ++loaded;
  }
  EXPECT_GE(loaded, 9);
}

}  // namespace
}  // namespace onnxc

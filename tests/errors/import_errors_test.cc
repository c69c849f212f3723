// What a user sees when a file is no model, or a broken one: a message that names the cause, never
// a crash.
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <random>

#include "compiler/frontend/load_model.h"
#include "compiler/support/diagnostics.h"
#include "tests/support/shared_folder.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/wire_writer.h"

namespace onnxc {
namespace {

using namespace std::string_literals;

// The message without the file's name, or "no error".
std::string error_of(const std::string& content) {
  try {
    load_model_bytes(std::as_bytes(std::span(content)), "m");
  } catch (const CompileError& error) {
    return std::string(error.what()).substr(3);
  }
  return "no error";
}

std::string text(const std::string& graph) {
  return "<ir_version: 8, opset_import: [\"\" : 17, \"d\" : 1]>\n" + graph;
}

std::string with_initializer(const WireMessage& initializer) {
  return wire_model(wire_graph_with_initializer(initializer)).text();
}

std::string good_model() {
  return with_initializer(wire_tensor("w", 1, {2}).bytes(9, raw({1.0f, 2.0f})));
}

WireMessage external(const std::string& location) {
  return wire_tensor("w", 1, {2})
      .varint(14, 1)
      .message(13, WireMessage().bytes(1, "location").bytes(2, location));
}

struct Case {
  std::string name;
  std::string content;
  std::string message;
};

void PrintTo(const Case& a_case, std::ostream* stream) { *stream << a_case.name; }

class ImportErrors : public testing::TestWithParam<Case> {};

TEST_P(ImportErrors, AreNamed) { EXPECT_EQ(error_of(GetParam().content), GetParam().message); }

const std::vector<Case>& other_kinds_of_file() {
  static const std::vector<Case> cases = {
      {"Empty", "", "the file is empty"},
      {"Blank", " \n\t ", "this is an empty text"},
      {"Zeros", std::string(5000, '\0'),
       "this is a file of zeros; the download or copy was probably not finished"},
      {"GitLfsPointer", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
       "this is a Git LFS pointer, not the model itself; fetch it with git lfs pull"},
      {"Html", "\n<!DOCTYPE HTML><html><body>404</body></html>",
       "this is an HTML page; the download probably gave an error or a login page instead of the "
       "model"},
      {"OpenVino", "<?xml version=\"1.0\"?>\n<net name=\"m\" version=\"11\"></net>",
       "this is an OpenVINO network (XML); give the ONNX model it was made from"},
      {"Piper",
       R"({"audio": {"sample_rate": 22050}, "espeak": {"voice": "en"}, "num_symbols": 256})",
       "this is a Piper voice configuration, not the voice; give the .onnx file beside it"},
      {"HuggingFace", R"({"architectures": ["BertModel"], "model_type": "bert"})",
       "this is a Hugging Face model configuration; export the model to ONNX first"},
      {"TensorFlowJs", R"({"format": "graph-model", "modelTopology": {}})",
       "this is a TensorFlow.js model; convert it to ONNX first"},
      {"OtherJson", R"({"a": 1, "b": {"c": 2}})", "this is JSON, but no model: its keys are a, b"},
      {"CutJson", R"({"a": 1, "b": )",
       "this is JSON that is cut off or broken: parse error at line 1, column 15: syntax error "
       "while parsing value - "
       "unexpected end of input; expected '[', '{', or a literal"},
      {"TensorFlowLite", "\x1c\0\0\0TFL3"s + std::string(20, '\1'),
       "this is a TensorFlow Lite model; convert it to ONNX, for example with tf2onnx --tflite"},
      {"OnnxRuntime", "\x18\0\0\0ORTM"s + std::string(20, '\1'),
       "this is a model in ONNX Runtime's own format; give the .onnx file it was made from"},
      {"SavedModel", WireMessage().varint(1, 1).message(2, WireMessage().bytes(1, "meta")).text(),
       "this is a TensorFlow SavedModel; convert it to ONNX, for example with tf2onnx"},
      {"GraphDef",
       WireMessage()
           .message(1, WireMessage().bytes(1, "x").bytes(2, "Placeholder"))
           .message(4, WireMessage().varint(1, 1))
           .text(),
       "this is a TensorFlow graph (GraphDef); convert it to ONNX, for example with tf2onnx"},
      {"TorchScript", "PK\x03\x04"s + std::string(26, '\0') + "archive/data.pkl",
       "this is a PyTorch or TorchScript archive; export the model with torch.onnx.export"},
      {"Zip", "PK\x03\x04"s + std::string(26, '\0') + "model.onnx",
       "this is a ZIP archive; unpack it first"},
      {"Pickle", "\x80\x02}q\0."s,
       "this is a Python pickle, probably PyTorch weights; export the model with "
       "torch.onnx.export"},
      {"Safetensors", "\x10\0\0\0\0\0\0\0{\"w\":{\"dtype\":1}}"s,
       "this is a safetensors file, which holds weights but no graph of operators; export the "
       "model to ONNX"},
      {"Gguf", "GGUF\3\0\0\0"s,
       "this is a GGUF file of weights (llama.cpp); it holds no graph of operators"},
      {"Gzip", "\x1f\x8b\x08\0"s, "this is gzip-compressed; unpack it first"},
      {"Npy", "\x93NUMPY\1\0"s, "this is a NumPy array (.npy), which is data and no model"},
      {"RecordedTensor", wire_tensor("t", 1, {1}).bytes(9, raw({1.0f})).text(),
       "this is a single ONNX tensor (as in test_data_set folders), not a model"},
      {"OtherText", "hello world\nmore",
       "this is text of an unknown kind, starting \"hello world\""},
      {"Noise", "\x01\x02\x03\xff\xfe"s,
       "this is neither an ONNX model nor another known kind of file (it starts with the bytes 01 "
       "02 03 ff fe)"},
  };
  return cases;
}

const std::vector<Case>& broken_models() {
  static const std::vector<Case> cases = {
      {"NoGraph", WireMessage().varint(1, 8).bytes(2, "p").message(8, wire_opset(17)).text(),
       "this looks like an ONNX model, but it holds no graph"},
      {"NoOpset",
       WireMessage()
           .varint(1, 8)
           .message(7, wire_graph_with_initializer(wire_tensor("w", 1, {0})))
           .text(),
       "the model imports no operator set (opset_import is empty)"},
      {"NewOpset", wire_model(wire_graph_with_initializer(wire_tensor("w", 1, {0})), 29).text(),
       "operator set 29 of ONNX is not supported; versions 1 to 28 are"},
      {"OpsetZero", wire_model(wire_graph_with_initializer(wire_tensor("w", 1, {0})), 0).text(),
       "operator set 0 of ONNX is not supported; versions 1 to 28 are"},
      {"OnlyOtherDomains",
       "<ir_version: 8, opset_import: [\"d\" : 1]> g (float x) => (float y) { [n] y = Neg(x) }",
       "node \"n\" is the standard operator Neg, but the model imports no operator set for it"},
      {"TwoOpsets",
       "<ir_version: 8, opset_import: [\"\" : 1, \"ai.onnx\" : 2]> g (float x) => (float x) {}",
       "domain \"ai.onnx\" is imported with the versions 1 and 2"},
      {"UndefinedInput", text("g (float x) => (float y) { [n] y = Add(x, ghost) }"),
       "Add \"n\" reads \"ghost\", which no node, input or initializer defines"},
      {"UndefinedInSubgraph",
       text("g (bool c) => (float y) { y = If <then_branch = t () => (p) { p = Neg(ghost) }, "
            "else_branch = e () => (q) { q = Neg(ghost) }> (c) }"),
       "Neg producing \"q\" reads \"ghost\", which no node, input or initializer defines"},
      {"UndefinedOutput", text("g (float x) => (float y, float z) { y = Neg(x) }"),
       "output \"z\" is defined by no node, input or initializer"},
      {"OutputListedTwice", text("g (float x) => (float y, float y) { y = Neg(x) }"),
       "output \"y\" is listed twice"},
      {"NoOutputs", text("g (float x) => () { y = Neg(x) }"), "the graph has no outputs"},
      {"DefinedTwice", text("g (float x) => (float y) { y = Neg(x) [again] y = Exp(x) }"),
       "Exp \"again\" defines \"y\", which is already defined"},
      {"RedefinesInput", text("g (float x) => (float x) { x = Neg(x) }"),
       "Neg producing \"x\" defines \"x\", which is already defined"},
      {"InputTwice", text("g (float x, float x) => (float y) { y = Neg(x) }"),
       "an input defines \"x\", which is already defined"},
      {"SelfCycle", text("g (float x) => (float y) { [n] y = Add(x, y) }"),
       "the nodes form a cycle: Add \"n\" -> Add \"n\""},
      {"Cycle",
       text("g (float x) => (float y) { [a] p = Add(x, r) [b] q = Neg(p) [c] r = Exp(q) y = Abs(r) "
            "}"),
       "the nodes form a cycle: Add \"a\" -> Neg \"b\" -> Exp \"c\" -> Add \"a\""},
      {"CycleThroughSubgraph",
       text("g (bool c) => (float y) { [n] y = If <then_branch = t () => (p) { p = Neg(z) }, "
            "else_branch = e () => (q) { q = Neg(z) }> (c) [m] z = Exp(y) }"),
       "the nodes form a cycle: If \"n\" -> Exp \"m\" -> If \"n\""},
      {"InitializerTooShort", with_initializer(wire_tensor("w", 1, {2}).bytes(9, "1234")),
       "initializer \"w\": raw_data has 4 bytes, but float[2] needs 8"},
      {"InitializerWithoutData", with_initializer(wire_tensor("w", 1, {2})),
       "initializer \"w\": float_data has 0 bytes, but float[2] needs 8"},
      {"InitializerOfUnknownType", with_initializer(wire_tensor("w", 77, {2}).bytes(9, "12345678")),
       "initializer \"w\": unknown element type 77"},
      {"NegativeDimension", with_initializer(wire_tensor("w", 1, {-2})),
       "initializer \"w\": shape [-2] has a negative dimension"},
      {"OverflowingDimensions",
       with_initializer(wire_tensor("w", 1, {int64_t{1} << 32, int64_t{1} << 32})),
       "initializer \"w\": shape [4294967296,4294967296] has more elements than any memory holds"},
      {"OverflowingInput",
       wire_model(WireMessage()
                      .message(1, wire_node("Neg", {"x"}, {"y"}))
                      .message(11, wire_value("x", 1, {int64_t{1} << 40, int64_t{1} << 40}))
                      .message(12, wire_value("y", 1, {})))
           .text(),
       "value \"x\" has a shape of more bytes than any memory holds"},
      {"InputOfUnknownType",
       wire_model(WireMessage()
                      .message(1, wire_node("Neg", {"x"}, {"y"}))
                      .message(11, wire_value("x", 99, {1}))
                      .message(12, wire_value("y", 1, {})))
           .text(),
       "value \"x\": unknown element type 99"},
      {"NamelessInitializer", with_initializer(wire_tensor("", 1, {0})),
       "an initializer has no name"},
      {"TwoInitializers",
       wire_model(wire_graph_with_initializer(wire_tensor("w", 1, {0}))
                      .message(5, wire_tensor("w", 1, {0})))
           .text(),
       "initializer \"w\": there are two of this name"},
      {"NoOpType",
       wire_model(WireMessage()
                      .message(1, wire_node("", {"x"}, {"y"}, "n"))
                      .message(11, wire_value("x", 1, {}))
                      .message(12, wire_value("y", 1, {})))
           .text(),
       " \"n\": the node has no op_type"},
      {"AttributeTwice", text("g (float x) => (float y) { [n] y = Op <k = 1, k = 2> (x) }"),
       "Op \"n\": attribute \"k\": the node has two of this name"},
      {"AttributeWithoutTensor",
       wire_model(WireMessage()
                      .message(1, wire_node("Constant", {}, {"y"}, "n")
                                      .message(5, WireMessage().bytes(1, "value").varint(20, 4)))
                      .message(12, wire_value("y", 1, {})))
           .text(),
       "Constant \"n\": attribute \"value\": it should have one value but has 0"},
      {"ReferenceOutsideFunction",
       text("g (float x) => (float y) { [n] y = Op <k: int = @a> (x) }"),
       "Op \"n\": attribute \"k\": it refers to the attribute \"a\" of a function, but stands in "
       "no function"},
      {"RecursiveFunction",
       text("g (float x) => (float y) { y = d.f(x) } <domain: \"d\", opset_import: [\"d\" : 1]> f "
            "(a) => (b) { b = d.f(a) }"),
       "function d.f calls itself"},
      {"MutuallyRecursiveFunctions",
       text("g (float x) => (float y) { y = d.f(x) } <domain: \"d\", opset_import: [\"d\" : 1]> f "
            "(a) => (b) { b = d.h(a) } "
            "<domain: \"d\", opset_import: [\"d\" : 1]> h (a) => (b) { b = d.f(a) }"),
       "function d.f calls itself"},
      {"FunctionTwice",
       text("g (float x) => (float y) { y = d.f(x) } <domain: \"d\"> f (a) => (b) { b = Neg(a) } "
            "<domain: \"d\"> f (a) => "
            "(b) { b = Neg(a) }"),
       "function d.f is defined twice"},
      {"FunctionWithTooManyInputs",
       text("g (float x) => (float y) { y = d.f(x, x) } <domain: \"d\"> f (a) => (b) { b = Neg(a) "
            "}"),
       "a call of function d.f has 2 inputs and 1 outputs, but the function has 1 and 1"},
      {"ExternalDataFromMemory", with_initializer(external("w.bin")),
       "initializer \"w\": external data \"w.bin\" cannot be read: the model does not come from a "
       "file"},
      {"ExternalDataWithoutLocation", with_initializer(wire_tensor("w", 1, {2}).varint(14, 1)),
       "initializer \"w\": external data has no location"},
      {"ExternalDataOfAnotherProcess", with_initializer(external("*/_ORT_MEM_ADDR_/*")),
       "initializer \"w\": external data lies in the memory of the process that exported the "
       "model"},
      {"BrokenText", text("g (float x) => (float y) { y = Neg(x "),
       "line 2, column 38: the text ends where \",\" is expected"},
      {"BrokenProtobufText", "ir_version: 8\ngraph { nod { } ",
       "the protobuf text is broken: line 2, column 17: Expected identifier, got: "},
      {"BrokenNumrs", R"({"metadata": {}, "graph": {"nodes": [)",
       "this NumRs model is malformed: \"metadata\" has no \"name\""},
      {"CutModel", good_model().substr(0, good_model().size() - 5),
       "this looks like an ONNX model that is cut off or damaged: a field at byte 10 has 77 bytes, "
       "but only 72 are left"},
  };
  return cases;
}

std::string name_of(const testing::TestParamInfo<Case>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(OtherFiles, ImportErrors, testing::ValuesIn(other_kinds_of_file()),
                         name_of);
INSTANTIATE_TEST_SUITE_P(BrokenModels, ImportErrors, testing::ValuesIn(broken_models()), name_of);

std::string path_error(const std::string& path) {
  try {
    load_model(path);
  } catch (const CompileError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ImportErrors, PathsThatAreNoFile) {
  const TemporaryFolder folder;
  const std::string path = folder.path().string();
  EXPECT_EQ(path_error(folder.file("none")),
            folder.file("none") + ": cannot open the file: No such file or directory");
  EXPECT_EQ(path_error(path), path + ": this is a directory without a model.onnx, not a model");
  folder.write("model.onnx", good_model());
  EXPECT_EQ(path_error(path),
            path + ": this is a directory; did you mean " + folder.file("model.onnx"));
  folder.write("saved_model.pb", "");
  EXPECT_EQ(
      path_error(path),
      path + ": this is a TensorFlow SavedModel; convert it to ONNX, for example with tf2onnx");
}

TEST(ImportErrors, ExternalDataStaysInTheFolder) {
  const TemporaryFolder folder;
  folder.write("outside.bin", raw({1.0f, 2.0f}));
  folder.write("model/inside.bin", raw({1.0f, 2.0f}));
  folder.write("model/short.bin", "1234");
  std::filesystem::create_symlink(folder.file("outside.bin"), folder.file("model/link.bin"));
  std::filesystem::create_directory_symlink(folder.path(), folder.file("model/up"));
  std::filesystem::create_symlink("inside.bin", folder.file("model/alias.bin"));
  const auto message = [&](const std::string& location) {
    const std::string path = folder.write("model/m.onnx", with_initializer(external(location)));
    const std::string error = path_error(path);
    const std::string prefix = path + ": initializer \"w\": external data \"" + location + "\" ";
    return error.starts_with(prefix) ? error.substr(prefix.size()) : error;
  };
  EXPECT_EQ(message("inside.bin"), "no error");
  EXPECT_EQ(message("alias.bin"), "no error");
  EXPECT_EQ(message("./inside.bin"), "no error");
  EXPECT_EQ(message("../outside.bin"), "leaves the model's folder");
  EXPECT_EQ(message("a/../../outside.bin"), "leaves the model's folder");
  EXPECT_EQ(message(folder.file("outside.bin")), "must have a path relative to the model");
  EXPECT_EQ(message("link.bin"), "leaves the model's folder through a symbolic link");
  EXPECT_EQ(message("up/outside.bin"), "leaves the model's folder through a symbolic link");
  EXPECT_EQ(message("none.bin"), "cannot be opened: No such file or directory");
  EXPECT_EQ(message("short.bin"), "has 4 bytes, but 8 bytes from byte 0 are wanted");
}

TEST(ImportErrors, NestingIsLimitedInEveryFormat) {
  WireMessage graph = WireMessage().message(12, wire_value("y", 1, {}));
  std::string inner = "g () => (y) { y = Op() }";
  for (int depth = 0; depth < 3000; ++depth) {
    graph = WireMessage()
                .message(1, wire_node("Op", {}, {"y"})
                                .message(5, WireMessage().bytes(1, "b").message(6, graph)))
                .message(12, wire_value("y", 1, {}));
    if (depth < 300) inner = "g () => (y) { y = Op <b = " + inner + "> () }";
  }
  EXPECT_EQ(error_of(wire_model(graph).text()), "graphs are nested more than 64 deep");
  EXPECT_NE(error_of(text(inner)).find("graphs are nested more than 64 deep"), std::string::npos);
  EXPECT_NE(error_of("{\"graph\": {\"nodes\": " + std::string(100000, '[')), "no error");
  EXPECT_NE(error_of("ir_version: 8 " + std::string(100000, '{')), "no error");
  WireMessage type = WireMessage().message(1, WireMessage().varint(1, 1));
  for (int depth = 0; depth < 100; ++depth)
    type = WireMessage().message(4, WireMessage().message(1, type));
  const WireMessage value = WireMessage().bytes(1, "x").message(2, type);
  EXPECT_EQ(error_of(wire_model(WireMessage().message(11, value).message(12, value)).text()),
            "value \"x\": types are nested more than 32 deep");
}

TEST(ImportErrors, ExplodingFunctionsAreStopped) {
  std::string model = text("g (float x) => (float y) { y = d.f0(x) }");
  for (int i = 0; i < 40; ++i) {
    const std::string next = "d.f" + std::to_string(i + 1);
    model += "<domain: \"d\", opset_import: [\"\" : 17, \"d\" : 1]> f" + std::to_string(i) +
             " (a) => (b) { ";
    for (int k = 0; k < 30; ++k) model += "t" + std::to_string(k) + " = " + next + "(a) ";
    model += "b = " + next + "(t0) }\n";
  }
  EXPECT_EQ(error_of(model), "the model's functions expand to more than 262144 nodes");
}

// A richer model than the others, so that cuts and flips reach every reader.
std::string varied_model() {
  WireMessage branch = WireMessage()
                           .message(1, wire_node("Neg", {"x"}, {"p"}))
                           .bytes(2, "branch")
                           .message(12, wire_value("p", 1, {2}));
  const WireMessage choice =
      wire_node("If", {"c"}, {"q"}, "choice")
          .message(5, WireMessage().bytes(1, "then_branch").message(6, branch).varint(20, 5))
          .message(5, WireMessage().bytes(1, "else_branch").message(6, branch).varint(20, 5))
          .message(5, WireMessage().bytes(1, "floats").bytes(7, raw({1.0f, 2.0f})).varint(20, 6))
          .message(5, WireMessage().bytes(1, "ints").bytes(8, "\1\2\3").varint(20, 7));
  const WireMessage sparse = WireMessage()
                                 .message(1, wire_tensor("s", 1, {1}).bytes(9, raw({1.0f})))
                                 .message(2, wire_tensor("", 7, {1}).bytes(7, "\1"))
                                 .bytes(3, "\4");
  const WireMessage graph = WireMessage()
                                .message(1, choice)
                                .message(1, wire_node("Add", {"q", "w"}, {"r"}))
                                .message(1, wire_node("F", {"r"}, {"y"}).bytes(7, "d"))
                                .message(5, wire_tensor("w", 1, {2}).bytes(9, raw({1.0f, 2.0f})))
                                .message(5, wire_tensor("n", 22, {3}).bytes(5, "\1\2"))
                                .message(15, sparse)
                                .message(11, wire_value("x", 1, {2}))
                                .message(11, wire_value("c", 9, {}))
                                .message(12, wire_value("y", 1, {2}));
  const WireMessage function = WireMessage()
                                   .bytes(1, "F")
                                   .bytes(4, "a")
                                   .bytes(5, "b")
                                   .message(7, wire_node("Exp", {"a"}, {"b"}))
                                   .message(9, wire_opset(17))
                                   .bytes(10, "d");
  return WireMessage(wire_model(graph)).message(8, wire_opset(1, "d")).message(25, function).text();
}

TEST(ImportErrors, EveryCutOfAFileIsAnError) {
  const std::string model = varied_model();
  ASSERT_EQ(error_of(model), "no error");
  const std::string whole = good_model();
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_NE(error_of(whole.substr(0, length)), "no error") << length;
  }
  for (size_t length = 0; length < model.size(); ++length) error_of(model.substr(0, length));
}

TEST(ImportErrors, NoChangedByteCrashes) {
  const std::string model = varied_model();
  std::mt19937 random(1);
  int errors = 0;
  for (size_t i = 0; i < model.size(); ++i) {
    for (const int change : {1, 0x80, 0xff, static_cast<int>(random() & 0xff)}) {
      std::string changed = model;
      changed[i] = static_cast<char>(changed[i] ^ change);
      errors += error_of(changed) != "no error";
    }
  }
  EXPECT_GT(errors, static_cast<int>(model.size()));
}

TEST(ImportErrors, NoChangedCharacterOfTextCrashes) {
  const std::string graph =
      text(R"(g (float[N,2] x, bool c) => (float[N,2] y) <float[2] w = {1, -2.5e1}> {
    y = If <then_branch = t () => (p) { [n] p = Add <k = [1,2]> (x, w) }, else_branch = e () => (q) { q = d.f(x) }> (c) }
    <domain: "d", opset_import: ["" : 17]> f <a = 1> (u) => (v) { v = Op <z: int = @a> (u) })");
  ASSERT_EQ(error_of(graph), "no error");
  for (size_t i = 0; i < graph.size(); ++i) {
    for (const char c : {'{', '}', '<', '"', ',', '=', '9', '-', '\0', ' '}) {
      std::string changed = graph;
      changed[i] = c;
      error_of(changed);
    }
  }
}

TEST(ImportErrors, CutsOfARealModelAreErrors) {
  const std::string path = shared_path("models/mnist8/model.onnx");
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is missing";
  const std::string whole = content_of(path);
  ASSERT_EQ(error_of(whole), "no error");
  for (size_t length = 0; length < whole.size() - 20; length += 97) {
    EXPECT_NE(error_of(whole.substr(0, length)), "no error") << length;
  }
}

}  // namespace
}  // namespace onnxc

// What the commands print and write for a model that compiles.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "compiler/ir/npy.h"
#include "tests/support/tool.h"
#include "tests/support/wire_writer.h"

namespace onnxc {
namespace {

class Commands : public ::testing::Test {
 protected:
  Commands() { folder_.write("tiny.onnx", kTinyModel); }

  std::string ok(const std::string& arguments) {
    const ToolResult result = run_tool(folder_, arguments);
    EXPECT_EQ(result.code, 0) << arguments << "\n" << result.out << result.err;
    EXPECT_EQ(result.err, "") << arguments;
    return result.out;
  }

  std::string file(const std::string& name) const { return content_of(folder_.file(name)); }

  // TensorProto of floats: dims 1, data_type 2, raw_data 9.
  void write_pb(const std::string& name, const std::vector<int64_t>& dims,
                const std::vector<float>& values) {
    WireMessage tensor;
    for (int64_t d : dims) tensor.varint(1, static_cast<uint64_t>(d));
    tensor.varint(2, 1).bytes(
        9, std::string(reinterpret_cast<const char*>(values.data()), values.size() * 4));
    folder_.write(name, tensor.text());
  }

  // x = [[1, 1]] gives max([1 + 3 - 1, 2 + 4 + 1], 0).
  void write_case(const std::string& folder, const std::vector<float>& expected) {
    folder_.write(folder + "/model.onnx", kTinyModel);
    write_pb(folder + "/test_data_set_0/input_0.pb", {1, 2}, {1, 1});
    write_pb(folder + "/test_data_set_0/output_0.pb", {1, 2}, expected);
  }

  TemporaryFolder folder_;
};

TEST_F(Commands, CompileWritesSourceHeaderAndWeights) {
  ok("tiny.onnx -o net.cpp");
  EXPECT_NE(file("net.cpp").find("#include \"net.h\""), std::string::npos);
  EXPECT_NE(file("net.cpp").find("--march x86-64-v3"), std::string::npos);
  EXPECT_NE(file("net.h").find("int net_run("), std::string::npos);
  EXPECT_EQ(file("net.weights").substr(0, 8), "ONNXCW01");
}

TEST_F(Commands, CompileIncludesTheHeaderByItsFileName) {
  ok("tiny.onnx -o my-net.cpp --name other");
  EXPECT_NE(file("my-net.cpp").find("#include \"my-net.h\""), std::string::npos);
  EXPECT_NE(file("my-net.h").find("int other_run("), std::string::npos);
}

TEST_F(Commands, CompileLeavesOutEmbeddedWeights) {
  ok("tiny.onnx -o a.cpp --weights embed");
  ok("tiny.onnx -o b.cpp --weights source");
  EXPECT_FALSE(std::filesystem::exists(folder_.file("a.weights")));
  EXPECT_FALSE(std::filesystem::exists(folder_.file("b.weights")));
}

TEST_F(Commands, CompileWritesTheSameBytesTwice) {
  ok("tiny.onnx -o net.cpp");
  const std::string first = file("net.cpp") + file("net.h") + file("net.weights");
  ok("tiny.onnx -o net.cpp");
  EXPECT_EQ(file("net.cpp") + file("net.h") + file("net.weights"), first);
}

TEST_F(Commands, CompileWritesObjectsAssemblyAndIr) {
  ok("tiny.onnx -o net.o");
  EXPECT_EQ(file("net.o").substr(1, 3), "ELF");
  ok("tiny.onnx -o net.s");
  EXPECT_NE(file("net.s").find("net_run:"), std::string::npos);
  ok("tiny.onnx -o net.ll");
  EXPECT_NE(file("net.ll").find("@net_run("), std::string::npos);
}

TEST_F(Commands, CompileDumpsTheGraph) {
  ok("tiny.onnx -o net.cpp --dump-ir dump");
  EXPECT_NE(file("dump/00-lower.txt").find("product"), std::string::npos);
}

TEST_F(Commands, RunWritesAndSummarisesOutputs) {
  write_npy(folder_.file("x.npy"), Tensor::of<float>(DType::kFloat, {2, 2}, {1, 1, 0, -1}));
  const std::string text = ok("run tiny.onnx --input x=x.npy --output-dir out");
  EXPECT_EQ(text, "y float[2,2]  min 0  max 7  mean 2.5\n");
  const Tensor y = read_npy(folder_.file("out/output_0.npy"));
  EXPECT_EQ(y.dims(), (std::vector<int64_t>{2, 2}));
  EXPECT_EQ(y.as_double(0), 3);
  EXPECT_EQ(y.as_double(1), 7);
  EXPECT_EQ(y.as_double(2), 0);
  EXPECT_EQ(y.as_double(3), 0);
}

TEST_F(Commands, RunTakesRecordedInputs) {
  write_pb("x.pb", {1, 2}, {1, 1});
  EXPECT_EQ(ok("run tiny.onnx --input x=x.pb --dim batch=1"),
            "y float[1,2]  min 3  max 7  mean 5\n");
}

TEST_F(Commands, VerifyPassesWhereOutputsAgree) {
  write_case("good", {3, 7});
  EXPECT_EQ(ok("verify good"), "PASS good: test_data_set_0: y is equal\n1 passed, 0 failed\n");
}

TEST_F(Commands, VerifySaysWhereOutputsDiffer) {
  write_case("good", {3, 7});
  write_case("bad", {3, 8});
  const ToolResult result = run_tool(folder_, "verify bad good --jobs 2");
  EXPECT_EQ(result.code, 1);
  EXPECT_EQ(result.out,
            "FAIL bad: test_data_set_0: largest difference 1 (0.12 of the largest value); y[0,1]: "
            "got 7, want 8\nPASS good: test_data_set_0: y is equal\n1 passed, 1 failed\n");
}

TEST_F(Commands, VerifyJudgesByTheToleranceGiven) {
  write_case("near", {3, 7.01F});
  EXPECT_EQ(run_tool(folder_, "verify near").code, 1);
  ok("verify near --rtol 0.01");
  ok("verify near --atol 0.1");
  ok("verify near --max-error 0.01");
  EXPECT_EQ(run_tool(folder_, "verify near --max-error 1e-4").code, 1);
}

TEST_F(Commands, VerifyWantsEqualShapes) {
  write_case("flat", {3, 7});
  write_pb("flat/test_data_set_0/output_0.pb", {2}, {3, 7});
  EXPECT_NE(run_tool(folder_, "verify flat").out.find("y: shape is [1,2], expected [2]"),
            std::string::npos);
}

TEST_F(Commands, VerifyComparesStepsInBlockedLayoutsToo) {
  const std::string text =
      ok("verify " + std::string(ONNXC_SOURCE_DIR) + "/tests/networks/residual --layers");
  const size_t at = text.find("no step departs; ");
  ASSERT_NE(at, std::string::npos) << text;
  EXPECT_GE(std::stoi(text.substr(at + 17)), 4) << text;
}

TEST_F(Commands, VerifyComparesAModelWithItsReference) {
  const std::string text = ok("verify tiny.onnx --layers");
  EXPECT_EQ(text.substr(0, 16), "PASS tiny.onnx: ");
  EXPECT_NE(text.find("no step departs"), std::string::npos);
}

TEST_F(Commands, VerifyFindsLongSumsExact) {
  folder_.write("squares.onnx", R"(
    <ir_version: 8, opset_import: ["" : 17]>
    squares (float[260000, 16] x, float[16, 260000] t) => (float[1, 16] y, float[16, 1] z) {
      y = ReduceSumSquare <axes = [0]> (x)
      z = ReduceSumSquare <axes = [1]> (t)
    })");
  ok("verify squares.onnx --rtol 2e-6 --atol 2e-7");
  ok("verify squares.onnx --rtol 2e-6 --atol 2e-7 --march x86-64");
}

TEST_F(Commands, VerifyComparesThreadsWithOne) {
  folder_.write("large.onnx", R"(
    <ir_version: 8, opset_import: ["" : 17]>
    large (float[600, 1000] x) => (float[600, 1000] y) { y = Tanh (x) })");
  EXPECT_EQ(ok("verify large.onnx --threads 3").substr(0, 4), "PASS");
}

TEST_F(Commands, VerifyPrintsJson) {
  write_case("good", {3, 7});
  const auto json = nlohmann::json::parse(ok("verify good --json"));
  EXPECT_EQ(json["passed"], 1);
  EXPECT_EQ(json["failed"], 0);
  EXPECT_EQ(json["results"][0]["sets"], 1);
}

TEST_F(Commands, BenchPrintsOneLineOfJson) {
  const std::string text = ok("bench tiny.onnx --seconds 0 --json");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  const auto json = nlohmann::json::parse(text);
  for (const char* key : {"median_ms", "min_ms", "threads", "workspace_bytes", "weights_bytes"})
    EXPECT_TRUE(json.contains(key)) << key;
  EXPECT_LE(json["min_ms"], json["median_ms"]);
}

TEST_F(Commands, BenchTimesSteps) {
  EXPECT_NE(ok("bench tiny.onnx --seconds 0 --layers").find("MatMul"), std::string::npos);
}

TEST_F(Commands, InspectCountsAndNames) {
  const auto json = nlohmann::json::parse(ok("inspect tiny.onnx --json"));
  EXPECT_EQ(json["inputs"][0]["name"], "x");
  EXPECT_EQ(json["inputs"][0]["shape"], nlohmann::json::parse(R"(["batch", 2])"));
  EXPECT_EQ(json["operations"]["MatMul"], 1);
  EXPECT_EQ(json["parameters"], 6);
  EXPECT_EQ(json["macs"], "4*batch");
  EXPECT_EQ(json["opsets"]["ai.onnx"], 17);
  const auto fixed = nlohmann::json::parse(ok("inspect tiny.onnx --json --dim batch=3"));
  EXPECT_EQ(fixed["macs"], 12);
  EXPECT_NE(ok("inspect tiny.onnx").find("multiply-adds"), std::string::npos);
}

TEST_F(Commands, InspectTellsWhatAModelHoldsThatCannotBeCompiled) {
  folder_.write("odd.onnx", R"(
    <ir_version: 8, opset_import: ["" : 17]>
    g (float[2] x) => (float[2] y) { y = Frobnicate(x) })");
  const ToolResult result = run_tool(folder_, "inspect odd.onnx");
  EXPECT_EQ(result.code, 1);
  EXPECT_NE(result.out.find("1 Frobnicate"), std::string::npos);
  EXPECT_NE(result.err.find("1 operator is not supported"), std::string::npos);
}

TEST_F(Commands, EveryCommandHasHelpWithAnExample) {
  for (const char* command : {"", "inspect ", "run ", "verify ", "bench "})
    EXPECT_NE(ok(std::string(command) + "--help").find("Example: onnxc"), std::string::npos);
}

TEST_F(Commands, ListsNameVersionPassesAndOperators) {
  EXPECT_EQ(ok("--version").substr(0, 12), "onnxc 0.1.0,");
  EXPECT_NE(ok("--print-passes").find("fold_constants "), std::string::npos);
  EXPECT_NE(ok("--print-operators").find("| Conv |"), std::string::npos);
}

}  // namespace
}  // namespace onnxc

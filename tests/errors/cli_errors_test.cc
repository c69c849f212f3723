// What the command line says about wrong words, wrong files and wrong values.
#include <gtest/gtest.h>
#include <unistd.h>

#include "compiler/ir/npy.h"
#include "tests/support/tool.h"
#include "tests/support/wire_writer.h"

namespace onnxc {
namespace {

class CommandLine : public ::testing::Test {
 protected:
  CommandLine() { folder_.write("tiny.onnx", kTinyModel); }

  // The tool's exit code and a part of what it says; it leaves no new file behind.
  void expect(const std::string& arguments, int code, const std::string& message) {
    const auto files = file_count();
    const ToolResult result = run_tool(folder_, arguments);
    EXPECT_EQ(result.code, code) << arguments << "\n" << result.err;
    EXPECT_NE((result.out + result.err).find(message), std::string::npos)
        << arguments << "\n"
        << result.out << result.err;
    EXPECT_EQ(file_count(), files) << arguments;
  }

  std::ptrdiff_t file_count() const {
    return std::distance(std::filesystem::directory_iterator(folder_.path()), {});
  }

  TemporaryFolder folder_;
};

TEST_F(CommandLine, NeedsAModel) { expect("", 2, "a model or a command is required"); }

TEST_F(CommandLine, NeedsAnOutput) { expect("tiny.onnx", 2, "-o is required"); }

TEST_F(CommandLine, RefusesUnknownOptions) {
  expect("tiny.onnx -o t.cpp --fast", 2, "--fast");
  expect("verify tiny.onnx --fast", 2, "note: see onnxc verify --help");
}

TEST_F(CommandLine, RefusesUnknownEndings) {
  expect("tiny.onnx -o t.rs", 2, "-o t.rs: the file name ends in .cpp, .o, .s or .ll");
}

TEST_F(CommandLine, RefusesUnknownMachines) {
  expect("tiny.onnx -o t.cpp --march z80", 2, "unknown machine \"z80\"; known are native, x86-64");
}

TEST_F(CommandLine, RefusesUnknownPassesAndListsThem) {
  expect("tiny.onnx -o t.cpp --disable-pass no_such_pass", 2,
         "no pass is called \"no_such_pass\"; there are ");
  expect("tiny.onnx -o t.cpp --disable-pass no_such_pass", 2, "fold_constants");
}

TEST_F(CommandLine, RefusesMalformedSizes) {
  expect("tiny.onnx -o t.cpp --dim batch", 2, "--dim batch: expected NAME=SIZE");
  expect("tiny.onnx -o t.cpp --dim batch=x", 2, "with whole numbers");
  expect("tiny.onnx -o t.cpp --dim batch=0", 2, "a size is positive");
  expect("tiny.onnx -o t.cpp --dim batch=-3", 2, "a size is positive");
  expect("tiny.onnx -o t.cpp --dim batch=9..3", 2, "the smallest size is larger than the largest");
  expect("tiny.onnx -o t.cpp --dim batch=99999999999999", 2, "sizes end at 2147483648");
  expect("tiny.onnx -o t.cpp --dim batch=2 --dim batch=3", 2, "this size is given twice");
}

TEST_F(CommandLine, RefusesSizesThatTheModelDoesNotHave) {
  expect("tiny.onnx -o t.cpp --dim bacth=8", 1,
         "tiny.onnx: error: --dim bacth: the model has no size of that name");
  expect("tiny.onnx -o t.cpp --dim bacth=8", 1, "note: its sizes are batch");
}

TEST_F(CommandLine, RefusesOtherWordsForModes) {
  expect("tiny.onnx -o t.cpp --weights inline", 2, "--weights");
  expect("tiny.onnx -o t.cpp --precision fp64", 2, "--precision");
  expect("bench tiny.onnx --via icc", 2, "--via");
}

// 17 * 2^20 floats: y = x + w.
TEST_F(CommandLine, RefusesLargeWeightsAsText) {
  const int64_t count = int64_t{17} << 20;
  const WireMessage weights = WireMessage()
                                  .varint(1, static_cast<uint64_t>(count))
                                  .varint(2, 1)
                                  .bytes(8, "w")
                                  .bytes(9, std::string(static_cast<size_t>(count) * 4, 'w'));
  const WireMessage graph = WireMessage()
                                .message(1, wire_node("Add", {"x", "w"}, {"y"}))
                                .bytes(2, "large")
                                .message(5, weights)
                                .message(11, wire_value("x", 1, {count}))
                                .message(12, wire_value("y", 1, {count}));
  folder_.write("large.onnx",
                WireMessage().varint(1, 8).message(7, graph).message(8, wire_opset(17)).text());
  expect("large.onnx -o t.cpp --weights source", 1,
         "--weights source: the weights take 71303168 bytes, as text at most 67108864 are written");
}

TEST_F(CommandLine, SaysThatAModelIsMissing) {
  expect("none.onnx -o t.cpp", 1, "none.onnx: error: cannot open the file");
}

TEST_F(CommandLine, SaysThatAModelIsUnreadable) {
  folder_.write("bad.onnx", "\x08\x07garbage");
  expect("bad.onnx -o t.cpp", 1, "bad.onnx: error: ");
}

TEST_F(CommandLine, NamesTheNodeInFrontOfTheReason) {
  folder_.write("wrong.onnx", R"(
    <ir_version: 8, opset_import: ["" : 17]>
    g (float[2, 3] x) => (float[2, 2] y) <float[2, 2] w = {1, 2, 3, 4}> { y = MatMul(x, w) })");
  expect("wrong.onnx -o t.cpp", 1, "wrong.onnx: error: MatMul");
}

TEST_F(CommandLine, ListsUnsupportedOperators) {
  folder_.write("odd.onnx", R"(
    <ir_version: 8, opset_import: ["" : 17]>
    g (float[2] x) => (float[2] y) { a = Frobnicate(x) b = Frobnicate(a) y = Blur(b) })");
  expect("odd.onnx -o t.cpp", 1, "odd.onnx: error: 2 operators are not supported");
  expect("odd.onnx -o t.cpp", 1, "note: Frobnicate: 2 nodes");
}

TEST_F(CommandLine, SaysThatAFolderIsMissing) {
  expect("tiny.onnx -o no/such/t.cpp", 1, "there is no folder no/such");
}

TEST_F(CommandLine, SaysThatTheDiskIsFull) {
  expect("tiny.onnx -o /dev/full", 1, "onnxc: error: cannot write /dev/full");
  expect("tiny.onnx -o /dev/full", 1, "the disk is full");
}

TEST_F(CommandLine, KeepsOldFilesWhenAnyCannotBeWritten) {
  folder_.write("t.cpp", "old");
  std::filesystem::create_directory(folder_.file("t.weights"));
  expect("tiny.onnx -o t.cpp", 1, "onnxc: error: cannot write t.weights: Is a directory");
  EXPECT_EQ(content_of(folder_.file("t.cpp")), "old");
  EXPECT_FALSE(std::filesystem::exists(folder_.file("t.h")));
}

TEST_F(CommandLine, RunNamesMissingInputs) {
  expect("run tiny.onnx", 1, "tiny.onnx: error: input \"x\" is not given");
  expect("run tiny.onnx", 1, "note: the model's inputs are x");
}

TEST_F(CommandLine, RunNamesUnknownInputs) {
  write_npy(folder_.file("x.npy"), Tensor(DType::kFloat, {3, 2}));
  expect("run tiny.onnx --input x=x.npy --input z=x.npy", 1,
         "tiny.onnx: error: there is no input \"z\"");
}

TEST_F(CommandLine, RunRefusesWrongTypesAndShapes) {
  write_npy(folder_.file("x.npy"), Tensor(DType::kInt32, {3, 2}));
  expect("run tiny.onnx --input x=x.npy", 1, "input \"x\" is int32, expected float");
  write_npy(folder_.file("x.npy"), Tensor(DType::kFloat, {3, 4}));
  expect("run tiny.onnx --input x=x.npy", 1, "tiny.onnx: error: input \"x\"");
}

TEST_F(CommandLine, RunRefusesMalformedInputs) {
  expect("run tiny.onnx --input x", 2, "expected NAME=FILE.npy or NAME=FILE.pb");
  expect("run tiny.onnx --input x=x.txt", 2, "the file ends in .npy or .pb");
  expect("run tiny.onnx --input x=none.npy", 1, "none.npy: error: no such file");
  expect("run tiny.onnx --input x=a.npy --input x=b.npy", 2, "this input is given twice");
}

TEST_F(CommandLine, VerifyCountsWhatItCannotRead) {
  expect("verify none", 1, "FAIL none: ");
  expect("verify none", 1, "\n0 passed, 1 failed\n");
  std::filesystem::create_directory(folder_.file("empty"));
  expect("verify empty", 1, "FAIL empty: the folder has no model.onnx\n");
  folder_.write("bare/model.onnx", kTinyModel);
  expect("verify bare", 1, "FAIL bare: there is no test_data_set_0\n");
}

TEST_F(CommandLine, VerifyTakesOneKindOfTolerance) {
  expect("verify tiny.onnx --rtol 1e-3 --max-error 1e-4", 2, "excludes");
  expect("verify tiny.onnx --rtol -1", 2, "--rtol");
}

TEST_F(CommandLine, BenchRefusesNoThreads) {
  expect("bench tiny.onnx --threads 0", 2, "--threads");
}

}  // namespace
}  // namespace onnxc

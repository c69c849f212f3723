// Programs built with the user's compiler and loaded.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "codegen/native/native.h"
#include "tests/codegen/native/expect_error.h"

namespace onnxc {
namespace {

namespace fs = std::filesystem;

const std::vector<SourceFile> kProgram = {
    {"net.cpp", "#include \"net.h\"\nextern \"C\" int answer(void) { return kAnswer; }\n"},
    {"net.h", "#pragma once\n#include <string.h>\nenum { kAnswer = 42 };\n"}};

bool in_path(const std::string& program) {
  std::string folders = std::getenv("PATH");
  for (size_t begin = 0; begin < folders.size();) {
    const size_t end = std::min(folders.find(':', begin), folders.size());
    if (fs::exists(fs::path(folders.substr(begin, end - begin)) / program)) return true;
    begin = end + 1;
  }
  return false;
}

// Gives the test a temporary folder of its own, to see what stays behind.
class ExternalCompiler : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "onnxc-test-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    setenv("TMPDIR", folder_.c_str(), 1);
    if (!in_path(GetParam())) GTEST_SKIP() << GetParam() << " is not installed";
  }
  void TearDown() override {
    EXPECT_TRUE(fs::is_empty(folder_));
    unsetenv("TMPDIR");
    fs::remove_all(folder_);
  }

  fs::path folder_;
};

TEST_P(ExternalCompiler, CompilesAndCalls) {
  const auto program = LoadedProgram::load_with(GetParam(), kProgram, {}, {});
  const auto answer = reinterpret_cast<int (*)()>(program->symbol("answer"));
  ASSERT_NE(answer, nullptr);
  EXPECT_EQ(answer(), 42);
  EXPECT_EQ(program->symbol("absent"), nullptr);
}

TEST_P(ExternalCompiler, PassesFlagsAndFindsOtherFiles) {
  const std::vector<SourceFile> files = {
      {"blob.cpp",
       "asm(\".globl blob\\n.data\\nblob: .incbin \\\"net.weights\\\"\\n.text\");\n"
       "extern \"C\" { extern __attribute__((visibility(\"hidden\"))) const char blob[];\n"
       "int first(void) { return blob[0] + BASE; } }\n"},
      {"net.weights", std::string("\x05\0\x07", 3)}};
  const auto program = LoadedProgram::load_with(GetParam(), files, {"-DBASE=100"}, {});
  EXPECT_EQ(reinterpret_cast<int (*)()>(program->symbol("first"))(), 105);
}

TEST_P(ExternalCompiler, ReportsWhatTheCompilerSaid) {
  const std::string message = message_of<CompileError>([] {
    LoadedProgram::load_with(GetParam(), {{"broken.cpp", "int x = missing;\n"}}, {}, {});
  });
  EXPECT_CONTAINS(message, "broken.cpp:1");
  EXPECT_CONTAINS(message, "missing");
  EXPECT_CONTAINS(message, GetParam());
}

TEST_P(ExternalCompiler, TakesWarningsAsErrorsOnRequest) {
  NativeOptions options;
  options.werror = true;
  const std::vector<SourceFile> files = {{"a.cpp", "extern \"C\" int f(int x) { return 1; }\n"}};
  EXPECT_NE(LoadedProgram::load_with(GetParam(), files, {}, {})->symbol("f"), nullptr);
  EXPECT_CONTAINS(
      message_of<CompileError>([&] { LoadedProgram::load_with(GetParam(), files, {}, options); }),
      "unused");
}

TEST_P(ExternalCompiler, NamesAnUndefinedSymbol) {
  const std::string source =
      "extern \"C\" int nowhere_defined(); extern \"C\" int f() { return nowhere_defined(); }\n";
  EXPECT_CONTAINS(message_of<CompileError>([&] {
                    LoadedProgram::load_with(GetParam(), {{"a.cpp", source}}, {}, {});
                  }),
                  "nowhere_defined");
}

TEST_P(ExternalCompiler, WritesInsideItsFolderOnly) {
  for (const char* name : {"../a.cpp", "/tmp/a.cpp", "", "..", "-o", "folder/a.cpp"}) {
    EXPECT_THROW(LoadedProgram::load_with(GetParam(), {{name, ""}}, {}, {}), InternalError) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Compilers, ExternalCompiler,
                         ::testing::Values("g++", "clang++", "clang++-14"), [](const auto& info) {
                           std::string name;
                           for (char c : std::string(info.param))
                             name += c == '+' ? 'x' : c == '-' ? '_' : c;
                           return name;
                         });

TEST(ExternalCompilerName, MustExist) {
  const std::string message =
      message_of<CompileError>([] { LoadedProgram::load_with("no-such-c++", kProgram, {}, {}); });
  EXPECT_CONTAINS(message, "no-such-c++");
  EXPECT_CONTAINS(message, "No such file");
}

TEST(ExternalCompilerName, MayNotBeAShellCommand) {
  EXPECT_THROW(LoadedProgram::load_with("g++; true", kProgram, {}, {}), CompileError);
}

}  // namespace
}  // namespace onnxc

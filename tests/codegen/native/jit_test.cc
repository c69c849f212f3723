// Source to functions of this process.
#include <gtest/gtest.h>

#include <numeric>
#include <thread>

#include "codegen/native/native.h"
#include "tests/codegen/native/expect_error.h"

namespace onnxc {
namespace {

class NativeJit : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!native_available()) GTEST_SKIP() << "built without Clang's libraries";
  }

  template <class Function>
  static Function* function(const LoadedProgram& program, const std::string& name) {
    void* address = program.symbol(name);
    if (!address) throw std::runtime_error("no symbol " + name);
    return reinterpret_cast<Function*>(address);
  }
};

TEST_F(NativeJit, CompilesAndCalls) {
  const auto program = LoadedProgram::compile(R"(
#include <stddef.h>
extern "C" float dot(const float* a, const float* b, size_t n) {
  float sum = 0;
  for (size_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}
extern "C" const int kVersion = 7;
)",
                                              "dot.cpp", {});
  std::vector<float> a(100), b(100, 2.0f);
  std::iota(a.begin(), a.end(), 0.0f);
  EXPECT_EQ(
      function<float(const float*, const float*, size_t)>(*program, "dot")(a.data(), b.data(), 100),
      9900.0f);
  EXPECT_EQ(*static_cast<const int*>(program->symbol("kVersion")), 7);
  EXPECT_EQ(program->symbol("absent"), nullptr);
}

TEST_F(NativeJit, RunsVectorsOfEveryWidth) {
  const auto program = LoadedProgram::compile(R"(
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif
template <int N>
float sum(const float* from) {
  typedef float Lanes __attribute__((vector_size(4 * N)));
  Lanes lanes;
  memcpy(&lanes, from, sizeof(lanes));
  lanes = lanes * 2.0f;
  float total = 0;
  for (int i = 0; i < N; ++i) total += lanes[i];
  return total;
}
extern "C" float sums(const float* from) { return sum<4>(from) + 1000 * sum<8>(from) + 100000 * sum<16>(from); }
)",
                                              "sum.cpp", {});
  const std::vector<float> ones(16, 1.0f);
  EXPECT_EQ(function<float(const float*)>(*program, "sums")(ones.data()),
            8 + 1000 * 16 + 100000 * 32);
}

TEST_F(NativeJit, MovesMemoryWithTheProcessFunctions) {
  const auto program = LoadedProgram::compile(R"(
#include <string.h>
extern "C" void shift(char* text, size_t n) { memmove(text + 1, text, n); memset(text, 'x', 1); }
extern "C" void copy(char* to, const char* from, size_t n) { memcpy(to, from, n); }
)",
                                              "move.cpp", {});
  char text[8] = "abcdef", other[8] = {};
  function<void(char*, size_t)>(*program, "shift")(text, 5);
  function<void(char*, const char*, size_t)>(*program, "copy")(other, text, 7);
  EXPECT_STREQ(other, "xabcde");
}

TEST_F(NativeJit, KeepsLargeConstantsAndWritableData) {
  const auto program = LoadedProgram::compile(R"(
namespace { const int kTable[1 << 20] = {1, 2, 3}; int count; }
extern "C" int next() { return kTable[count++]; }
)",
                                              "table.cpp", {});
  auto* next = function<int()>(*program, "next");
  EXPECT_EQ(next() + 10 * next() + 100 * next() + 1000 * next(), 321);
}

TEST_F(NativeJit, NamesWhatIsUndefined) {
  const std::string message = message_of<InternalError>([] {
    LoadedProgram::compile(
        R"(extern "C" float expf(float); extern "C" float f(float x) { return expf(x) + x; })",
        "f.cpp", {});
  });
  EXPECT_CONTAINS(message, "expf");
  EXPECT_CONTAINS(message, "f.cpp");
}

TEST_F(NativeJit, RefusesCodeForOtherMachines) {
  NativeOptions options;
  options.march = host_march() == "armv8-a" ? "x86-64-v3" : "armv8-a";
  const std::string message = message_of<CompileError>(
      [&] { LoadedProgram::compile("extern \"C\" void f() {}", "f.cpp", options); });
  EXPECT_CONTAINS(message, options.march);
  EXPECT_CONTAINS(message, host_march());
}

TEST_F(NativeJit, KeepsProgramsWithTheSameNamesApart) {
  std::vector<std::unique_ptr<LoadedProgram>> programs;
  for (int i = 0; i < 3; ++i) {
    programs.push_back(LoadedProgram::compile(
        "extern \"C\" int id() { return " + std::to_string(i) + "; }", "id.cpp", {}));
  }
  programs.erase(programs.begin());
  LoadedProgram moved = std::move(*programs[1]);
  EXPECT_EQ(function<int()>(*programs[0], "id")(), 1);
  EXPECT_EQ(function<int()>(moved, "id")(), 2);
}

TEST_F(NativeJit, LoadsOnManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  std::vector<int> results(16);
  for (size_t i = 0; i < results.size(); ++i) {
    threads.emplace_back([&results, i] {
      const std::string source =
          "extern \"C\" int f(int x) { return x * " + std::to_string(i) + "; }";
      for (int round = 0; round < 5; ++round) {
        results[i] = function<int(int)>(*LoadedProgram::compile(source, "f.cpp", {}), "f")(3);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 0; i < results.size(); ++i) EXPECT_EQ(results[i], 3 * static_cast<int>(i));
}

}  // namespace
}  // namespace onnxc

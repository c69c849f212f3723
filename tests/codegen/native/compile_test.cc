// Source to objects, assembly and IR: what is emitted, for whom, and what is refused.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "codegen/native/native.h"
#include "codegen/native/targets.h"
#include "tests/codegen/native/elf_symbols.h"
#include "tests/codegen/native/expect_error.h"

namespace onnxc {
namespace {

constexpr char kScale[] = R"(
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif
extern "C" void scale(const float* in, float* out, size_t n, float by) {
  for (size_t i = 0; i < n; ++i) out[i] = in[i] * by;
}
extern "C" void copy(const void* in, void* out, size_t bytes) {
  memset(out, 0, bytes);
  memcpy(out, in, bytes);
}
)";

NativeOptions options_for(const std::string& march) {
  NativeOptions options;
  options.march = march;
  return options;
}

class NativeCompile : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!native_available()) GTEST_SKIP() << "built without Clang's libraries";
  }
};

TEST_F(NativeCompile, EmitsTheSameBytesEveryTimeAndEverywhere) {
  NativeOptions options = options_for("x86-64-v3");
  options.debug_info = true;
  const std::filesystem::path here = std::filesystem::current_path();
  for (NativeKind kind : {NativeKind::kObject, NativeKind::kAssembly, NativeKind::kLlvmIr}) {
    const std::string first = compile_to(kind, kScale, "scale.cpp", options);
    std::filesystem::current_path("/");
    const std::string second = compile_to(kind, kScale, "scale.cpp", options);
    std::filesystem::current_path(here);
    EXPECT_FALSE(first.empty());
    EXPECT_EQ(first, second);
    EXPECT_EQ(first.find(here.string()), std::string::npos);
  }
}

TEST_F(NativeCompile, WritesTheKindAskedFor) {
  const NativeOptions options = options_for("x86-64-v3");
  EXPECT_EQ(compile_to(NativeKind::kObject, kScale, "scale.cpp", options).substr(1, 3), "ELF");
  EXPECT_CONTAINS(compile_to(NativeKind::kAssembly, kScale, "scale.cpp", options), "vmulps");
  EXPECT_CONTAINS(compile_to(NativeKind::kLlvmIr, kScale, "scale.cpp", options),
                  "define dso_local void @scale");
}

TEST_F(NativeCompile, NeedsNothingButMemoryFunctions) {
  const std::string object =
      compile_to(NativeKind::kObject, kScale, "scale.cpp", options_for("x86-64-v3"));
  const std::set<std::string> allowed = {"memcpy", "memset"};
  EXPECT_EQ(undefined_symbols(object), allowed);
}

TEST_F(NativeCompile, InventsNoCallsButMemoryFunctions) {
  const std::string source = R"(
struct Shape { long a, b, c, d; };
extern "C" bool same(const Shape& x, const Shape& y) { return x.a == y.a && x.b == y.b && x.c == y.c && x.d == y.d; }
extern "C" void clear(float* out, unsigned long n) { for (unsigned long i = 0; i < n; ++i) out[i] = 0; }
extern "C" float root(float x) { return __builtin_sqrtf(x); }
extern "C" unsigned long length(const char* s) { unsigned long n = 0; while (s[n]) ++n; return n; }
)";
  const std::set<std::string> allowed = {"memset"};
  EXPECT_EQ(
      undefined_symbols(compile_to(NativeKind::kObject, source, "a.cpp", options_for("x86-64-v3"))),
      allowed);
}

TEST_F(NativeCompile, ContractsOnlyWhatTheSourceContracts) {
  const std::string sum = R"(extern "C" float f(float a, float b, float c) { return a * b + c; })";
  const std::string fused =
      R"(extern "C" float f(float a, float b, float c) { return __builtin_fmaf(a, b, c); })";
  const NativeOptions options = options_for("x86-64-v3");
  EXPECT_EQ(compile_to(NativeKind::kAssembly, sum, "a.cpp", options).find("vfmadd"),
            std::string::npos);
  EXPECT_CONTAINS(compile_to(NativeKind::kAssembly, fused, "a.cpp", options), "vfmadd");
}

TEST_F(NativeCompile, VectorisesAtTheFullWidthOfTheTarget) {
  EXPECT_CONTAINS(compile_to(NativeKind::kAssembly, kScale, "scale.cpp", options_for("x86-64-v3")),
                  "ymm");
  EXPECT_CONTAINS(compile_to(NativeKind::kAssembly, kScale, "scale.cpp", options_for("x86-64-v4")),
                  "zmm");
  EXPECT_CONTAINS(
      compile_to(NativeKind::kAssembly, kScale, "scale.cpp", options_for("sapphirerapids")), "zmm");
}

TEST_F(NativeCompile, KnowsIntrinsicsOfInstructionSetsBeyondTheTarget) {
  const std::string wide = R"(
#include <immintrin.h>
extern "C" __attribute__((target("avx512f"))) float add(const float* x) { return _mm512_reduce_add_ps(_mm512_loadu_ps(x)); }
)";
  const std::string tiles = R"(
#include <immintrin.h>
extern "C" __attribute__((target("amx-tile"))) void release() { _tile_release(); }
)";
  EXPECT_CONTAINS(compile_to(NativeKind::kAssembly, wide, "a.cpp", options_for("x86-64-v3")),
                  "zmm");
  EXPECT_CONTAINS(compile_to(NativeKind::kAssembly, tiles, "a.cpp", options_for("x86-64-v3")),
                  "tilerelease");
}

TEST_F(NativeCompile, TakesOtherNamesForNoIntrinsics) {
  const std::string source = R"(
#include <immintrin.h>
static int _scratch(int __many) { return __many + 1; }
extern "C" int next(int x) { return _scratch(x); }
extern "C" float first(const float* x) { return _mm256_cvtss_f32(_mm256_loadu_ps(x)); }
)";
  EXPECT_FALSE(compile_to(NativeKind::kObject, source, "a.cpp", options_for("x86-64-v3")).empty());
}

TEST_F(NativeCompile, CompilesForEveryTargetWithoutItsSysroot) {
  for (std::string_view march : native_marches()) {
    const std::string object =
        compile_to(NativeKind::kObject, kScale, "scale.cpp", options_for(std::string(march)));
    if (march.starts_with("wasm")) {
      EXPECT_EQ(object.substr(0, 4), std::string("\0asm", 4)) << march;
      continue;
    }
    std::set<std::string> undefined = undefined_symbols(object);
    for (const char* name : {"memcpy", "memset"}) undefined.erase(name);
    std::erase_if(undefined, [](const std::string& name) { return name.starts_with("__aeabi_"); });
    EXPECT_TRUE(undefined.empty()) << march << " needs " << *undefined.begin();
  }
}

TEST_F(NativeCompile, UsesTheFloatingPointUnitOfACortexM4) {
  const std::string soft =
      compile_to(NativeKind::kAssembly, kScale, "scale.cpp", options_for("cortex-m4"));
  const std::string hard =
      compile_to(NativeKind::kAssembly, kScale, "scale.cpp", options_for("cortex-m4-hard"));
  const std::string none =
      compile_to(NativeKind::kAssembly, kScale, "scale.cpp", options_for("cortex-m3"));
  EXPECT_CONTAINS(soft, "vmul.f32");
  EXPECT_CONTAINS(hard, "vmul.f32");
  EXPECT_CONTAINS(none, "__aeabi_fmul");
}

TEST_F(NativeCompile, ReadsItsOtherFilesAndNothingOfTheHost) {
  const NativeOptions options = options_for("x86-64-v3");
  const std::string source = "#include \"net.h\"\nextern \"C\" int answer() { return kAnswer; }\n";
  EXPECT_FALSE(compile_to(NativeKind::kObject,
                          {{"net.cpp", source}, {"net.h", "enum { kAnswer = 42 };\n"}}, options)
                   .empty());
  for (const char* header : {"<stdio.h>", "<vector>", "\"/usr/include/stdio.h\"", "\"net.h\""}) {
    const std::string message = message_of<InternalError>([&] {
      compile_to(NativeKind::kObject, "#include " + std::string(header) + "\n", "a.cpp", options);
    });
    EXPECT_CONTAINS(message, "file not found");
  }
}

TEST_F(NativeCompile, ReportsTheFirstErrorsWithTheirLines) {
  std::string source;
  for (int i = 0; i < 50; ++i)
    source += "int value" + std::to_string(i) + " = missing" + std::to_string(i) + ";\n";
  const std::string message = message_of<InternalError>(
      [&] { compile_to(NativeKind::kObject, source, "broken.cpp", options_for("x86-64-v3")); });
  EXPECT_CONTAINS(message, "broken.cpp:1:14: error: use of undeclared identifier 'missing0'");
  EXPECT_CONTAINS(message, "int value0 = missing0;");
  EXPECT_CONTAINS(message, "'missing4'");
  EXPECT_EQ(message.find("'missing5'"), std::string::npos);
}

TEST_F(NativeCompile, TakesWarningsAsErrorsOnRequest) {
  const std::string source = "static int unused(int x) { return 1; }\n";
  NativeOptions options = options_for("x86-64-v3");
  EXPECT_FALSE(compile_to(NativeKind::kObject, source, "a.cpp", options).empty());
  options.werror = true;
  const std::string message =
      message_of<InternalError>([&] { compile_to(NativeKind::kObject, source, "a.cpp", options); });
  EXPECT_CONTAINS(message, "-Wunused-parameter");
  EXPECT_FALSE(compile_to(NativeKind::kObject, kScale, "scale.cpp", options).empty());
}

TEST_F(NativeCompile, SurvivesHostileSource) {
  const NativeOptions options = options_for("x86-64-v3");
  const std::string deep(20000, '(');
  const std::string zeros("int a;\0\0\0int b = \xff\xfe;", 20);
  for (const std::string& source :
       {deep, zeros, std::string("int x = " + deep + "1;"),
        std::string("template<int N> struct A { A<N + 1> a; }; A<0> a;"),
        std::string("#include \"a.cpp\"\n"), std::string("asm(\"not an instruction\");"),
        std::string("void f() { asm(\"not an instruction\"); }")}) {
    EXPECT_THROW(compile_to(NativeKind::kObject, source, "a.cpp", options), InternalError)
        << source.substr(0, 60);
  }
  std::string sum = "extern \"C\" long f(long a) { return a";
  for (int i = 0; i < 20000; ++i) sum += " + a";
  EXPECT_FALSE(compile_to(NativeKind::kObject, sum + "; }", "a.cpp", options).empty());
  EXPECT_FALSE(compile_to(NativeKind::kObject, "", "empty.cpp", options).empty());
}

TEST_F(NativeCompile, SurvivesACrashInsideTheCompiler) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "a crashed compilation leaks what it held";
#endif
  const NativeOptions options = options_for("x86-64-v3");
  const std::string fatal = message_of<InternalError>([&] {
    compile_to(NativeKind::kObject, "#pragma clang __debug llvm_fatal_error\n", "a.cpp", options);
  });
  EXPECT_CONTAINS(fatal, "llvm_fatal_error");
  const std::string crash = message_of<InternalError>([&] {
    compile_to(NativeKind::kObject, "#pragma clang __debug parser_crash\n", "a.cpp", options);
  });
  EXPECT_CONTAINS(crash, "it crashed");
  EXPECT_FALSE(compile_to(NativeKind::kObject, kScale, "scale.cpp", options).empty());
}

TEST_F(NativeCompile, CompilesOnManyThreadsAtOnce) {
  const std::vector<std::string> marches = {"x86-64-v2", "x86-64-v3", "x86-64-v4", "armv8-a"};
  std::vector<std::string> alone, together(4 * marches.size());
  for (const std::string& march : marches) {
    alone.push_back(compile_to(NativeKind::kObject, kScale, "scale.cpp", options_for(march)));
  }
  std::vector<std::thread> threads;
  for (size_t i = 0; i < together.size(); ++i) {
    threads.emplace_back([&, i] {
      NativeOptions options = options_for(marches[i % marches.size()]);
      together[i] = compile_to(NativeKind::kObject, kScale, "scale.cpp", options);
      options.opt_level = 0;
      EXPECT_FALSE(compile_to(NativeKind::kObject, kScale, "scale.cpp", options).empty());
      EXPECT_THROW(compile_to(NativeKind::kObject, "int x = y;", "broken.cpp", options),
                   InternalError);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 0; i < together.size(); ++i) EXPECT_EQ(together[i], alone[i % marches.size()]);
}

TEST(NativeUnavailable, SaysWhatToInstall) {
  if (native_available()) GTEST_SKIP() << "built with Clang's libraries";
  for (const auto& body : {+[] { compile_to(NativeKind::kObject, "", "a.cpp", {}); },
                           +[] { LoadedProgram::compile("", "a.cpp", {}); }}) {
    const std::string message = message_of<CompileError>(body);
    EXPECT_CONTAINS(message, "llvm-19-dev");
    EXPECT_CONTAINS(message, "libclang-cpp19-dev");
    EXPECT_CONTAINS(message, "--via g++");
  }
  EXPECT_EQ(native_version(), "none");
}

}  // namespace
}  // namespace onnxc

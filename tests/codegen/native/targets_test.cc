// The table of machines.
#include "codegen/native/targets.h"

#include <gtest/gtest.h>

#include <set>

#include "codegen/native/native.h"
#include "tests/codegen/native/expect_error.h"

namespace onnxc {
namespace {

TEST(NativeTargets, NamesEachMachineOnce) {
  const std::vector<std::string_view> names = native_marches();
  EXPECT_EQ(std::set<std::string_view>(names.begin(), names.end()).size(), names.size());
  for (std::string_view name : names) EXPECT_EQ(find_native_target(name).march, name);
}

TEST(NativeTargets, HoldsTheDocumentedNames) {
  EXPECT_EQ(find_native_target("x86-64-v3").cpu, "x86-64-v3");
  EXPECT_EQ(find_native_target("x86-64-v4").preferred_vector_bits, 512);
  EXPECT_EQ(find_native_target("armv8-a").triple, "aarch64-unknown-linux-gnu");
  EXPECT_EQ(find_native_target("cortex-m4").triple, "thumbv7em-none-eabi");
}

TEST(NativeTargets, TakesNativeAsThisMachine) {
  EXPECT_EQ(find_native_target("native").march, host_march());
}

TEST(NativeTargets, ListsTheNamesWhenOneIsUnknown) {
  try {
    find_native_target("x86-64-v9");
    FAIL();
  } catch (const CompileError& error) {
    EXPECT_CONTAINS(std::string(error.what()), "x86-64-v9");
    ASSERT_EQ(error.notes().size(), 1u);
    EXPECT_CONTAINS(error.notes()[0], "x86-64-v4");
  }
}

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
TEST(HostMarch, AgreesWithTheCompilersOwnTest) {
  const bool v4 = __builtin_cpu_supports("x86-64-v4"), v3 = __builtin_cpu_supports("x86-64-v3"),
             v2 = __builtin_cpu_supports("x86-64-v2");
  if (host_march() == "sapphirerapids") {
    EXPECT_TRUE(v4 && __builtin_cpu_supports("avx512bf16"));
    return;
  }
  EXPECT_EQ(host_march(), v4 ? "x86-64-v4" : v3 ? "x86-64-v3" : v2 ? "x86-64-v2" : "x86-64");
}
#endif

}  // namespace
}  // namespace onnxc

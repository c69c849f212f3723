// The table of machines, and looking a name up in it.
#include "codegen/native/targets.h"

#include <fmt/ranges.h>

#include "codegen/native/native.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

constexpr std::string_view kLinuxX86 = "x86_64-unknown-linux-gnu";
constexpr std::string_view kLinuxArm64 = "aarch64-unknown-linux-gnu";
constexpr std::string_view kLinuxArm32 = "armv7-unknown-linux-gnueabihf";
constexpr std::string_view kLinuxRiscv = "riscv64-unknown-linux-gnu";
constexpr std::string_view kWasm = "wasm32-unknown-unknown";

// The Cortex-M rows without "-hard" use the FPU where there is one, yet pass floating-point
// arguments in integer registers, so they link with code built without FPU flags; "-hard" is
// -mfloat-abi=hard.
constexpr NativeTarget kTargets[] = {
    {"x86-64", kLinuxX86, "x86-64", "", "", "", true, 0},
    {"x86-64-v2", kLinuxX86, "x86-64-v2", "", "", "", true, 0},
    {"x86-64-v3", kLinuxX86, "x86-64-v3", "", "", "", true, 256},
    {"x86-64-v4", kLinuxX86, "x86-64-v4", "", "", "", true, 512},
    {"haswell", kLinuxX86, "haswell", "", "", "", true, 256},
    {"skylake", kLinuxX86, "skylake", "", "", "", true, 256},
    {"alderlake", kLinuxX86, "alderlake", "", "", "", true, 256},
    {"skylake-avx512", kLinuxX86, "skylake-avx512", "", "", "", true, 512},
    {"cascadelake", kLinuxX86, "cascadelake", "", "", "", true, 512},
    {"icelake-server", kLinuxX86, "icelake-server", "", "", "", true, 512},
    {"sapphirerapids", kLinuxX86, "sapphirerapids", "", "", "", true, 512},
    {"graniterapids", kLinuxX86, "graniterapids", "", "", "", true, 512},
    {"znver2", kLinuxX86, "znver2", "", "", "", true, 256},
    {"znver3", kLinuxX86, "znver3", "", "", "", true, 256},
    {"znver4", kLinuxX86, "znver4", "", "", "", true, 512},
    {"armv8-a", kLinuxArm64, "generic", "+v8a,+fp-armv8,+neon", "aapcs", "", true, 0},
    {"armv8.2-a", kLinuxArm64, "generic", "+v8.2a,+fp-armv8,+neon,+fullfp16,+dotprod", "aapcs", "",
     true, 0},
    {"cortex-a53", kLinuxArm64, "cortex-a53", "+neon", "aapcs", "", true, 0},
    {"cortex-a72", kLinuxArm64, "cortex-a72", "+neon", "aapcs", "", true, 0},
    {"cortex-a76", kLinuxArm64, "cortex-a76", "+neon", "aapcs", "", true, 0},
    {"neoverse-n1", kLinuxArm64, "neoverse-n1", "+neon", "aapcs", "", true, 0},
    {"neoverse-v1", kLinuxArm64, "neoverse-v1", "+neon,+sve", "aapcs", "", true, 0},
    {"neoverse-v2", kLinuxArm64, "neoverse-v2", "+neon,+sve2", "aapcs", "", true, 0},
    {"armv7-a", kLinuxArm32, "generic", "+neon,+vfp3", "aapcs-linux", "hard", true, 0},
    {"cortex-m0plus", "thumbv6m-none-eabi", "cortex-m0plus", "+soft-float,+soft-float-abi", "aapcs",
     "soft", false, 0},
    {"cortex-m3", "thumbv7m-none-eabi", "cortex-m3", "+soft-float,+soft-float-abi", "aapcs", "soft",
     false, 0},
    {"cortex-m4", "thumbv7em-none-eabi", "cortex-m4", "+soft-float-abi", "aapcs", "softfp", false,
     0},
    {"cortex-m4-hard", "thumbv7em-none-eabihf", "cortex-m4", "", "aapcs", "hard", false, 0},
    {"cortex-m7", "thumbv7em-none-eabi", "cortex-m7", "+soft-float-abi", "aapcs", "softfp", false,
     0},
    {"cortex-m7-hard", "thumbv7em-none-eabihf", "cortex-m7", "", "aapcs", "hard", false, 0},
    {"cortex-m33", "thumbv8m.main-none-eabi", "cortex-m33", "+soft-float-abi", "aapcs", "softfp",
     false, 0},
    {"cortex-m33-hard", "thumbv8m.main-none-eabihf", "cortex-m33", "", "aapcs", "hard", false, 0},
    {"rv64gc", kLinuxRiscv, "generic-rv64", "+m,+a,+f,+d,+c,+zicsr,+zifencei", "lp64d", "", true,
     0},
    {"rv64gcv", kLinuxRiscv, "generic-rv64", "+m,+a,+f,+d,+c,+v,+zicsr,+zifencei", "lp64d", "",
     true, 0},
    {"wasm32", kWasm, "generic", "", "", "", false, 0},
    {"wasm32-simd128", kWasm, "generic", "+simd128", "", "", false, 0},
};

}  // namespace

const NativeTarget& find_native_target(std::string_view march) {
  const std::string name = march == "native" ? host_march() : std::string(march);
  for (const NativeTarget& target : kTargets) {
    if (target.march == name) return target;
  }
  throw CompileError("unknown march \"{}\"", name)
      .note(fmt::format("known: native, {}", fmt::join(native_marches(), ", ")));
}

std::vector<std::string_view> native_marches() {
  std::vector<std::string_view> names;
  for (const NativeTarget& target : kTargets) names.push_back(target.march);
  return names;
}

}  // namespace onnxc

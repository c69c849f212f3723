// The table of machines: vector width and target pragma, per --march.
#include "codegen/cpp/isa.h"

#include <string>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

constexpr std::string_view kV2 = "sse3,ssse3,sse4.1,sse4.2,popcnt";
constexpr std::string_view kV3 =
    "sse3,ssse3,sse4.1,sse4.2,popcnt,avx,avx2,fma,f16c,bmi,bmi2,lzcnt,movbe";
constexpr std::string_view kV4 =
    "sse3,ssse3,sse4.1,sse4.2,popcnt,avx,avx2,fma,f16c,bmi,bmi2,lzcnt,movbe,avx512f,avx512bw,"
    "avx512cd,avx512dq,avx512vl";

constexpr std::string_view kAmx =
    "sse3,ssse3,sse4.1,sse4.2,popcnt,avx,avx2,fma,f16c,bmi,bmi2,lzcnt,movbe,avx512f,avx512bw,"
    "avx512cd,avx512dq,avx512vl,avx512bf16,amx-tile,amx-bf16";

constexpr Isa kTable[] = {
    {"x86-64", 4, "", true},
    {"x86-64-v2", 4, kV2, true},
    {"x86-64-v3", 8, kV3, true},
    {"x86-64-v4", 16, kV4, true},
    {"haswell", 8, kV3, true},
    {"skylake", 8, kV3, true},
    {"alderlake", 8, kV3, true},
    {"skylake-avx512", 16, kV4, true},
    {"cascadelake", 16, kV4, true},
    {"icelake-server", 16, kV4, true},
    {"sapphirerapids", 16, kAmx, true},
    {"graniterapids", 16, kAmx, true},
    {"znver2", 8, kV3, true},
    {"znver3", 8, kV3, true},
    {"znver4", 16, kV4, true},
    {"armv8-a", 4, "", false},
    {"armv8.2-a", 4, "", false},
    {"cortex-a53", 4, "", false},
    {"cortex-a72", 4, "", false},
    {"cortex-a76", 4, "", false},
    {"neoverse-n1", 4, "", false},
    {"neoverse-v1", 4, "", false},
    {"neoverse-v2", 4, "", false},
    {"armv7-a", 4, "", false},
    {"cortex-m0plus", 1, "", false},
    {"cortex-m3", 1, "", false},
    {"cortex-m4", 1, "", false},
    {"cortex-m4-hard", 1, "", false},
    {"cortex-m7", 1, "", false},
    {"cortex-m7-hard", 1, "", false},
    {"cortex-m33", 1, "", false},
    {"cortex-m33-hard", 1, "", false},
    {"rv64gc", 1, "", false},
    {"rv64gcv", 4, "", false},
    {"wasm32", 1, "", false},
    {"wasm32-simd128", 4, "", false},
};

}  // namespace

const Isa& find_isa(std::string_view march) {
  std::string known;
  for (const Isa& isa : kTable) {
    if (isa.march == march) return isa;
    known += (known.empty() ? "" : ", ") + std::string(isa.march);
  }
  throw CompileError("unknown march \"{}\"", march).note("known: native, " + known);
}

std::vector<std::string_view> isa_names() {
  std::vector<std::string_view> names;
  for (const Isa& isa : kTable) names.push_back(isa.march);
  return names;
}

}  // namespace onnxc

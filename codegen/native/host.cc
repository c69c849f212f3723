// What this machine is, in the names of targets.h, from its CPU's features and those its system
// saves.
#include "codegen/native/native.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace onnxc {
namespace {

#if defined(__x86_64__)

struct Registers {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
};

Registers cpuid(unsigned leaf, unsigned part = 0) {
  Registers r;
  __get_cpuid_count(leaf, part, &r.eax, &r.ebx, &r.ecx, &r.edx);
  return r;
}

unsigned enabled_state() {
  unsigned low = 0, high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

constexpr bool has_all(unsigned value, unsigned mask) { return (value & mask) == mask; }

int x86_level() {
  constexpr unsigned kXsave = bit_OSXSAVE;
  constexpr unsigned kAvxState = 0x06, kAvx512State = 0xe6;
  const Registers basic = cpuid(1), extended = cpuid(7), amd = cpuid(0x80000001);
  if (!has_all(basic.ecx,
               bit_SSE3 | bit_SSSE3 | bit_SSE4_1 | bit_SSE4_2 | bit_POPCNT | bit_CMPXCHG16B) ||
      !has_all(amd.ecx, bit_LAHF_LM)) {
    return 1;
  }
  if (!has_all(basic.ecx, kXsave | bit_AVX | bit_FMA | bit_F16C | bit_MOVBE) ||
      !has_all(extended.ebx, bit_AVX2 | bit_BMI | bit_BMI2) || !has_all(amd.ecx, bit_ABM) ||
      !has_all(enabled_state(), kAvxState)) {
    return 2;
  }
  if (!has_all(extended.ebx,
               bit_AVX512F | bit_AVX512BW | bit_AVX512CD | bit_AVX512DQ | bit_AVX512VL) ||
      !has_all(enabled_state(), kAvx512State)) {
    return 3;
  }
  return 4;
}

// AMX with bfloat16, which Linux grants a process on request, and what came with it.
bool is_sapphire_rapids() {
  constexpr unsigned kAvx512Bf16 = 1u << 5;                               // leaf 7.1, eax
  constexpr unsigned kAmx = 1u << 22 | 1u << 24, kAvx512Fp16 = 1u << 23;  // leaf 7.0, edx
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  return x86_level() == 4 && has_all(cpuid(7, 1).eax, kAvx512Bf16) &&
         has_all(cpuid(7).edx, kAmx | kAvx512Fp16) &&
         syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

#endif

}  // namespace

std::string host_march() {
#if defined(__x86_64__)
  if (is_sapphire_rapids()) return "sapphirerapids";
  const int level = x86_level();
  return level == 1 ? "x86-64" : "x86-64-v" + std::to_string(level);
#elif defined(__aarch64__)
  return "armv8-a";
#elif defined(__riscv) && __riscv_xlen == 64
  return "rv64gc";
#elif defined(__arm__)
  return "armv7-a";
#else
#error "add this machine to targets.cc and name it here"
#endif
}

}  // namespace onnxc

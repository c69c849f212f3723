// The machines that source can be compiled for, as data: one row for each name of --march.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace onnxc {

// One row of the table. Fields hold what Clang's compiler proper expects; an empty field leaves its
// default.
struct NativeTarget {
  std::string_view march;
  std::string_view triple;
  std::string_view cpu;
  // Comma-separated, each with its sign: "+neon,-crypto".
  std::string_view features;
  std::string_view abi;
  // 32-bit Arm only, as in -mfloat-abi: "soft" has no FPU, "softfp" has one but passes arguments in
  // integer registers.
  std::string_view float_abi;
  bool position_independent;
  // Widest vector that compilers should choose by themselves, in bits; 0 leaves it to them.
  int preferred_vector_bits;
};

// The row of `march`, "native" being this machine's. Throws a CompileError that lists the names.
const NativeTarget& find_native_target(std::string_view march);

// All names in the table's order, without "native".
std::vector<std::string_view> native_marches();

}  // namespace onnxc

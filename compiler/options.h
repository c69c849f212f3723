// What the user asked for: one struct, passed down.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace onnxc {

enum class WeightsMode { kFile, kEmbed, kSource };
// kStrict: no less accurate than plain float32 sums. kFp32: a network stays within 5e-5 of its
// largest output.
enum class Precision { kStrict, kFp32 };

struct DimBounds {
  int64_t min = 1, max = 1;
};

struct Options {
  std::string name;                 // of the generated function; empty: from the file name
  std::string header_file;          // that the source includes; empty: the name and ".h"
  std::string march = "x86-64-v3";  // of the generated code; codegen/targets.h lists what is known
  WeightsMode weights = WeightsMode::kFile;
  Precision precision = Precision::kFp32;
  std::map<std::string, DimBounds> dims;  // --dim: by symbol name
  // What sizes that nothing bounds are taken to be at most; 0: they are an error.
  int64_t open_size_bound = 0;
  std::string dump_ir;  // folder for numbered listings of the graph; empty: none
  std::set<std::string> disabled_passes;
  bool time_steps = false;  // the source calls the pointer NAME_on_step(k) after each step k
};

// The options as a user would write them, for the emitted header comment; file names are left out.
std::string describe(const Options& options);

}  // namespace onnxc

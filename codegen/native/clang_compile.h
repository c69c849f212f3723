// Runs Clang on source in memory; for the files of this folder that see LLVM.
#pragma once

#include <string>
#include <vector>

#include "codegen/native/clang_files.h"
#include "codegen/native/native.h"
#include "codegen/native/targets.h"

namespace onnxc {

// What `Clang` is asked for: native.h's kinds, and headers precompiled for use as `precompiled`
// below.
enum class ClangOutput { kObject, kAssembly, kLlvmIr, kPrecompiledHeader };

struct ClangJob {
  ClangOutput output;
  const std::vector<SourceFile>& files;
  const NativeTarget& target;
  const NativeOptions& options;
  // Made for the same target and options, or nullptr.
  const PrecompiledHeader* precompiled = nullptr;
};

// The bytes asked for. Throws an InternalError with the first diagnostics; a crash inside Clang or
// LLVM is one too.
std::string run_clang(const ClangJob& job);

// The folder of Clang's own headers: <result>/include/stddef.h exists. Empty where none is found.
std::string clang_resource_dir();

// The precompiled <immintrin.h> (as much of it as these files use) or <arm_neon.h> for this target
// and these options where a file includes it, shared by the whole process and made on first use;
// nullptr where none does.
const PrecompiledHeader* precompiled_intrinsics(const std::vector<SourceFile>& files,
                                                const NativeTarget& target,
                                                const NativeOptions& options);

// Throws a CompileError where this machine lacks instructions that code for `target` may use.
void check_runs_here(const NativeTarget& target);

}  // namespace onnxc

// compile_to for builds with Clang's libraries.
#include <clang/Basic/Version.h>

#include "codegen/native/clang_compile.h"
#include "codegen/native/native.h"

namespace onnxc {
namespace {

ClangOutput output_of(NativeKind kind) {
  switch (kind) {
    case NativeKind::kAssembly:
      return ClangOutput::kAssembly;
    case NativeKind::kLlvmIr:
      return ClangOutput::kLlvmIr;
    case NativeKind::kObject:
      break;
  }
  return ClangOutput::kObject;
}

}  // namespace

bool native_available() { return !clang_resource_dir().empty(); }

std::string native_version() { return "clang " CLANG_VERSION_STRING; }

std::string compile_to(NativeKind kind, const std::vector<SourceFile>& files,
                       const NativeOptions& options) {
  const NativeTarget& target = find_native_target(options.march);
  return run_clang(
      {output_of(kind), files, target, options, precompiled_intrinsics(files, target, options)});
}

std::string compile_to(NativeKind kind, const std::string& source, const std::string& file_name,
                       const NativeOptions& options) {
  return compile_to(kind, {{file_name, source}}, options);
}

}  // namespace onnxc

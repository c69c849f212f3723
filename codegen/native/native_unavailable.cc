// compile_to and LoadedProgram::compile for builds without Clang's libraries: they say what to
// install.
#include "codegen/native/native.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

[[noreturn]] void unavailable() {
  throw CompileError(
      "this onnxc was built without Clang's libraries, so it writes C++ source only; install "
      "llvm-19-dev, "
      "libclang-19-dev and libclang-cpp19-dev and build it again, or use a C++ compiler of yours "
      "with --via g++");
}

}  // namespace

bool native_available() { return false; }

std::string native_version() { return "none"; }

std::string compile_to(NativeKind, const std::vector<SourceFile>&, const NativeOptions&) {
  unavailable();
}

std::string compile_to(NativeKind, const std::string&, const std::string&, const NativeOptions&) {
  unavailable();
}

std::unique_ptr<LoadedProgram> LoadedProgram::compile(const std::vector<SourceFile>&,
                                                      const NativeOptions&) {
  unavailable();
}

std::unique_ptr<LoadedProgram> LoadedProgram::compile(const std::string&, const std::string&,
                                                      const NativeOptions&) {
  unavailable();
}

}  // namespace onnxc

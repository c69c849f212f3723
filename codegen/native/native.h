// Emitted C++17 source to objects, assembly, LLVM IR and code that runs in this process; no LLVM
// header is needed to use it.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace onnxc {

// One file of an emitted program: `name` is a plain file name such as "mnist8.h", without a folder.
struct SourceFile {
  std::string name;
  std::string text;
};

struct NativeOptions {
  // A name of targets.h, or "native" for the machine that runs the compiler.
  std::string march = "native";
  // 0 to 3, as in -O0 to -O3.
  int opt_level = 2;
  bool debug_info = false;
  // Compiles with -Wall -Wextra and takes every warning as an error; otherwise warnings are not
  // printed.
  bool werror = false;
};

enum class NativeKind { kObject, kAssembly, kLlvmIr };

// Whether this build has Clang's libraries and finds their headers; where not, compile_to and
// LoadedProgram::compile throw a CompileError that names the packages to install.
bool native_available();

// "clang 19.1.7", or "none".
std::string native_version();

// The name of targets.h that fits this machine best, from what its CPU has and its system saves.
std::string host_march();

// The bytes of an object file, or the text of an assembly or LLVM IR file, from files.front(),
// which may include the others by name. Nothing of the host's file system is seen but Clang's own
// headers: <stddef.h>, <stdint.h>, <string.h> (memcpy, memmove and memset only), <immintrin.h>,
// <arm_neon.h> and their like exist for every target, and no C library does. The same arguments
// give the same bytes. Any number of threads may call this at once. Throws an InternalError with
// the first diagnostics when the source does not compile, and a CompileError for an unknown march.
std::string compile_to(NativeKind kind, const std::vector<SourceFile>& files,
                       const NativeOptions& options);
std::string compile_to(NativeKind kind, const std::string& source, const std::string& file_name,
                       const NativeOptions& options);

// Code in this process. Its addresses are valid while it lives; it holds no other state, so its
// functions may run on any thread.
class LoadedProgram {
 public:
  // Compiles as compile_to does and links against memcpy, memmove and memset alone: any other
  // undefined symbol is an InternalError. A march whose instructions this machine lacks is a
  // CompileError.
  static std::unique_ptr<LoadedProgram> compile(const std::vector<SourceFile>& files,
                                                const NativeOptions& options);
  static std::unique_ptr<LoadedProgram> compile(const std::string& source, const std::string& name,
                                                const NativeOptions& options);

  // Writes the files to a private temporary folder and builds the first as a user would, with
  // `compiler` ("g++", "clang++", a path; found in PATH, no shell): -O<opt_level> -std=c++17
  // -shared -fPIC, then `flags`, and nothing that depends on options.march, since emitted source
  // states its own target. The compiler runs inside that folder. Throws a CompileError with what
  // the compiler printed.
  static std::unique_ptr<LoadedProgram> load_with(const std::string& compiler,
                                                  const std::vector<SourceFile>& files,
                                                  const std::vector<std::string>& flags,
                                                  const NativeOptions& options);

  // Owns the code of one program; each way of loading has its own.
  class Code {
   public:
    virtual ~Code() = default;
    virtual void* symbol(const std::string& name) const = 0;
  };

  explicit LoadedProgram(std::unique_ptr<Code> code) : code_(std::move(code)) {}

  // The address of a function or object with external linkage, by its name in the object file
  // (extern "C" names are unchanged); nullptr where there is none.
  void* symbol(const std::string& name) const { return code_->symbol(name); }

 private:
  std::unique_ptr<Code> code_;
};

}  // namespace onnxc

// Clang's own headers: where they are, and the large ones precompiled once per process.
#include <clang/Basic/Version.h>
#include <clang/Frontend/CompilerInstance.h>

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <future>
#include <map>
#include <mutex>

#include "codegen/native/clang_compile.h"

namespace onnxc {
namespace {

namespace fs = std::filesystem;

// Where distributions put them relative to the library's folder, and absolutely.
std::vector<fs::path> resource_dir_candidates() {
  std::vector<fs::path> candidates;
#ifdef ONNXC_CLANG_RESOURCE_DIR
  candidates.push_back(ONNXC_CLANG_RESOURCE_DIR);
#endif
  const std::string major = CLANG_VERSION_MAJOR_STRING;
  const fs::path below = fs::path("clang") / major;
  Dl_info library;
  if (dladdr(reinterpret_cast<void*>(&clang::getClangFullVersion), &library) && library.dli_fname) {
    const fs::path folder = fs::path(library.dli_fname).parent_path();
    candidates.push_back(folder / below);
    candidates.push_back(folder.parent_path() / ("llvm-" + major) / "lib" / below);
  }
  candidates.push_back(fs::path("/usr/lib/llvm-" + major + "/lib") / below);
  candidates.push_back(fs::path("/usr/lib") / below);
  candidates.push_back(fs::path("/usr/lib64") / below);
  candidates.push_back(fs::path("/usr/local/lib") / below);
  return candidates;
}

std::string find_resource_dir() {
  for (const fs::path& candidate : resource_dir_candidates()) {
    std::error_code error;
    if (fs::exists(candidate / "include" / "stddef.h", error)) return candidate.string();
  }
  return {};
}

bool includes(const std::vector<SourceFile>& files, const std::string& header) {
  for (const SourceFile& file : files) {
    if (file.text.find("#include <" + header + ">") != std::string::npos) return true;
  }
  return false;
}

std::string precompile(const std::string& header, const NativeTarget& target, const NativeOptions& options) {
  const std::vector<SourceFile> files = {{"intrinsics.h", "#include <" + header + ">\n"}};
  return run_clang({ClangOutput::kPrecompiledHeader, files, target, options});
}

// Everything that changes what a precompiled header means.
std::string cache_key(const std::string& header, const NativeTarget& target, const NativeOptions& options) {
  return header + " " + std::string(target.march) + " -O" + std::to_string(options.opt_level) +
         (options.debug_info ? " -g" : "");
}

}  // namespace

std::string clang_resource_dir() {
  static const std::string found = find_resource_dir();
  return found;
}

const std::string* precompiled_intrinsics(const std::vector<SourceFile>& files, const NativeTarget& target,
                                          const NativeOptions& options) {
  std::string header;
  if (target.triple.starts_with("x86_64") && includes(files, "immintrin.h")) header = "immintrin.h";
  if (target.triple.starts_with("aarch64") && includes(files, "arm_neon.h")) header = "arm_neon.h";
  if (header.empty()) return nullptr;

  static std::mutex mutex;
  static std::map<std::string, std::shared_future<std::string>> made;
  std::promise<std::string> promise;
  std::shared_future<std::string> result;
  bool mine = false;
  {
    std::lock_guard lock(mutex);
    auto [entry, inserted] = made.try_emplace(cache_key(header, target, options));
    if (inserted) entry->second = promise.get_future().share();
    result = entry->second;
    mine = inserted;
  }
  if (mine) {
    try {
      promise.set_value(precompile(header, target, options));
    } catch (...) {
      promise.set_exception(std::current_exception());
    }
  }
  return &result.get();
}

}  // namespace onnxc

// Clang's own headers: where they are, and the large ones precompiled once per process.
#include <clang/Basic/Version.h>
#include <dlfcn.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <map>
#include <mutex>
#include <set>

#include "codegen/native/clang_compile.h"

namespace onnxc {
namespace {

namespace fs = std::filesystem;
using NameSet = std::set<std::string, std::less<>>;

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

bool is_identifier_character(char c) {
  return c == '_' || std::isalnum(static_cast<unsigned char>(c));
}

// Names such as _mm256_fmadd_ps and __m512: what a program can take from <immintrin.h>.
bool may_be_intrinsic(std::string_view name) {
  return name.size() > 2 && name[0] == '_' &&
         (name[1] == '_' ? name[2] == 'm' : std::islower(name[1]) != 0);
}

NameSet intrinsic_names(std::string_view text) {
  NameSet names;
  for (size_t i = 0; i < text.size();) {
    if (!is_identifier_character(text[i])) {
      ++i;
      continue;
    }
    const size_t begin = i;
    while (i < text.size() && is_identifier_character(text[i])) ++i;
    const std::string_view name = text.substr(begin, i - begin);
    if (may_be_intrinsic(name) && !names.contains(name)) names.emplace(name);
  }
  return names;
}

std::string file_text(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// A part of <immintrin.h>, which takes most of a small program's compile time when read as a whole.
struct HeaderPart {
  std::vector<std::string> headers;
  NameSet names;
};

HeaderPart read_part(std::vector<std::string> headers) {
  HeaderPart part{std::move(headers), {}};
  for (const std::string& header : part.headers) {
    part.names.merge(
        intrinsic_names(file_text(fs::path(clang_resource_dir()) / "include" / header)));
  }
  return part;
}

// From the most to the least often needed; each needs those before it.
const std::vector<HeaderPart>& immintrin_parts() {
  static const std::vector<HeaderPart> parts = {
      read_part({"x86gprintrin.h", "mmintrin.h", "xmmintrin.h", "emmintrin.h", "pmmintrin.h",
                 "tmmintrin.h", "smmintrin.h", "avxintrin.h", "avx2intrin.h", "f16cintrin.h",
                 "bmiintrin.h", "bmi2intrin.h", "lzcntintrin.h", "fmaintrin.h"}),
      read_part({"avx512fintrin.h", "avx512bwintrin.h", "avx512dqintrin.h", "avx512cdintrin.h"}),
  };
  return parts;
}

// What the headers that are in no part declare.
const NameSet& other_intrinsics() {
  static const NameSet names = [] {
    NameSet found;
    for (const auto& entry : fs::directory_iterator(fs::path(clang_resource_dir()) / "include")) {
      if (entry.path().filename().string().ends_with("intrin.h")) {
        found.merge(intrinsic_names(file_text(entry.path())));
      }
    }
    return found;
  }();
  return names;
}

// How many of the parts declare `name`, taken in order; 0 where none does.
size_t parts_for(const std::string& name) {
  const std::vector<HeaderPart>& parts = immintrin_parts();
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].names.contains(name)) return i + 1;
  }
  return 0;
}

// The least of <immintrin.h> that has every intrinsic these files name. Its include guard is set,
// so that the files' own #include adds nothing.
std::string immintrin_subset(const std::vector<SourceFile>& files) {
  size_t parts = 1;
  for (const SourceFile& file : files) {
    for (const std::string& name : intrinsic_names(file.text)) {
      const size_t needed = parts_for(name);
      if (needed == 0 && other_intrinsics().contains(name)) return "#include <immintrin.h>\n";
      parts = std::max(parts, needed);
    }
  }
  std::string text = "#define __IMMINTRIN_H\n";
  for (size_t i = 0; i < parts; ++i) {
    for (const std::string& header : immintrin_parts()[i].headers)
      text += "#include <" + header + ">\n";
  }
  return text;
}

std::string header_text(const std::vector<SourceFile>& files, const NativeTarget& target) {
  if (target.triple.starts_with("x86_64") && includes(files, "immintrin.h"))
    return immintrin_subset(files);
  if (target.triple.starts_with("aarch64") && includes(files, "arm_neon.h"))
    return "#include <arm_neon.h>\n";
  return {};
}

// Everything that changes what the precompiled text means.
std::string cache_key(const std::string& text, const NativeTarget& target,
                      const NativeOptions& options) {
  return std::string(target.march) + (options.opt_level > 0 ? " optimised" : "") +
         (options.debug_info ? " debug\n" : "\n") + text;
}

PrecompiledHeader precompile(const std::string& text, const NativeTarget& target,
                             const NativeOptions& options) {
  const std::vector<SourceFile> files = {{"onnxc/intrinsics.h", text}};
  return {files.front(), run_clang({ClangOutput::kPrecompiledHeader, files, target, options})};
}

}  // namespace

std::string clang_resource_dir() {
  static const std::string found = find_resource_dir();
  return found;
}

const PrecompiledHeader* precompiled_intrinsics(const std::vector<SourceFile>& files,
                                                const NativeTarget& target,
                                                const NativeOptions& options) {
  const std::string text = header_text(files, target);
  if (text.empty()) return nullptr;

  static std::mutex mutex;
  static std::map<std::string, std::shared_future<PrecompiledHeader>> made;
  std::promise<PrecompiledHeader> promise;
  std::shared_future<PrecompiledHeader> result;
  bool mine = false;
  {
    std::lock_guard lock(mutex);
    auto [entry, inserted] = made.try_emplace(cache_key(text, target, options));
    if (inserted) entry->second = promise.get_future().share();
    result = entry->second;
    mine = inserted;
  }
  if (mine) {
    try {
      promise.set_value(precompile(text, target, options));
    } catch (...) {
      promise.set_exception(std::current_exception());
    }
  }
  return &result.get();
}

}  // namespace onnxc

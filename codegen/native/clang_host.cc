// Whether this machine can run code made for a target.
#include <clang/Basic/Diagnostic.h>
#include <clang/Basic/TargetInfo.h>
#include <clang/Basic/TargetOptions.h>
#include <fmt/ranges.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/TargetParser/Triple.h>

#include <set>

#include "codegen/native/clang_compile.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

// Features that generated code may use; others (instructions for kernels, security, tracing) are
// never chosen by it and are often hidden from virtual machines.
bool used_by_compilers(llvm::StringRef feature) {
  static constexpr llvm::StringLiteral kPrefixes[] = {"sse",  "ssse",  "avx",    "fma",     "bmi",
                                                      "f16c", "lzcnt", "popcnt", "movbe",   "gfni",
                                                      "vaes", "neon",  "sve",    "fullfp16"};
  for (llvm::StringRef prefix : kPrefixes) {
    if (feature.starts_with(prefix)) return true;
  }
  return false;
}

std::set<std::string> missing_features(const NativeTarget& target) {
  clang::DiagnosticsEngine diagnostics(llvm::makeIntrusiveRefCnt<clang::DiagnosticIDs>(),
                                       llvm::makeIntrusiveRefCnt<clang::DiagnosticOptions>(),
                                       new clang::IgnoringDiagConsumer);
  auto options = std::make_shared<clang::TargetOptions>();
  options->Triple = target.triple;
  options->CPU = target.cpu;
  const llvm::IntrusiveRefCntPtr<clang::TargetInfo> info(
      clang::TargetInfo::CreateTargetInfo(diagnostics, options));
  ONNXC_CHECK(info, "Clang does not know the target {}", target.march);
  const auto host = llvm::sys::getHostCPUFeatures();
  std::set<std::string> missing;
  for (const auto& [feature, enabled] : options->FeatureMap) {
    const auto here = host.find(feature);
    if (enabled && here != host.end() && !here->second && used_by_compilers(feature))
      missing.insert(feature.str());
  }
  return missing;
}

}  // namespace

void check_runs_here(const NativeTarget& target) {
  const llvm::Triple wanted{llvm::StringRef(target.triple)};
  const llvm::Triple here(llvm::sys::getProcessTriple());
  if (wanted.getArch() != here.getArch()) {
    throw CompileError("code for {} cannot run on this machine ({})", target.march, host_march());
  }
  const std::set<std::string> missing = missing_features(target);
  if (missing.empty()) return;
  throw CompileError("code for {} cannot run on this machine ({}), which lacks {}", target.march,
                     host_march(), fmt::join(missing, ", "));
}

}  // namespace onnxc

// Runs Clang on source in memory: arguments from the target's row, diagnostics as text, output in a
// string.
#include "codegen/native/clang_compile.h"

#include <clang/Basic/Diagnostic.h>
#include <clang/Basic/DiagnosticOptions.h>
#include <clang/Basic/Version.h>
#include <clang/CodeGen/CodeGenAction.h>
#include <clang/Frontend/CompilerInstance.h>
#include <clang/Frontend/CompilerInvocation.h>
#include <clang/Frontend/FrontendActions.h>
#include <clang/Frontend/TextDiagnosticPrinter.h>
#include <clang/Lex/PreprocessorOptions.h>
#include <clang/Serialization/ASTWriter.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>

#include <mutex>

#include "codegen/native/clang_files.h"
#include "codegen/native/clang_recovery.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

// Names that LLVM may not invent calls to: emitted programs link against memcpy, memmove and memset
// alone.
constexpr const char* kAbsentFunctions[] = {"bcmp",   "memcmp",  "strlen",
                                            "wcslen", "memccpy", "mempcpy"};

void initialise_targets() {
  static std::once_flag once;
  std::call_once(once, [] {
#define ONNXC_INITIALISE(name)        \
  LLVMInitialize##name##TargetInfo(); \
  LLVMInitialize##name##Target();     \
  LLVMInitialize##name##TargetMC();   \
  LLVMInitialize##name##AsmParser();  \
  LLVMInitialize##name##AsmPrinter()
    ONNXC_INITIALISE(X86);
    ONNXC_INITIALISE(AArch64);
    ONNXC_INITIALISE(ARM);
    ONNXC_INITIALISE(RISCV);
    ONNXC_INITIALISE(WebAssembly);
#undef ONNXC_INITIALISE
  });
}

std::string output_flag(ClangOutput output) {
  switch (output) {
    case ClangOutput::kObject:
      return "-emit-obj";
    case ClangOutput::kAssembly:
      return "-S";
    case ClangOutput::kLlvmIr:
      return "-emit-llvm";
    case ClangOutput::kPrecompiledHeader:
      return "-emit-pch";
  }
  return {};
}

// Arguments of `clang -cc1`. Freestanding keeps Clang's headers from looking for a C library's.
std::vector<std::string> clang_arguments(const ClangJob& job, const std::string& resource_dir) {
  const NativeTarget& target = job.target;
  std::vector<std::string> arguments = {output_flag(job.output), "-triple",
                                        std::string(target.triple)};
  const auto add = [&](auto... more) { (arguments.emplace_back(more), ...); };
  add("-target-cpu", target.cpu);
  for (size_t begin = 0; begin < target.features.size();) {
    const size_t end = std::min(target.features.find(',', begin), target.features.size());
    add("-target-feature", target.features.substr(begin, end - begin));
    begin = end + 1;
  }
  if (!target.abi.empty()) add("-target-abi", target.abi);
  if (!target.float_abi.empty()) add("-mfloat-abi", target.float_abi == "hard" ? "hard" : "soft");
  if (target.float_abi == "soft") add("-msoft-float");
  if (target.triple.find("none-eabi") != std::string_view::npos) add("-fshort-enums");
  if (target.position_independent) {
    add("-mrelocation-model", "pic", "-pic-level", "2");
  } else {
    add("-mrelocation-model", "static");
  }
  if (target.preferred_vector_bits > 0) {
    add("-mprefer-vector-width=" + std::to_string(target.preferred_vector_bits));
  }
  add("-O" + std::to_string(job.options.opt_level));
  if (job.options.opt_level >= 2) add("-vectorize-loops", "-vectorize-slp");
  add("-mframe-pointer=none", "-ffp-contract=off", "-fno-rtti", "-ffreestanding",
      "-mconstructor-aliases");
  if (job.options.debug_info) {
    add("-debug-info-kind=constructor", "-dwarf-version=4", "-debugger-tuning=gdb",
        "-fdebug-compilation-dir=.");
  }
  if (job.options.werror && job.output != ClangOutput::kPrecompiledHeader) {
    add("-Wall", "-Wextra", "-Werror");
  } else {
    add("-w");
  }
  add("-ferror-limit", "5");
  add("-resource-dir", resource_dir, "-nostdsysteminc", "-nobuiltininc");
  add("-internal-isystem", kLibraryHeaders, "-internal-isystem", resource_dir + "/include");
  if (job.precompiled) add("-include-pch", kPrecompiledHeaderPath);
  add("-main-file-name", job.files.front().name, "-std=c++17", "-x");
  add(job.output == ClangOutput::kPrecompiledHeader ? "c++-header" : "c++", job.files.front().name);
  return arguments;
}

// Writes the precompiled header into a buffer; Clang's own action only knows files.
class PrecompileAction : public clang::ASTFrontendAction {
 public:
  explicit PrecompileAction(llvm::SmallVectorImpl<char>& output) : output_(output) {}

 protected:
  std::unique_ptr<clang::ASTConsumer> CreateASTConsumer(clang::CompilerInstance& instance,
                                                        llvm::StringRef) override {
    buffer_ = std::make_shared<clang::PCHBuffer>();
    return std::make_unique<clang::PCHGenerator>(
        instance.getPreprocessor(), instance.getModuleCache(), kPrecompiledHeaderPath, "", buffer_,
        instance.getFrontendOpts().ModuleFileExtensions, false, false);
  }
  clang::TranslationUnitKind getTranslationUnitKind() override { return clang::TU_Prefix; }
  bool hasASTFileSupport() const override { return false; }
  void EndSourceFileAction() override {
    output_.assign(buffer_->Data.begin(), buffer_->Data.end());
  }

 private:
  llvm::SmallVectorImpl<char>& output_;
  std::shared_ptr<clang::PCHBuffer> buffer_;
};

struct Outcome {
  bool succeeded = false;
  llvm::SmallString<0> bytes;
  std::string diagnostics;
};

bool execute(clang::CompilerInstance& instance, const ClangJob& job, Outcome& outcome) {
  if (job.output == ClangOutput::kPrecompiledHeader) {
    PrecompileAction action(outcome.bytes);
    return instance.ExecuteAction(action);
  }
  instance.setOutputStream(std::make_unique<llvm::raw_svector_ostream>(outcome.bytes));
  switch (job.output) {
    case ClangOutput::kAssembly: {
      clang::EmitAssemblyAction action;
      return instance.ExecuteAction(action);
    }
    case ClangOutput::kLlvmIr: {
      clang::EmitLLVMAction action;
      return instance.ExecuteAction(action);
    }
    default: {
      clang::EmitObjAction action;
      return instance.ExecuteAction(action);
    }
  }
}

void compile(const ClangJob& job, const std::string& resource_dir, Outcome& outcome) {
  llvm::raw_string_ostream text(outcome.diagnostics);
  auto options = llvm::makeIntrusiveRefCnt<clang::DiagnosticOptions>();
  options->ShowColors = false;
  options->ShowOptionNames = true;
  clang::TextDiagnosticPrinter printer(text, options.get());
  clang::DiagnosticsEngine diagnostics(llvm::makeIntrusiveRefCnt<clang::DiagnosticIDs>(), options,
                                       &printer, false);

  const std::vector<std::string> arguments = clang_arguments(job, resource_dir);
  std::vector<const char*> pointers;
  for (const std::string& argument : arguments) pointers.push_back(argument.c_str());
  auto invocation = std::make_shared<clang::CompilerInvocation>();
  if (!clang::CompilerInvocation::CreateFromArgs(*invocation, pointers, diagnostics)) return;
  invocation->getLangOpts().NoBuiltin = false;
  invocation->getCodeGenOpts().SimplifyLibCalls = true;
  invocation->getCodeGenOpts().NoBuiltinFuncs = {std::begin(kAbsentFunctions),
                                                 std::end(kAbsentFunctions)};
  invocation->getFrontendOpts().DisableFree = false;
  if (job.precompiled) {
    invocation->getPreprocessorOpts().DisablePCHOrModuleValidation =
        clang::DisableValidationForModuleKind::All;
  }

  clang::CompilerInstance instance;
  instance.setInvocation(std::move(invocation));
  instance.createDiagnostics(&printer, false);
  instance.setVerboseOutputStream(text);
  instance.createFileManager(clang_files(job.files, resource_dir, job.precompiled));
  outcome.succeeded = execute(instance, job, outcome);
}

}  // namespace

std::string run_clang(const ClangJob& job) {
  const std::string resource_dir = clang_resource_dir();
  if (resource_dir.empty()) {
    throw CompileError(
        "Clang's own headers (stddef.h, immintrin.h, ...) were not found; install the package "
        "libclang-common-{}-dev",
        CLANG_VERSION_MAJOR);
  }
  initialise_targets();
  Outcome outcome;
  const auto crash = recover_from_crash([&] { compile(job, resource_dir, outcome); });
  const std::string& name = job.files.front().name;
  ONNXC_CHECK(!crash, "Clang could not compile {} for {}: {}\n{}", name, job.target.march, *crash,
              outcome.diagnostics);
  ONNXC_CHECK(outcome.succeeded, "Clang rejects {} for {}:\n{}", name, job.target.march,
              outcome.diagnostics);
  return std::string(outcome.bytes);
}

}  // namespace onnxc

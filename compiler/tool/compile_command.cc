// onnxc MODEL -o OUT: writes source, an object, assembly or LLVM IR, with header and weights.
#include <filesystem>

#include "codegen/native/native.h"
#include "codegen/weights.h"
#include "compiler/compile.h"
#include "compiler/frontend/load_model.h"
#include "compiler/support/diagnostics.h"
#include "compiler/support/output_file.h"
#include "compiler/tool/command.h"
#include "compiler/tool/compile_options.h"
#include "compiler/tool/progress_report.h"

namespace onnxc {
namespace {

namespace fs = std::filesystem;

constexpr char kFooter[] =
    "Writes OUT, the header beside it (.h) and, unless they are embedded, the weights (.weights).\n"
    "OUT ends in .cpp, or in .o, .s or .ll for an object, assembly or LLVM IR.\n\n"
    "Example: onnxc model.onnx -o net.cpp --dim batch=1..64";

enum class Kind { kSource, kObject, kAssembly, kLlvmIr };

bool is_device(const std::string& out) {
  return fs::exists(out) && !fs::is_regular_file(out) && !fs::is_directory(out);
}

Kind kind_of(const std::string& out) {
  if (is_device(out)) return Kind::kSource;
  const std::string extension = fs::path(out).extension().string();
  if (extension == ".cpp" || extension == ".cc" || extension == ".cxx") return Kind::kSource;
  if (extension == ".o") return Kind::kObject;
  if (extension == ".s") return Kind::kAssembly;
  if (extension == ".ll") return Kind::kLlvmIr;
  throw CLI::ValidationError("-o " + out, "the file name ends in .cpp, .o, .s or .ll");
}

NativeKind native_kind(Kind kind) {
  if (kind == Kind::kObject) return NativeKind::kObject;
  return kind == Kind::kAssembly ? NativeKind::kAssembly : NativeKind::kLlvmIr;
}

void require_folder(const std::string& out) {
  const fs::path folder = fs::path(out).parent_path();
  if (!folder.empty() && !fs::is_directory(folder))
    throw CompileError("{}: there is no folder {}", out, folder.string());
}

std::string text_of(const Compiled& compiled, Kind kind, const std::string& stem,
                    const std::string& march) {
  if (kind == Kind::kSource) return compiled.files.source;
  NativeOptions native;
  native.march = march;
  const std::vector<SourceFile> files = {{stem + ".cpp", compiled.files.source},
                                         {stem + ".h", compiled.files.header}};
  return compile_to(native_kind(kind), files, native);
}

}  // namespace

int compile_command(const std::vector<std::string>& words) {
  CLI::App app("Compiles an ONNX model to C++ that depends on nothing.", "onnxc");
  std::string model_path, out;
  CompileArguments arguments;
  app.add_option("MODEL", model_path, "the model: .onnx, ONNX text, NumRs JSON")->required();
  app.add_option("-o", out, "file to write")->required()->type_name("OUT");
  add_compile_options(app, arguments, default_march());
  app.footer(kFooter);
  if (asks_for_help(app, words)) return 0;

  const Kind kind = kind_of(out);
  Options options = options_of(arguments, default_march());
  const fs::path path(out);
  const std::string stem = path.stem().string();
  if (options.name.empty()) options.name = stem;
  options.header_file = stem + ".h";
  require_folder(out);

  ProgressReport progress(arguments.verbose);
  progress.stage("Loading");
  const OnnxModel model = load_model(model_path);
  for (const std::string& warning : model.warnings)
    fmt::print(stderr, "{}: warning: {}\n", model_path, warning);
  const Compiled compiled =
      compile(model, options, [&](std::string_view stage) { progress.stage(stage); });
  if (kind != Kind::kSource) progress.stage("Compiling");
  const std::string text = text_of(compiled, kind, stem, options.march);

  progress.stage("Writing");
  const std::string beside = (path.parent_path() / stem).string();
  OutputFiles files;
  files.add(out).write(text);
  if (!is_device(out)) files.add(beside + ".h").write(compiled.files.header);
  if (!is_device(out) && options.weights == WeightsMode::kFile) {
    OutputFile& weights = files.add(beside + ".weights");
    write_blob(compiled.program, compiled.identity.model_sha256,
               [&](std::span<const std::byte> bytes) { weights.write(bytes); });
  }
  files.commit();
  progress.done();
  progress.detail(fmt::format("{}: {} bytes; weights {} bytes; workspace {} bytes", out,
                              text.size(), blob_size(compiled.program),
                              compiled.program.workspace_bytes.text()));
  return 0;
}

}  // namespace onnxc

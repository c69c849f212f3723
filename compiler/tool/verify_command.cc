// onnxc verify: compiled models against recorded or reference outputs.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "codegen/native/native.h"
#include "compiler/tool/command.h"
#include "compiler/tool/compile_options.h"
#include "compiler/tool/process_pool.h"
#include "compiler/tool/verify_model.h"

namespace onnxc {
namespace {

using Json = nlohmann::json;

constexpr char kFooter[] =
    "A folder holds model.onnx and test_data_set_K/{input,output}_N.pb; all its sets must pass. A\n"
    "model alone runs on made-up inputs and is compared with its unoptimised graph in double.\n"
    "An element passes if |got - want| <= RTOL * |want| + ATOL, or, with --max-error E, if\n"
    "|got - want| is at most E times the largest |want| of its output, plus 1.2e-7.\n\n"
    "Example: onnxc verify models/* --max-error 1e-4 --jobs 2";
constexpr size_t kLongestLine = 2000;

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  if (text.size() > kLongestLine) text = text.substr(0, kLongestLine) + "...";
  return text;
}

std::string without_slash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

std::string to_text(const VerifyResult& r) {
  const Json json = {{"passed", r.passed},
                     {"text", r.text},
                     {"largest_difference", r.largest_difference},
                     {"share_of_largest", r.share_of_largest},
                     {"sets", r.sets},
                     {"skipped_outputs", r.skipped_outputs},
                     {"details", r.details}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json result_of(const ProcessResult& process) {
  if (process.failure.empty()) return Json::parse(process.output);
  VerifyResult failure;
  failure.text = process.failure;
  return Json::parse(to_text(failure));
}

void print_result(const std::string& path, const Json& result, bool verbose) {
  const bool passed = result["passed"];
  std::string line =
      fmt::format("{} {}: {}", passed ? "PASS" : "FAIL", path, result["text"].get<std::string>());
  for (const Json& detail : result["details"]) line += "; " + detail.get<std::string>();
  fmt::print("{}\n", one_line(line));
  if (!verbose) return;
  fmt::print("  {} data sets, {} outputs without a recorded value\n", result["sets"].get<int>(),
             result["skipped_outputs"].get<int>());
}

// Headers that every compilation reads are prepared once, before the processes part.
void prepare_compiler(const Options& options) {
  NativeOptions native;
  native.march = options.march;
  const bool x86 = options.march.rfind("arm", 0) != 0;
  compile_to(NativeKind::kObject, x86 ? "#include <immintrin.h>\n" : "#include <arm_neon.h>\n",
             "prepare.cpp", native);
}

struct VerifyArguments {
  CompileArguments compile;
  std::vector<std::string> paths;
  double relative = 1e-3, absolute = 1e-5, max_error = -1;
  bool layers = false, json = false;
  int threads = 1;
  ProcessLimits limits{1, 1800};
};

void add_options(CLI::App& app, VerifyArguments& a) {
  app.add_option("PATH", a.paths, "models, or folders with recorded data")
      ->required()
      ->type_name("MODEL|FOLDER...");
  auto* relative = app.add_option("--rtol", a.relative, "relative tolerance; default 1e-3")
                       ->check(CLI::NonNegativeNumber)
                       ->type_name("R");
  auto* absolute = app.add_option("--atol", a.absolute, "absolute tolerance; default 1e-5")
                       ->check(CLI::NonNegativeNumber)
                       ->type_name("A");
  app.add_option("--max-error", a.max_error, "tolerance as a share of an output's largest value")
      ->check(CLI::NonNegativeNumber)
      ->excludes(relative)
      ->excludes(absolute)
      ->type_name("E");
  app.add_flag("--layers", a.layers, "names the first step whose result departs");
  add_via_option(app, a.compile);
  app.add_option("--threads", a.threads, "also runs with N threads, which must not change a bit")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
  app.add_option("--jobs", a.limits.jobs, "models checked at a time; default 1")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
  app.add_option("--timeout", a.limits.seconds, "for each model, 0 for none; default 1800")
      ->check(CLI::Range(0, 1000000))
      ->type_name("SECONDS");
  app.add_flag("--json", a.json, "one line of JSON instead of text");
  add_compile_options(app, a.compile, "native");
  app.footer(kFooter);
}

}  // namespace

int verify_command(const std::vector<std::string>& words) {
  CLI::App app("Checks what compiled models compute.", "onnxc verify");
  VerifyArguments a;
  add_options(app, a);
  if (asks_for_help(app, words)) return 0;

  VerifyOptions options{options_of(a.compile, "native"), a.compile.via, {}, a.layers, a.threads};
  options.compile.open_size_bound = kAssumedSize;
  options.tolerance.relative = a.relative;
  options.tolerance.absolute = a.absolute;
  if (a.max_error >= 0) options.tolerance.share_of_largest = a.max_error;
  if (a.paths.size() > 1 && options.via == "clang" && native_available())
    prepare_compiler(options.compile);

  int failed = 0;
  Json results = Json::array();
  const bool alone = a.paths.size() == 1;
  const auto work = [&](size_t i) {
    ProgressReport progress(a.compile.verbose, alone);
    return to_text(verify_model(without_slash(a.paths[i]), options, progress));
  };
  const auto report = [&](size_t i, const ProcessResult& process) {
    Json result = result_of(process);
    failed += !result["passed"];
    if (!a.json) return print_result(a.paths[i], result, a.compile.verbose);
    result["path"] = a.paths[i];
    results.push_back(result);
  };
  run_in_processes(a.paths.size(), a.limits, work, report);
  const int passed = static_cast<int>(a.paths.size()) - failed;
  if (a.json) {
    const Json all = {{"results", results}, {"passed", passed}, {"failed", failed}};
    fmt::print("{}\n", all.dump());
  } else {
    fmt::print("{} passed, {} failed\n", passed, failed);
  }
  return failed ? 1 : 0;
}

}  // namespace onnxc

// onnxc bench: how fast a compiled model is.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "codegen/weights.h"
#include "compiler/compile.h"
#include "compiler/frontend/load_model.h"
#include "compiler/ir/bounds.h"
#include "compiler/plan/cost.h"
#include "compiler/tool/command.h"
#include "compiler/tool/compile_options.h"
#include "compiler/tool/model_inputs.h"
#include "compiler/tool/native_model.h"
#include "compiler/tool/progress_report.h"

namespace onnxc {
namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr char kFooter[] =
    "Inputs are those of test_data_set_0 where a folder is given, otherwise made up.\n\n"
    "Example: onnxc bench models/resnet50 --seconds 5 --layers";
constexpr size_t kFewestRuns = 3;

struct BenchArguments {
  CompileArguments compile;
  std::string path;
  int threads = 1;
  double seconds = 2;
  bool layers = false, json = false;
};

void add_options(CLI::App& app, BenchArguments& a) {
  app.add_option("PATH", a.path, "a model, or a folder with recorded data")
      ->required()
      ->type_name("MODEL|FOLDER");
  app.add_option("--threads", a.threads, "threads that share the work; default 1")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
  app.add_option("--seconds", a.seconds, "how long to measure; default 2")
      ->check(CLI::Range(0.0, 86400.0))
      ->type_name("S");
  app.add_flag("--layers", a.layers, "prints the time of each step");
  add_via_option(app, a.compile);
  app.add_flag("--json", a.json, "one line of JSON instead of text");
  add_compile_options(app, a.compile, "native");
  app.footer(kFooter);
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::vector<double> measure(NativeModel::Call& call, double seconds) {
  std::vector<double> times;
  call.run();
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  while (times.size() < kFewestRuns || Clock::now() < end) {
    const auto start = Clock::now();
    call.run();
    times.push_back(Milliseconds(Clock::now() - start).count());
  }
  return times;
}

// The times of each step over many runs.
class StepTimes {
 public:
  explicit StepTimes(size_t steps) : times_(steps) {}

  void measure(NativeModel& model, NativeModel::Call& call, double seconds) {
    model.on_step([](void* self,
                     int step) { static_cast<StepTimes*>(self)->note(static_cast<size_t>(step)); },
                  this);
    const auto end = Clock::now() + std::chrono::duration<double>(seconds);
    do {
      last_ = Clock::now();
      call.run();
    } while (Clock::now() < end || times_.empty());
    model.on_step(nullptr, nullptr);
  }

  double median(size_t step) const { return onnxc::median(times_[step]); }

 private:
  void note(size_t step) {
    const auto now = Clock::now();
    times_[step].push_back(Milliseconds(now - last_).count());
    last_ = Clock::now();
  }

  std::vector<std::vector<double>> times_;
  Clock::time_point last_;
};

std::string origin_text(const Node& node) {
  std::string text;
  for (const std::string& o : node.origins) text += (text.empty() ? "" : " + ") + o;
  constexpr size_t kWidth = 60;
  return text.size() <= kWidth ? text : text.substr(0, kWidth - 3) + "...";
}

double gflops(const Dim& macs, const SymbolValues& symbols, double ms) {
  return ms > 0 ? 2e-6 * static_cast<double>(macs.evaluate(symbols)) / ms : 0;
}

void print_layers(const Program& program, const SymbolValues& symbols, const StepTimes& times) {
  const auto found = found_sizes(program.graph);
  double total = 0;
  for (size_t k = 0; k < program.steps.size(); ++k) total += times.median(k);
  fmt::print("{:>4}  {:>10}  {:>6}  {:>8}  step\n", "", "ms", "share", "GFLOP/s");
  for (size_t k = 0; k < program.steps.size(); ++k) {
    const Node& node = *program.steps[k];
    const double ms = times.median(k);
    const Dim macs = upper_bound(multiply_adds(node), found);
    const double rate = gflops(macs, symbols, ms);
    fmt::print("{:>4}  {:>10.4f}  {:>5.1f}%  {:>8}  {} {}\n", k, ms,
               total > 0 ? 100 * ms / total : 0, rate > 0 ? fmt::format("{:.1f}", rate) : "",
               origin_text(node), node.outputs.empty() ? "" : text(node.output()->shape));
  }
}

}  // namespace

int bench_command(const std::vector<std::string>& words) {
  CLI::App app("Times a compiled model.", "onnxc bench");
  BenchArguments a;
  add_options(app, a);
  if (asks_for_help(app, words)) return 0;

  Options options = options_of(a.compile, "native");
  options.open_size_bound = kAssumedSize;
  options.time_steps = a.layers;
  ProgressReport progress(a.compile.verbose);
  progress.stage("Loading");
  const OnnxModel model = load_model(model_file(a.path));
  const Compiled compiled =
      compile(model, options, [&](std::string_view stage) { progress.stage(stage); });
  progress.stage("Compiling");
  NativeModel native(compiled, a.compile.via, options.march);
  NativeModel::Call call(native, sample_inputs(a.path, model, compiled.program.graph), a.threads);
  progress.stage("Measuring");
  const std::vector<double> times = measure(call, a.seconds);
  const double typical = median(times), fastest = *std::min_element(times.begin(), times.end());
  const double rate = gflops(multiply_adds(compiled.program), call.symbols(), typical);
  const size_t weights = blob_size(compiled.program);
  StepTimes steps(compiled.program.steps.size());
  if (a.layers) steps.measure(native, call, a.seconds);
  progress.done();

  if (a.json) {
    const nlohmann::json line = {
        {"median_ms", typical},    {"min_ms", fastest},
        {"gflops", rate},          {"runs", times.size()},
        {"threads", a.threads},    {"workspace_bytes", call.workspace_bytes()},
        {"weights_bytes", weights}};
    fmt::print("{}\n", line.dump());
    return 0;
  }
  fmt::print("{}: median {:.4f} ms, minimum {:.4f} ms, {:.1f} GFLOP/s ({} runs, {} thread{})\n",
             a.path, typical, fastest, rate, times.size(), a.threads, a.threads == 1 ? "" : "s");
  fmt::print("workspace {} bytes, weights {} bytes\n", call.workspace_bytes(), weights);
  if (a.layers) print_layers(compiled.program, call.symbols(), steps);
  return 0;
}

}  // namespace onnxc

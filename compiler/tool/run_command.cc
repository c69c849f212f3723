// onnxc run: outputs of a model for inputs from files.
#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <map>

#include "compiler/compile.h"
#include "compiler/frontend/containers.h"
#include "compiler/frontend/load_model.h"
#include "compiler/ir/npy.h"
#include "compiler/support/diagnostics.h"
#include "compiler/support/output_file.h"
#include "compiler/tool/command.h"
#include "compiler/tool/compare.h"
#include "compiler/tool/compile_options.h"
#include "compiler/tool/model_inputs.h"
#include "compiler/tool/native_model.h"
#include "compiler/tool/progress_report.h"

namespace onnxc {
namespace {

namespace fs = std::filesystem;

constexpr char kFooter[] =
    "Writes output_0.npy, output_1.npy, ... into DIR.\n\n"
    "Example: onnxc run model.onnx --input image=cat.npy --output-dir out";

std::string input_names(const OnnxModel& model) {
  std::string names;
  for (const OnnxValueInfo& input : model.graph.inputs)
    names += (names.empty() ? "" : ", ") + input.name;
  return names.empty() ? "the model has no inputs" : "the model's inputs are " + names;
}

std::map<std::string, std::string> parse_inputs(const std::vector<std::string>& words) {
  std::map<std::string, std::string> files;
  for (const std::string& word : words) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == word.size())
      throw CLI::ValidationError("--input " + word, "expected NAME=FILE.npy or NAME=FILE.pb");
    const std::string extension = fs::path(word).extension().string();
    if (extension != ".npy" && extension != ".pb")
      throw CLI::ValidationError("--input " + word, "the file ends in .npy or .pb");
    if (!files.emplace(word.substr(0, equals), word.substr(equals + 1)).second)
      throw CLI::ValidationError("--input " + word, "this input is given twice");
  }
  return files;
}

std::vector<Tensor> read_input(const std::string& file, const OnnxType& type) {
  if (!fs::exists(file)) throw CompileError("{}: no such file", file);
  if (fs::path(file).extension() == ".pb") return flattened(read_test_value(file, type), type);
  if (type.kind != OnnxType::Kind::kTensor)
    throw CompileError("{}: a sequence or an optional is read from a .pb file", file);
  return {read_npy(file, type.dtype)};
}

std::vector<Tensor> read_inputs(const OnnxModel& model, std::map<std::string, std::string> files) {
  std::vector<Tensor> inputs;
  for (const OnnxValueInfo& input : model.graph.inputs) {
    const auto it = files.find(input.name);
    if (it == files.end()) {
      throw CompileError("{}: input \"{}\" is not given", model.path, input.name)
          .note(input_names(model));
    }
    for (Tensor& part : read_input(it->second, input.type)) inputs.push_back(std::move(part));
    files.erase(it);
  }
  if (!files.empty()) {
    throw CompileError("{}: there is no input \"{}\"", model.path, files.begin()->first)
        .note(input_names(model));
  }
  return inputs;
}

std::string summary(const Tensor& t) {
  if (t.size() == 0 || t.type() == DType::kString) return "";
  double low = std::numeric_limits<double>::infinity(), high = -low, sum = 0;
  for (int64_t i = 0; i < t.size(); ++i) {
    const double v = t.as_double(i);
    low = std::min(low, v);
    high = std::max(high, v);
    sum += v;
  }
  return fmt::format("  min {:.6g}  max {:.6g}  mean {:.6g}", low, high,
                     sum / static_cast<double>(t.size()));
}

void write_outputs(const std::string& folder, const std::vector<std::string>& names,
                   const std::vector<Tensor>& outputs) {
  std::error_code error;
  if (!folder.empty()) fs::create_directories(folder, error);
  if (error) throw CompileError("{}: cannot create this folder: {}", folder, error.message());
  OutputFiles files;
  for (size_t i = 0; i < outputs.size() && !folder.empty(); ++i)
    files.add(fmt::format("{}/output_{}.npy", folder, i)).write(npy_bytes(outputs[i]));
  files.commit();
  for (size_t i = 0; i < outputs.size(); ++i) {
    fmt::print("{} {}{}{}\n", names[i], name(outputs[i].type()), shape_text(outputs[i].dims()),
               summary(outputs[i]));
  }
}

}  // namespace

int run_command(const std::vector<std::string>& words) {
  CLI::App app("Computes a model's outputs.", "onnxc run");
  CompileArguments arguments;
  std::string model_path, folder;
  std::vector<std::string> input_words;
  int threads = 1;
  app.add_option("MODEL", model_path, "the model")->required();
  app.add_option("--input", input_words, "an input's value; repeatable")
      ->type_name("NAME=FILE.npy|FILE.pb")
      ->expected(1)
      ->take_all();
  app.add_option("--output-dir", folder, "folder for the outputs; default: only the summary")
      ->type_name("DIR");
  app.add_option("--threads", threads, "threads that share the work; default 1")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
  add_via_option(app, arguments);
  add_compile_options(app, arguments, "native");
  app.footer(kFooter);
  if (asks_for_help(app, words)) return 0;

  Options options = options_of(arguments, "native");
  options.open_size_bound = kAssumedSize;
  const auto files = parse_inputs(input_words);
  ProgressReport progress(arguments.verbose);
  progress.stage("Loading");
  const OnnxModel model = load_model(model_file(model_path));
  std::vector<Tensor> inputs = read_inputs(model, files);
  const Compiled compiled =
      compile(model, options, [&](std::string_view stage) { progress.stage(stage); });
  progress.stage("Compiling");
  const NativeModel native(compiled, arguments.via, options.march);
  progress.stage("Running");
  const std::vector<Tensor> outputs = in_context(model.path, [&] {
    NativeModel::Call call(native, std::move(inputs), threads);
    call.run();
    return call.outputs();
  });
  progress.done();
  write_outputs(folder, native.output_names(), outputs);
  return 0;
}

}  // namespace onnxc

// Compiling, running and comparing one model.
#include "compiler/tool/verify_model.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "compiler/compile.h"
#include "compiler/frontend/load_model.h"
#include "compiler/support/diagnostics.h"
#include "compiler/tool/model_inputs.h"
#include "compiler/tool/native_model.h"
#include "compiler/tool/reference_model.h"
#include "compiler/tool/verify_layers.h"

namespace onnxc {
namespace {

namespace fs = std::filesystem;

class Verification {
 public:
  Verification(const std::string& path, const VerifyOptions& options, ProgressReport& progress)
      : path_(path), options_(options), progress_(progress) {}

  VerifyResult run() {
    progress_.stage("Loading");
    const OnnxModel model = load_model(model_file(path_));
    const Compiled compiled =
        compile(model, options_.compile, [&](std::string_view stage) { progress_.stage(stage); });
    progress_.stage("Compiling");
    const NativeModel native(compiled, options_.via, options_.compile.march);
    if (fs::is_directory(path_)) {
      check_recorded(model, native);
    } else {
      check_reference(model, compiled, native);
    }
    if (options_.layers) find_departure(model, compiled);
    return std::move(result_);
  }

 private:
  std::vector<Tensor> call(const NativeModel& native, const std::vector<Tensor>& inputs) {
    NativeModel::Call call(native, inputs);
    call.run();
    std::vector<Tensor> outputs = call.outputs();
    if (options_.threads > 1) check_threads(native, inputs, outputs);
    return outputs;
  }

  void check_threads(const NativeModel& native, const std::vector<Tensor>& inputs,
                     const std::vector<Tensor>& want) {
    NativeModel::Call call(native, inputs, options_.threads);
    call.run();
    const std::vector<Tensor> got = call.outputs();
    for (size_t i = 0; i < got.size(); ++i) {
      if (!same_bytes(got[i], want[i]))
        throw CompileError("output {} of {} threads differs from that of one", i, options_.threads);
    }
  }

  static bool same_bytes(const Tensor& a, const Tensor& b) {
    return a.dims() == b.dims() && std::ranges::equal(a.bytes(), b.bytes());
  }

  void check_recorded(const OnnxModel& model, const NativeModel& native) {
    const auto sets = find_test_data(path_);
    if (sets.empty()) throw CompileError("{}: there is no test_data_set_0", path_);
    progress_.stage("Running");
    result_.passed = true;
    for (const TestDataSet& set : sets) {
      const std::string context = fs::path(set.folder).filename().string();
      in_context(context, [&] {
        const auto got = call(native, recorded_inputs(model, set));
        for (size_t i = 0; i < got.size(); ++i) {
          if (i >= set.outputs.size() || set.outputs[i].empty()) {
            ++result_.skipped_outputs;
            continue;
          }
          judge(context + ": ", model.graph.outputs[i].name, got[i],
                read_recorded(set.outputs[i], model.graph.outputs[i].type));
        }
      });
      ++result_.sets;
    }
    if (compared_ == 0) throw CompileError("{}: no output is recorded", path_);
  }

  void check_reference(const OnnxModel& model, const Compiled& compiled,
                       const NativeModel& native) {
    const auto inputs = seeded_inputs(compiled.program.graph);
    progress_.stage("Reference");
    const ReferenceModel reference(model, options_.compile);
    const auto want = reference.run(inputs);
    progress_.stage("Running");
    const auto got = call(native, inputs);
    result_.passed = true;
    for (size_t i = 0; i < got.size(); ++i)
      judge("", model.graph.outputs[i].name, got[i], rounded_to(want[i], got[i].type()));
    ++result_.sets;
  }

  void judge(const std::string& where, const std::string& output, const Tensor& got,
             const Tensor& want) {
    const Difference d = compare(got, want, options_.tolerance);
    const bool worst = compared_++ == 0 || (result_.passed && !d.accepted) ||
                       (result_.passed != d.accepted ? false : d.share > result_.share_of_largest);
    if (worst) result_.text = where + describe(d, output, got, want);
    result_.largest_difference = std::max(result_.largest_difference, d.largest);
    result_.share_of_largest = std::max(result_.share_of_largest, d.share);
    result_.passed &= d.accepted;
  }

  void find_departure(const OnnxModel& model, const Compiled& compiled) {
    progress_.stage("Layers");
    const auto inputs = sample_inputs(path_, model, compiled.program.graph);
    result_.details.push_back(first_departure(model, inputs, options_));
  }

  const std::string& path_;
  const VerifyOptions& options_;
  ProgressReport& progress_;
  VerifyResult result_;
  int compared_ = 0;
};

VerifyResult failed(const std::string& path, std::string text) {
  for (const std::string& prefix : {path + "/model.onnx: ", path + ": "}) {
    if (text.rfind(prefix, 0) == 0) text.erase(0, prefix.size());
  }
  VerifyResult result;
  result.text = std::move(text);
  return result;
}

}  // namespace

VerifyResult verify_model(const std::string& path, const VerifyOptions& options,
                          ProgressReport& progress) {
  try {
    VerifyResult result = Verification(path, options, progress).run();
    progress.done();
    return result;
  } catch (const CompileError& error) {
    VerifyResult result = failed(path, error.what());
    result.details = error.notes();
    return result;
  } catch (const InternalError& error) {
    return failed(path, fmt::format("internal error: {}", error.what()));
  } catch (const std::exception& error) {
    return failed(path, fmt::format("internal error: {}", error.what()));
  }
}

}  // namespace onnxc

// Compiling, running and comparing one model.
#include "compiler/tool/verify_model.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "compiler/compile.h"
#include "compiler/frontend/containers.h"
#include "compiler/frontend/load_model.h"
#include "compiler/ops/random.h"
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
    OnnxModel model = load_model(model_file(path_));
    if (fs::is_directory(path_)) complete_recorded_types(path_, model);
    const Compiled compiled = compile(model, with_empty_sizes(model),
                                      [&](std::string_view stage) { progress_.stage(stage); });
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
  // A size that is 0 in the recorded data may be 0.
  Options with_empty_sizes(const OnnxModel& model) const {
    Options options = options_.compile;
    if (!fs::is_directory(path_)) return options;
    for (const TestDataSet& set : find_test_data(path_)) {
      for (const std::string& name : empty_sizes(model.graph, set))
        options.dims.emplace(name, DimBounds{0, int64_t{1} << 31});
    }
    return options;
  }

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
    random_ = draws_random_numbers(model);
    for (const TestDataSet& set : sets) {
      const std::string context = fs::path(set.folder).filename().string();
      in_context(context, [&] {
        const auto got = call(native, recorded_inputs(model, set));
        size_t next = 0;
        for (size_t i = 0; i < model.graph.outputs.size(); ++i) {
          const OnnxValueInfo& info = model.graph.outputs[i];
          const TestValue value = assembled(info, native.output_names(), got, next);
          if (i >= set.outputs.size() || set.outputs[i].empty()) {
            ++result_.skipped_outputs;
            continue;
          }
          const TestValue want = read_test_value(set.outputs[i], info.type);
          if (random_ && value.kind == TestValue::Kind::kTensor) {
            judge_random(context + ": ", info.name, value.tensor, want.tensor);
          } else {
            judge(context + ": ", info.name, value, want);
          }
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
      judge("", native.output_names()[i], got[i], rounded_to(want[i], got[i].type()));
    ++result_.sets;
  }

  void judge(const std::string& where, const std::string& output, const TestValue& got,
             const TestValue& want) {
    using Kind = TestValue::Kind;
    if (want.kind == Kind::kOptional && got.kind == Kind::kTensor && want.elements.size() == 1)
      return judge(where, output, got, want.elements[0]);
    if (got.kind == Kind::kTensor && want.kind == Kind::kTensor)
      return judge(where, output, got.tensor, want.tensor);
    if (got.kind != want.kind || got.elements.size() != want.elements.size()) {
      result_.passed = false;
      ++compared_;
      result_.text = fmt::format("{}{}: {} elements, expected {}", where, output,
                                 got.elements.size(), want.elements.size());
      return;
    }
    if (got.elements.empty() && compared_++ == 0)
      result_.text = where + output + " is empty, as expected";
    for (size_t i = 0; i < got.elements.size(); ++i) {
      const std::string at = got.kind == Kind::kSequence ? fmt::format("[{}]", i) : "";
      judge(where, output + at, got.elements[i], want.elements[i]);
    }
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

  // Numbers drawn by different generators agree in type, shape and, within six standard errors, in
  // their mean.
  void judge_random(const std::string& where, const std::string& output, const Tensor& got,
                    const Tensor& want) {
    if (got.type() != want.type() || got.dims() != want.dims() || got.size() == 0)
      return judge(where, output, got, want);
    const Moments a = moments(got), b = moments(want);
    const double error = std::sqrt((a.variance + b.variance) / static_cast<double>(got.size()));
    ++compared_;
    result_.passed &= std::fabs(a.mean - b.mean) <= 6 * error + 1e-7;
    result_.text = where + fmt::format("{}: random numbers of mean {:.4g}, recorded {:.4g}", output,
                                       a.mean, b.mean);
  }

  struct Moments {
    double mean = 0, variance = 0;
  };
  static Moments moments(const Tensor& t) {
    Moments m;
    const auto n = static_cast<double>(t.size());
    for (int64_t i = 0; i < t.size(); ++i) m.mean += t.as_double(i) / n;
    for (int64_t i = 0; i < t.size(); ++i) {
      const double d = t.as_double(i) - m.mean;
      m.variance += d * d / n;
    }
    return m;
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
  bool random_ = false;
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

// Reading and making of inputs.
#include "compiler/tool/model_inputs.h"

#include <algorithm>
#include <filesystem>
#include <random>

#include "compiler/eval/bind_symbols.h"
#include "compiler/frontend/containers.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

namespace fs = std::filesystem;

SymbolValues small_sizes(const Graph& graph) {
  SymbolValues sizes;
  int64_t next = 2;
  for (const Value* input : graph.inputs) {
    for (const Dim& d : input->shape) {
      for (const SymbolRef& s : d.symbols()) {
        if (sizes.emplace(s->name, std::clamp(next, s->min, s->max)).second) ++next;
      }
    }
  }
  return sizes;
}

void fill(Tensor& tensor, std::mt19937& random) {
  const int64_t count = tensor.size();
  for (int64_t i = 0; i < count; ++i) {
    const uint32_t bits = static_cast<uint32_t>(random());
    if (is_float(tensor.type())) {
      tensor.set(i, static_cast<double>(bits) / 2147483648.0 - 1.0);
    } else {
      tensor.set_int64(i, bits >> 31);
    }
  }
}

}  // namespace

std::string model_file(const std::string& path) {
  if (!fs::is_directory(path)) return path;
  const std::string file = (fs::path(path) / "model.onnx").string();
  if (!fs::exists(file)) throw CompileError("{}: the folder has no model.onnx", path);
  return file;
}

void complete_recorded_types(const std::string& folder, OnnxModel& model) {
  for (const TestDataSet& set : find_test_data(folder)) complete_types(model.graph, set);
}

std::vector<Tensor> recorded_inputs(const OnnxModel& model, const TestDataSet& set) {
  std::vector<Tensor> inputs;
  for (size_t i = 0; i < model.graph.inputs.size(); ++i) {
    if (i >= set.inputs.size() || set.inputs[i].empty()) {
      throw CompileError("{}: input {} (\"{}\") is not recorded", set.folder, i,
                         model.graph.inputs[i].name);
    }
    const OnnxType& type = model.graph.inputs[i].type;
    for (Tensor& part : flattened(read_test_value(set.inputs[i], type), type))
      inputs.push_back(std::move(part));
  }
  return inputs;
}

std::vector<Tensor> seeded_inputs(const Graph& graph) {
  const SymbolValues sizes = small_sizes(graph);
  std::mt19937 random(1);
  std::vector<Tensor> inputs;
  for (const Value* input : graph.inputs) {
    if (input->type == DType::kString)
      throw CompileError("input \"{}\" is text, which cannot be made up", input->name);
    inputs.emplace_back(input->type, evaluate_shape(input->shape, sizes));
    fill(inputs.back(), random);
  }
  return inputs;
}

std::vector<Tensor> sample_inputs(const std::string& path, const OnnxModel& model,
                                  const Graph& graph) {
  if (fs::is_directory(path)) {
    const auto sets = find_test_data(path);
    if (!sets.empty()) return recorded_inputs(model, sets.front());
  }
  return seeded_inputs(graph);
}

}  // namespace onnxc

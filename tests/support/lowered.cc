// Lowering and evaluating small graphs.
#include "tests/support/lowered.h"

#include <cmath>

#include "compiler/eval/evaluate.h"
#include "compiler/frontend/load_model.h"
#include "compiler/ops/lower_model.h"
#include "compiler/support/diagnostics.h"

namespace onnxc::testing {

Graph lower_text(const std::string& graph, int opset) {
  const std::string text = fmt::format(
      "<ir_version: 8, opset_import: [\"\" : {}, \"com.microsoft\" : 1, "
      "\"ai.onnx.preview.training\" : 1]>\ng {}",
      opset, graph);
  Graph lowered = lower_model(load_model_text(text), Options{});
  verify(lowered);
  return lowered;
}

std::string lowering_error(const std::string& graph, int opset) {
  try {
    lower_text(graph, opset);
    return "";
  } catch (const CompileError& error) {
    std::string text = error.what();
    for (const std::string& note : error.notes()) text += "\n" + note;
    return text;
  }
}

Tensor numbers(DType type, const std::vector<int64_t>& dims, int seed) {
  Tensor t(type, dims);
  for (int64_t i = 0; i < t.size(); ++i) {
    t.set(i, 2 * std::sin(static_cast<double>(i) * 1.7 + seed * 12.9898));
  }
  return t;
}

std::vector<Tensor> outputs_for(const Graph& graph,
                                const std::vector<std::vector<int64_t>>& sizes) {
  std::vector<Tensor> inputs;
  for (size_t i = 0; i < sizes.size(); ++i) {
    inputs.push_back(numbers(graph.inputs.at(i)->type, sizes[i], static_cast<int>(i) + 1));
  }
  return evaluate(graph, inputs);
}

}  // namespace onnxc::testing

// The typed reference evaluator of the core: constant folding, and the oracle of the tests.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "compiler/ir/graph.h"
#include "compiler/ir/tensor.h"

namespace onnxc {

using SymbolValues = std::map<std::string, int64_t>;  // run-time sizes by name

// What the step computes for these inputs and sizes. Integers wrap, x / 0 is 0; float is computed
// in float32 operation by operation, narrow floats in float32 rounded once when stored or cast to;
// transcendental functions are rounded from double; sums and products of floating types accumulate
// in double, and so do products of two elements that are summed. Arg reductions compare with < and
// > in row-major order. Only the branch of a select that is taken loads. Throws CompileError where
// a load that is taken lies outside its input, where a result is larger than kLargestResult, and
// for what the evaluator does not know.
Tensor evaluate(const Map& map, const std::vector<Tensor>& inputs, const SymbolValues& symbols);
std::vector<Tensor> evaluate(const Node& node, const std::vector<Tensor>& inputs,
                             const SymbolValues& symbols);

// The graph's outputs. The sizes of the inputs bind the symbols; CompileError if they contradict
// the graph's shapes or bounds.
std::vector<Tensor> evaluate(const Graph& graph, const std::vector<Tensor>& inputs);
// A body's outputs, and the values of its sizes, where `symbols` are known already.
struct BodyResult {
  std::vector<Tensor> outputs;
  std::vector<int64_t> sizes;
};
BodyResult evaluate_body(const Graph& body, const std::vector<Tensor>& inputs,
                         SymbolValues symbols);

// How a step is computed: evaluate(const Node&, ...), or something near it. Steps of bodies are
// always computed by the former.
using EvaluateStep = std::function<std::vector<Tensor>(
    const Node& node, const std::vector<Tensor>& inputs, const SymbolValues& symbols)>;
std::vector<Tensor> evaluate(const Graph& graph, const std::vector<Tensor>& inputs,
                             const EvaluateStep& step);

constexpr int64_t kLargestResult = int64_t{1} << 31;  // bytes

}  // namespace onnxc

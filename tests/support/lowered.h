// Small graphs in ONNX text, lowered, printed and evaluated on numbers that are the same in every
// run.
#pragma once

#include <string>
#include <vector>

#include "compiler/ir/graph.h"
#include "compiler/ir/tensor.h"

namespace onnxc::testing {

// Lowers `graph` ("(float[N,3] x) => (float[N,3] y) { y = Relu(x) }") with that opset of ai.onnx
// and version 1 of com.microsoft and ai.onnx.preview.training, and verifies the result.
Graph lower_text(const std::string& graph, int opset = 17);

// What lowering says is wrong, with its notes; empty if it succeeds.
std::string lowering_error(const std::string& graph, int opset = 17);

// A tensor of numbers in -2..2 that depend on `seed` and the position.
Tensor numbers(DType type, const std::vector<int64_t>& dims, int seed = 1);

// The graph's outputs for `numbers` of the given sizes, one list an input.
std::vector<Tensor> outputs_for(const Graph& graph, const std::vector<std::vector<int64_t>>& sizes);

}  // namespace onnxc::testing

// Inputs to run a model with: recorded, given in files, or made up.
#pragma once

#include <string>
#include <vector>

#include "compiler/frontend/test_data.h"
#include "compiler/ir/graph.h"
#include "compiler/ir/onnx_graph.h"

namespace onnxc {

// `path` itself, or the model in that folder: model.onnx. CompileError if there is none.
std::string model_file(const std::string& path);

// Ranks that the model leaves open and its recorded data shows.
void complete_recorded_types(const std::string& folder, OnnxModel& model);

// The tensors of the inputs, in the model's order; CompileError naming an input that was not
// recorded.
std::vector<Tensor> recorded_inputs(const OnnxModel& model, const TestDataSet& set);

// The same numbers in every run: floats in [-1, 1), integers 0 and 1. Symbols take small sizes
// within their bounds.
std::vector<Tensor> seeded_inputs(const Graph& graph);

// test_data_set_0 where `path` is a folder that has one, otherwise seeded ones.
std::vector<Tensor> sample_inputs(const std::string& path, const OnnxModel& model,
                                  const Graph& graph);

}  // namespace onnxc

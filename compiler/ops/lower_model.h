// From an ONNX model to the graph of core steps.
#pragma once

#include "compiler/ir/graph.h"
#include "compiler/ir/onnx_graph.h"
#include "compiler/options.h"

namespace onnxc {

// Lowers every node. Throws CompileError; all unsupported operators are listed at once, with
// counts. Sizes of inputs that the model names become symbols with the bounds of Options::dims
// (1..2^31 without); `--dim` of an unknown name is an error.
Graph lower_model(const OnnxModel& model, const Options& options);

}  // namespace onnxc

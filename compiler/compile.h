// The whole compiler on one screen.
#pragma once

#include <functional>
#include <string>

#include "codegen/backend.h"
#include "compiler/ir/onnx_graph.h"
#include "compiler/options.h"
#include "compiler/plan/program.h"

namespace onnxc {

struct Compiled {
  Program program;
  Identity identity;
  EmittedFiles files;
};

// Called at the start of each stage with its name: "Loading", "Optimising", "Planning", "Emitting".
using Progress = std::function<void(std::string_view stage)>;

// A model as a planned program and its source. Throws CompileError starting with the model's path.
Compiled compile(
    const OnnxModel& model, const Options& options,
    const Progress& progress = [](std::string_view) {});

}  // namespace onnxc

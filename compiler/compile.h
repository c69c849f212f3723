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

// Which results of steps the program gives as further outputs, in the order of the steps.
using Keep = std::function<bool(const Value& value)>;
// The name that the model's lowering gave a value, also where a pass has blocked its channels.
std::string name_in_model(const Value& value);

// A model as a planned program and its source. Throws CompileError starting with the model's path.
Compiled compile(
    const OnnxModel& model, const Options& options,
    const Progress& progress = [](std::string_view) {}, const Keep& keep = nullptr);

// The same model as it was read: no optimising pass has seen it, and it computes in double where
// the model says float. Its inputs and outputs are double, too.
Compiled compile_reference(const OnnxModel& model, const Options& options,
                           const Keep& keep = nullptr);

}  // namespace onnxc

// Shapes that a model states for values of a graph.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "compiler/ir/dim.h"
#include "compiler/ir/onnx_graph.h"

namespace onnxc {

// The complete, fixed shape that the graph declares for a value, or else for what element-wise
// operators make of it: their result has the shape of their operand where the other one
// `is_scalar` or comes from the same value. Nothing if there is none.
std::optional<Shape> declared_shape(const OnnxGraph& graph, const std::string& name,
                                    const std::function<bool(const std::string&)>& is_scalar);

}  // namespace onnxc

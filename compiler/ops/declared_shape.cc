// Follows a value through element-wise operators to one whose shape is declared.
#include "compiler/ops/declared_shape.h"

#include <algorithm>
#include <string_view>

namespace onnxc {
namespace {

constexpr int kLongestWay = 16;

// Operators whose result has the shape of their first operand.
bool keeps_shape(const OnnxNode& node) {
  static constexpr std::string_view kNames[] = {
      "Abs", "Cast",       "CastLike", "Ceil",  "Cos",     "Exp", "Floor", "Identity", "Log",
      "Neg", "Reciprocal", "Relu",     "Round", "Sigmoid", "Sin", "Sqrt",  "Tanh"};
  return node.domain.empty() &&
         std::find(std::begin(kNames), std::end(kNames), node.op_type) != std::end(kNames);
}

bool broadcasts(const OnnxNode& node) {
  static constexpr std::string_view kNames[] = {"Add", "Div", "Mul", "Pow", "Sub"};
  return node.domain.empty() && node.inputs.size() == 2 &&
         std::find(std::begin(kNames), std::end(kNames), node.op_type) != std::end(kNames);
}

std::optional<Shape> stated_shape(const OnnxGraph& graph, const std::string& name) {
  for (const auto* list : {&graph.outputs, &graph.value_info}) {
    for (const OnnxValueInfo& info : *list) {
      if (info.name != name || !info.type.shape) continue;
      Shape shape;
      for (const OnnxDim& d : *info.type.shape) {
        if (!d.value || *d.value < 0) return std::nullopt;
        shape.push_back(*d.value);
      }
      return shape;
    }
  }
  return std::nullopt;
}

// Whether value `at` is an element-wise function of `name` and scalars alone, so that their shapes
// are equal.
bool is_function_of(const OnnxGraph& graph, const std::string& at, const std::string& name,
                    const std::function<bool(const std::string&)>& is_scalar, int way = 0) {
  if (at == name) return true;
  const auto node = std::find_if(graph.nodes.begin(), graph.nodes.end(), [&](const OnnxNode& n) {
    return !n.outputs.empty() && n.outputs[0] == at;
  });
  if (node == graph.nodes.end() || way > kLongestWay) return false;
  const auto follows = [&](size_t i) {
    return is_function_of(graph, node->inputs[i], name, is_scalar, way + 1);
  };
  if (keeps_shape(*node)) return follows(0);
  if (!broadcasts(*node)) return false;
  const bool first = follows(0), second = follows(1);
  return (first && second) || (first && is_scalar(node->inputs[1])) ||
         (second && is_scalar(node->inputs[0]));
}

}  // namespace

std::optional<Shape> declared_shape(const OnnxGraph& graph, const std::string& name,
                                    const std::function<bool(const std::string&)>& is_scalar) {
  const auto leaves_shape = [&](const std::string& other) {
    return is_scalar(other) || is_function_of(graph, other, name, is_scalar);
  };
  std::string at = name;
  for (int way = 0; way < kLongestWay; ++way) {
    if (const auto stated = stated_shape(graph, at)) return stated;
    const auto next = std::find_if(graph.nodes.begin(), graph.nodes.end(), [&](const OnnxNode& n) {
      if (n.inputs.empty() || n.outputs.empty()) return false;
      if (keeps_shape(n)) return n.inputs[0] == at;
      if (!broadcasts(n)) return false;
      return (n.inputs[0] == at && leaves_shape(n.inputs[1])) ||
             (n.inputs[1] == at && leaves_shape(n.inputs[0]));
    });
    if (next == graph.nodes.end()) return std::nullopt;
    at = next->outputs[0];
  }
  return std::nullopt;
}

}  // namespace onnxc

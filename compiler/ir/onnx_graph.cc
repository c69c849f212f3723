// Naming an ONNX node in messages.
#include "compiler/ir/onnx_graph.h"

#include <fmt/format.h>

namespace onnxc {

std::string describe(const OnnxNode& node) {
  const std::string type = node.domain.empty() ? node.op_type : node.domain + "." + node.op_type;
  if (!node.name.empty()) return fmt::format("{} \"{}\"", type, node.name);
  for (const std::string& output : node.outputs) {
    if (!output.empty()) return fmt::format("{} producing \"{}\"", type, output);
  }
  return fmt::format("{} without a name", type);
}

}  // namespace onnxc

// Convolutions by a kernel.
#include "codegen/cpp/conv_printer.h"

#include "compiler/support/diagnostics.h"

namespace onnxc {

void print_conv(const Node& node, const Conv& conv, const ValueNames&, RunContext&) {
  throw InternalError(__FILE__, __LINE__,
                      fmt::format("{}: no kernel {}", node.output()->name, conv.method));
}

}  // namespace onnxc

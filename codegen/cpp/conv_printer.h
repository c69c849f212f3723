// Convolutions by a kernel: the call and its epilogue.
#pragma once

#include "codegen/cpp/run_context.h"
#include "codegen/cpp/step_printer.h"

namespace onnxc {

void print_conv(const Node& node, const Conv& conv, const ValueNames& names, RunContext& context);

}  // namespace onnxc

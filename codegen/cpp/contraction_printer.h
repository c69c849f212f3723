// Convolutions and matrix products: the call of a kernel and its epilogue.
#pragma once

#include "codegen/cpp/run_context.h"
#include "codegen/cpp/step_printer.h"

namespace onnxc {

// `threads` is the object that splits the work.
void print_conv(const Node& node, const Conv& conv, const std::string& threads,
                const ValueNames& names, RunContext& context);
// `scratch` is the offset of the step's scratch in the workspace.
void print_matmul(const Node& node, const MatMul& product, const Dim& scratch,
                  const std::string& threads, const ValueNames& names, RunContext& context);

void print_attention(const Node& node, const Attention& attention, const Dim& scratch,
                     const std::string& threads, const ValueNames& names, RunContext& context);

}  // namespace onnxc

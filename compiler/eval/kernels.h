// Reference calls of the kernels that are no index expressions, by name.
#pragma once

#include <string_view>
#include <vector>

#include "compiler/eval/evaluate.h"

namespace onnxc {

// What a reference kernel is given: the call, its inputs and the values of all symbols known so
// far.
struct KernelContext {
  const Node& node;
  const KernelCall& call;
  const std::vector<Tensor>& inputs;
  const SymbolValues& symbols;

  // The call's arguments of one kind, in order.
  std::vector<int64_t> sizes() const;                    // Dim
  std::vector<std::vector<int64_t>> size_lists() const;  // std::vector<Dim>
  std::vector<double> numbers() const;
  std::vector<std::string> codes() const;
  const Tensor* input(size_t k) const;  // null where the call passes a null pointer
  // Puts each tensor in the place of the call's output argument with its number, leaving out those
  // for which the call passes a null pointer.
  std::vector<Tensor> outputs(const std::vector<Tensor>& results) const;
};

// Gives the call's outputs. Their actual dimensions determine the symbol that the call results in.
using ReferenceKernel = std::vector<Tensor> (*)(const KernelContext&);

// Null if no kernel of that name is known to the evaluator.
ReferenceKernel reference_kernel(std::string_view name);

}  // namespace onnxc

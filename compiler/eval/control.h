// Choices, loops and sizes that are read from data.
#pragma once

#include "compiler/eval/evaluate.h"

namespace onnxc {

// The body that the condition chooses.
BodyResult evaluate_if(const If& choice, const std::vector<Tensor>& inputs,
                       const SymbolValues& symbols);
// The step's outputs; `sizes` are the loop's at its end, then how many iterations there were.
BodyResult evaluate_loop(const Loop& loop, const Node& node, const std::vector<Tensor>& inputs,
                         const SymbolValues& symbols);
// What a call that only finds out a size finds. CompileError where it exceeds its bound.
int64_t reference_size(const KernelCall& call, const std::vector<Tensor>& inputs,
                       const SymbolValues& symbols);

}  // namespace onnxc

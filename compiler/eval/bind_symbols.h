// Values of the symbols in a shape, from the sizes that a tensor has.
#pragma once

#include "compiler/eval/evaluate.h"

namespace onnxc {

// Adds the symbols that `shape` = `dims` determines to `symbols` (sizes linear in one unknown
// symbol) and checks every size that is then known. CompileError, beginning with `what`, where they
// contradict each other or a symbol's bounds.
SymbolValues bind_symbols(const std::string& what, const Shape& shape,
                          const std::vector<int64_t>& dims, SymbolValues symbols);

// Every size of the shape; CompileError naming a symbol that has no value.
std::vector<int64_t> evaluate_shape(const Shape& shape, const SymbolValues& symbols);

}  // namespace onnxc

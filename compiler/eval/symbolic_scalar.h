// Arithmetic on scalars that are expressions of sizes.
#pragma once

#include <optional>
#include <vector>

#include "compiler/eval/symbolic.h"
#include "compiler/ir/expr.h"

namespace onnxc {

using MaybeScalar = std::optional<SymbolicScalar>;

// True if the scalar is a number or bool known now. A Ratio never is.
bool is_known(const SymbolicScalar& x);

// The elements where there is none that is nothing.
std::optional<std::vector<SymbolicScalar>> all_known(const std::vector<MaybeScalar>& elements);

// Element `i` of a tensor of numbers; nothing for strings and integers beyond int64.
MaybeScalar scalar_of(const Tensor& tensor, int64_t i);
// A known scalar as a constant of `type`.
E constant_of(const SymbolicScalar& x, DType type);
// Elements that are all known as a tensor; nothing if one is not.
std::optional<Tensor> tensor_of(const std::vector<SymbolicScalar>& elements, DType type,
                                const std::vector<int64_t>& dims);

// `op` (not kSelect or kCast) on operands of `type`, and conversion. Nothing where the result is no
// expression of sizes, or depends on one in a way that is not decided. May throw CompileError where
// sizes overflow.
MaybeScalar apply(ScalarOp op, DType type, const std::vector<SymbolicScalar>& args);
MaybeScalar convert(const SymbolicScalar& x, DType from, DType to);

}  // namespace onnxc

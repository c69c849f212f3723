// Structural equality of expressions, in time linear in their distinct parts.
#pragma once

#include <cstdint>

#include "compiler/ir/expr.h"

namespace onnxc {

// Equal expressions have equal hashes. Both may be null.
uint64_t hash_of(const E& x);
// The same operations on the same operands, types and constants (bit for bit) included. A missing
// expression equals only another.
bool equal(const E& a, const E& b);

}  // namespace onnxc

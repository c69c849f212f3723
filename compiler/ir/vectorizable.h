// What can be computed in vectors along one loop.
#pragma once

#include "compiler/ir/expr.h"

namespace onnxc {

// Whether all of `e` can be computed in vectors along loop index `axis`: float arithmetic on loads
// that are contiguous, strided or constant along it.
bool is_vectorizable(const E& e, int axis);
bool varies_along(const E& e, int axis);

}  // namespace onnxc

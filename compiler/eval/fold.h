// Contents of values that are known at compile time.
#pragma once

#include <memory>

#include "compiler/ir/graph.h"
#include "compiler/ir/tensor.h"

namespace onnxc {

enum class Growth { kLimited, kAny };

// Results above this size are folded only if they are at most twice their inputs' size.
constexpr int64_t kLargestGrowth = int64_t{16} << 20;  // bytes

// The contents of a constant, or of a value all of whose sources are constants (or symbolic sizes
// that have one value); null otherwise, and where folding would make much data out of little (see
// kLargestGrowth) unless `growth` allows it. Evaluated on first use and remembered in the values
// themselves; the graph is not changed. A step that cannot be evaluated counts as unknown.
std::shared_ptr<const Tensor> folded(const Value& value, Growth growth = Growth::kLimited);

}  // namespace onnxc

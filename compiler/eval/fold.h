// Contents of values that are known at compile time.
#pragma once

#include <memory>
#include <unordered_map>

#include "compiler/eval/symbolic_evaluator.h"
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

// The same for many values of a graph that does not change meanwhile.
class ConstantFolder {
 public:
  explicit ConstantFolder(Growth growth = Growth::kLimited) : growth_(growth) {}

  // True if all that the value depends on is constant; its contents may still be unknown.
  bool is_constant(const Value& value);
  std::shared_ptr<const Tensor> contents(const Value& value);  // null if unknown

 private:
  bool finds_constant(const Value& value);
  std::shared_ptr<const Tensor> computed(const Value& value);

  Growth growth_;
  std::unordered_map<const Value*, bool> constant_;
  std::unordered_map<const Value*, std::shared_ptr<const Tensor>> small_;
  SymbolicEvaluator symbolic_;
  int depth_ = 0;
};

}  // namespace onnxc

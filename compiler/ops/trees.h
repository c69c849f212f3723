// Decision trees as tables: read from the attributes of all versions of the tree operators.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/ops/lowering.h"

namespace onnxc {

struct Trees {
  // Four numbers a branch: feature, mode, next node if true and if false; ~leaf for leaves.
  std::vector<int32_t> nodes;
  std::vector<double> splits;
  std::vector<int32_t> roots;
  std::vector<int32_t> leaf_first;  // one more than leaves
  std::vector<int32_t> leaf_targets;
  std::vector<double> leaf_weights;
};

// Of TreeEnsembleRegressor and TreeEnsembleClassifier, whose weights' attributes begin with
// `prefix` ("target" or "class").
Trees read_old_trees(const Lowering& x, const std::string& prefix);
// Of TreeEnsemble.
Trees read_trees(const Lowering& x);

// Attribute `name` or `name`_as_tensor.
std::vector<double> numbers_attribute(const Lowering& x, const std::string& name);

}  // namespace onnxc

// What the classifiers and regressors of ai.onnx.ml share: transforms of scores, and class labels.
#pragma once

#include <string>
#include <vector>

#include "compiler/ops/lowering.h"

namespace onnxc {

enum class PostTransform { kNone, kSoftmax, kLogistic, kSoftmaxZero, kProbit };

// Attribute post_transform, as text or (TreeEnsemble) a number.
PostTransform read_post_transform(const Lowering& x);
// Applied along the last axis of scores [rows, targets].
Value* transformed(Lowering& x, Value* scores, PostTransform transform);

E logistic(E v);

// The class labels of the node: integers or strings, from the first attribute of that kind that is
// given.
Tensor class_labels(const Lowering& x, const std::vector<std::string>& integer_names,
                    const std::string& string_name);
// The label for each position (int64 [rows]).
Value* labels_at(Lowering& x, const Tensor& labels, Value* positions);
// The position of the first largest score of each row.
Value* largest_position(Lowering& x, Value* scores);

// Input `i` as [rows, columns] in float, or double where it is that.
Value* feature_rows(Lowering& x, size_t i);
// An attribute's floats as a constant of the type, `size` long; zeros where it is absent.
Value* float_constant(Lowering& x, const std::string& name, DType type, int64_t size);

}  // namespace onnxc

// Statistics over axes, for the operators that normalise.
#pragma once

#include <functional>
#include <vector>

#include "compiler/ops/lowering.h"

namespace onnxc {

// All axes of a tensor of `rank` from `first` on.
std::vector<int> axes_from(int first, int rank);

// Reduces `axes` of `value`, kept as size 1; `element` gives each term from the element and the
// kept `companions` (whose sizes along `axes` are 1). The result has the compute type.
Value* reduce_terms(Lowering& x, Value* value, const std::vector<int>& axes,
                    const std::vector<Value*>& companions,
                    const std::function<E(E, const std::vector<E>&)>& element,
                    const std::function<E(E)>& finish, const std::string& part);

// Number of elements that `axes` of `shape` span, as a scalar of that type.
E count_of(const Shape& shape, const std::vector<int>& axes, DType type);

// Mean and 1 / sqrt(variance + epsilon) over `axes`, which are kept as size 1.
struct Moments {
  Value *mean, *inverse;
};
Moments moments(Lowering& x, Value* value, const std::vector<int>& axes, double epsilon);

// 1 / sqrt(mean of squares + epsilon) over `axes`, which are kept as size 1.
Value* inverse_rms(Lowering& x, Value* value, const std::vector<int>& axes, double epsilon);

// (value - mean) * inverse * scale + bias, the latter two broadcast as numpy does; null ones are
// left out.
Value* normalized(Lowering& x, Value* value, const Moments& m, Value* scale, Value* bias,
                  DType type);

}  // namespace onnxc

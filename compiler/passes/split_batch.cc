// Splitting of batches.
#include "compiler/passes/split_batch.h"

namespace onnxc {

MatMul split_batch(MatMul product, const Dim& outer, const Dim& inner) {
  product.outer = outer;
  product.inner = inner;
  for (MatMul::Strides* s : {&product.a, &product.b, &product.c}) s->outer = s->inner * inner;
  if (!product.finish) return product;
  const Shape space{outer, inner, product.m, product.n};
  product.finish = substitute_indices(product.finish, [&](int axis) {
    const Dim index = Dim::index(axis, space[axis]);
    return axis == 0 ? Dim(0) : axis == 1 ? Dim::index(0, outer) * inner + index : index;
  });
  return product;
}

}  // namespace onnxc

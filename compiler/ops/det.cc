// Determinants, those of small matrices written out, and inverses.
#include "compiler/ops/kernel_step.h"
#include "compiler/ops/op.h"

namespace onnxc {
namespace {

constexpr int64_t kLargestWrittenOut = 4;

// Expansion along the first row that is left.
E determinant(const std::vector<std::vector<E>>& elements, size_t row,
              const std::vector<size_t>& columns) {
  if (columns.size() == 1) return elements[row][columns[0]];
  E sum;
  for (size_t k = 0; k < columns.size(); ++k) {
    std::vector<size_t> rest = columns;
    rest.erase(rest.begin() + static_cast<int64_t>(k));
    const E product = elements[row][columns[k]] * determinant(elements, row + 1, rest);
    sum = !sum ? product : k % 2 == 0 ? sum + product : sum - product;
  }
  return sum;
}

Dim matrix_size(Lowering& x) {
  const int rank = x.rank(0);
  if (rank < 2 || proves_ne(x.shape(0)[rank - 1], x.shape(0)[rank - 2]))
    throw x.error("the last two axes must form a square matrix, the shape is {}", text(x.shape(0)));
  return x.shape(0)[rank - 1];
}

// A kernel on the matrices, whose arithmetic is in double.
void eliminate(Lowering& x, const char* kernel, const Shape& result, const Dim& scratch_numbers) {
  const Dim size = matrix_size(x);
  const DType type = compute_type(x.type(0));
  const Shape outer(x.shape(0).begin(), x.shape(0).end() - 2);
  Value* y = KernelStep(x, kernel, "templates/cpu/elimination.h", {type})
                 .input(x.cast_to(x.input(0), type))
                 .temporary("matrices", type, result)
                 .scratch(scratch_numbers * 8)
                 .size(product(outer))
                 .size(size)
                 .build()[0];
  x.output(0, x.cast_to(y, x.type(0)));
}

void inverse(Lowering& x) {
  const Dim size = matrix_size(x);
  eliminate(x, "matrix_inverse", x.shape(0), size * size * 2);
}

void det(Lowering& x) {
  const Dim size = matrix_size(x);
  const Shape outer(x.shape(0).begin(), x.shape(0).end() - 2);
  if (!size.is_constant() || size.value() < 1 || size.value() > kLargestWrittenOut)
    return eliminate(x, "matrix_determinant", outer, size * size);
  MapBuilder map(x, {x.shape(0).begin(), x.shape(0).end() - 2});
  std::vector<std::vector<E>> elements;
  std::vector<size_t> columns;
  for (int64_t i = 0; i < size.value(); ++i) {
    columns.push_back(static_cast<size_t>(i));
    elements.emplace_back();
    for (int64_t k = 0; k < size.value(); ++k) {
      std::vector<Dim> at;
      for (int axis = 0; axis < map.rank(); ++axis) at.push_back(map.index(axis));
      at.insert(at.end(), {i, k});
      elements.back().push_back(map.load(x.input(0), at));
    }
  }
  x.output(0, map.build(determinant(elements, 0, columns), x.type(0)));
}

}  // namespace

OPS_TABLE(det){
    {"Det", 11, "float", det},
    {"Inverse", 1, "float", inverse, "", "com.microsoft"},
};
OPS_END(det)

}  // namespace onnxc

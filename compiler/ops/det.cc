// Determinants of small matrices, written out.
#include "compiler/ops/lowering.h"
#include "compiler/ops/op.h"

namespace onnxc {
namespace {

constexpr int64_t kLargest = 6;

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

void det(Lowering& x) {
  const int rank = x.rank(0);
  if (rank < 2 || x.shape(0)[rank - 1] != x.shape(0)[rank - 2])
    throw x.error("the last two axes must form a square matrix, the shape is {}", text(x.shape(0)));
  const Dim size = x.shape(0)[rank - 1];
  if (!size.is_constant() || size.value() < 1 || size.value() > kLargest)
    throw x.error("matrices of {} rows are not supported, only of 1 to {}", size.text(), kLargest);
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
    {"Det", 11, "float", det, "matrices of at most 6 rows"},
};
OPS_END(det)

}  // namespace onnxc

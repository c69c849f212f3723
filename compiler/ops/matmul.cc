// numpy.matmul's rules of shapes.
#include "compiler/ops/matmul.h"

namespace onnxc {
namespace {

// The leading indices of an operand whose batch shape is `batch`, aligned at the end of the
// product's.
std::vector<Dim> batch_index(const MapBuilder& map, const Shape& operand) {
  const int batch = static_cast<int>(operand.size()) - 2;
  const int lead = map.rank() - 2 - batch;
  std::vector<Dim> at;
  for (int i = 0; i < batch; ++i) {
    at.push_back(operand[i].is(1) ? Dim(0) : map.index(lead + i));
  }
  return at;
}

}  // namespace

std::vector<Dim> Matmul::at_a(const MapBuilder& map) const {
  std::vector<Dim> at = batch_index(map, a->shape);
  at.insert(at.end(), {map.index(map.rank() - 2), map.index(map.rank())});
  return at;
}

std::vector<Dim> Matmul::at_b(const MapBuilder& map) const {
  std::vector<Dim> at = batch_index(map, b->shape);
  at.insert(at.end(), {map.index(map.rank()), map.index(map.rank() - 1)});
  return at;
}

Matmul plan_matmul(Lowering& x, Value* a, Value* b) {
  if (a->shape.empty() || b->shape.empty()) throw x.error("operands must not be scalars");
  const Shape shape_a = a->shape, shape_b = b->shape;
  const bool row_vector = shape_a.size() == 1, column_vector = shape_b.size() == 1;
  if (row_vector) a = x.reshape(a, {1, shape_a[0]});
  if (column_vector) b = x.reshape(b, {shape_b[0], 1});
  const Dim depth = a->shape.back(), depth_b = b->shape[b->shape.size() - 2];
  x.require_equal(depth, depth_b);
  if (proves_ne(depth, depth_b)) {
    throw x.error("inner sizes {} and {} of shapes {} and {} differ", depth.text(), depth_b.text(),
                  text(shape_a), text(shape_b));
  }
  const Dim rows = a->shape[a->shape.size() - 2], columns = b->shape.back();
  Shape space = x.broadcast_shape(Shape(a->shape.begin(), a->shape.end() - 2),
                                  Shape(b->shape.begin(), b->shape.end() - 2));
  Shape result = space;
  space.push_back(rows);
  space.push_back(columns);
  if (!row_vector) result.push_back(rows);
  if (!column_vector) result.push_back(columns);
  return {a, b, space, depth, result};
}

}  // namespace onnxc

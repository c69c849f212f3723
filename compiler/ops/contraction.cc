// Matrix products: sums of products over a shared axis, written as index expressions.
#include "compiler/ops/lowering.h"
#include "compiler/ops/op.h"

namespace onnxc {
namespace {

// numpy.matmul: a [..., M, K] times b [..., K, N], vectors extended and the axis removed again.
void matmul(Lowering& x) {
  Value *a = x.input(0), *b = x.input(1);
  const bool row_vector = a->shape.size() == 1, column_vector = b->shape.size() == 1;
  if (a->shape.empty() || b->shape.empty()) throw x.error("operands must not be scalars");
  if (row_vector) a = x.reshape(a, {1, a->shape[0]});
  if (column_vector) b = x.reshape(b, {b->shape[0], 1});
  const Shape batch_a(a->shape.begin(), a->shape.end() - 2),
      batch_b(b->shape.begin(), b->shape.end() - 2);
  Shape space = x.broadcast_shape(batch_a, batch_b);
  const Dim rows = a->shape[a->shape.size() - 2], depth = a->shape.back(),
            columns = b->shape.back();
  const Dim depth_b = b->shape[b->shape.size() - 2];
  if (proves_ne(depth, depth_b)) {
    throw x.error("inner sizes {} and {} of shapes {} and {} differ", depth.text(), depth_b.text(),
                  text(x.shape(0)), text(x.shape(1)));
  }
  const int batch_rank = static_cast<int>(space.size());
  space.push_back(rows);
  space.push_back(columns);
  MapBuilder map(x, space, {depth});
  const auto batch_index = [&](const Shape& batch) {
    std::vector<Dim> at;
    for (size_t i = 0; i < batch.size(); ++i) {
      at.push_back(batch[i].is(1) ? Dim(0)
                                  : map.index(batch_rank - static_cast<int>(batch.size()) +
                                              static_cast<int>(i)));
    }
    return at;
  };
  std::vector<Dim> at_a = batch_index(batch_a), at_b = batch_index(batch_b);
  const Dim m = map.index(batch_rank), n = map.index(batch_rank + 1), k = map.index(batch_rank + 2);
  at_a.insert(at_a.end(), {m, k});
  at_b.insert(at_b.end(), {k, n});
  Value* y = map.build_reduction(Reduction::kSum, map.load(a, at_a) * map.load(b, at_b), nullptr,
                                 x.type(0));
  Shape out = x.broadcast_shape(batch_a, batch_b);
  if (!row_vector) out.push_back(rows);
  if (!column_vector) out.push_back(columns);
  x.output(0, x.reshape(y, out));
}

// alpha * A' B' + beta * C.
void gemm(Lowering& x) {
  const bool trans_a = x.attribute_int("transA", 0) != 0,
             trans_b = x.attribute_int("transB", 0) != 0;
  const double alpha = x.attribute_float("alpha", 1), beta = x.attribute_float("beta", 1);
  if (x.rank(0) != 2 || x.rank(1) != 2)
    throw x.error("A and B must be matrices, have shapes {} and {}", text(x.shape(0)),
                  text(x.shape(1)));
  const Dim rows = x.shape(0)[trans_a], depth = x.shape(0)[!trans_a],
            columns = x.shape(1)[!trans_b];
  if (proves_ne(depth, x.shape(1)[trans_b])) {
    throw x.error("inner sizes {} and {} differ", depth.text(), x.shape(1)[trans_b].text());
  }
  MapBuilder map(x, {rows, columns}, {depth});
  const Dim m = map.index(0), n = map.index(1), k = map.index(2);
  const E a = map.load(x.input(0), trans_a ? std::vector<Dim>{k, m} : std::vector<Dim>{m, k});
  const E b = map.load(x.input(1), trans_b ? std::vector<Dim>{n, k} : std::vector<Dim>{k, n});
  const bool has_c = x.has_input(2) && beta != 0;
  const auto finish = [&](E sum) {
    if (alpha != 1) sum = sum * alpha;
    if (!has_c) return sum;
    const E c = map.load(x.input(2));
    return sum + (beta == 1 ? c : c * beta);
  };
  x.output(0, map.build_reduction(Reduction::kSum, a * b, finish, x.type(0)));
}

}  // namespace

OPS_TABLE(contraction){
    {"Gemm", 1, "float, integers", gemm},
    {"MatMul", 1, "float, integers", matmul},
};
OPS_END(contraction)

}  // namespace onnxc

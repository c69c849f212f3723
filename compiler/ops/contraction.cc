// Matrix products: sums of products over a shared axis, written as index expressions.
#include "compiler/ops/fused_activation.h"
#include "compiler/ops/lowering.h"
#include "compiler/ops/matmul.h"
#include "compiler/ops/op.h"

namespace onnxc {
namespace {

// numpy.matmul: a [..., M, K] times b [..., K, N].
void matmul(Lowering& x) {
  const Matmul m = plan_matmul(x, x.input(0), x.input(1));
  MapBuilder map(x, m.space, m.reduced());
  const E product = map.load(m.a, m.at_a(map)) * map.load(m.b, m.at_b(map));
  Value* y = map.build_reduction(Reduction::kSum, product, nullptr, x.type(0));
  x.output(0, x.reshape(y, m.result));
}

// alpha * A' B' + beta * C.
void gemm_then(Lowering& x, const std::function<E(E)>& activation) {
  const bool trans_a = x.attribute_int("transA", 0) != 0,
             trans_b = x.attribute_int("transB", 0) != 0;
  const double alpha = x.attribute_float("alpha", 1), beta = x.attribute_float("beta", 1);
  if (x.rank(0) != 2 || x.rank(1) != 2)
    throw x.error("A and B must be matrices, have shapes {} and {}", text(x.shape(0)),
                  text(x.shape(1)));
  const Dim rows = x.shape(0)[trans_a], depth = x.shape(0)[!trans_a],
            columns = x.shape(1)[!trans_b];
  x.require_equal(depth, x.shape(1)[trans_b]);
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
    if (!has_c) return activation(sum);
    const E c = map.load(x.input(2));
    return activation(sum + (beta == 1 ? c : c * beta));
  };
  x.output(0, map.build_reduction(Reduction::kSum, a * b, finish, x.type(0)));
}

void gemm(Lowering& x) {
  gemm_then(x, [](E v) { return v; });
}

void fused_gemm(Lowering& x) { gemm_then(x, fused_activation(x)); }

// Swaps the last two axes, and moves axis 0 before them where batch axes are transposed too.
Value* transposed(Lowering& x, Value* v, bool matrix, bool batch) {
  const int rank = static_cast<int>(v->shape.size());
  if (rank < 2 || (!matrix && !batch)) return v;
  std::vector<int> order;
  for (int i = 0; i < rank; ++i) order.push_back(i);
  if (batch) {
    for (int i = 0; i + 2 < rank; ++i) order[i] = i + 1;
    order[rank - 2] = 0;
  }
  if (matrix) std::swap(order[rank - 1], order[rank - 2]);
  return x.transpose(v, order);
}

void fused_matmul(Lowering& x) {
  const auto flag = [&](const char* name) { return x.attribute_int(name, 0) != 0; };
  Value* a = transposed(x, x.input(0), flag("transA"), flag("transBatchA"));
  Value* b = transposed(x, x.input(1), flag("transB"), flag("transBatchB"));
  const Matmul m = plan_matmul(x, a, b);
  const double alpha = x.attribute_float("alpha", 1);
  MapBuilder map(x, m.space, m.reduced());
  const E product = map.load(m.a, m.at_a(map)) * map.load(m.b, m.at_b(map));
  const auto finish = [&](E sum) { return alpha == 1 ? sum : sum * alpha; };
  Value* y = map.build_reduction(Reduction::kSum, product, finish, x.type(0));
  x.output(0, x.reshape(y, m.result));
}

}  // namespace

OPS_TABLE(contraction){
    {"FusedGemm", 1, "float", fused_gemm, "", "com.microsoft"},
    {"FusedMatMul", 1, "float", fused_matmul, "", "com.microsoft"},
    {"Gemm", 1, "float, integers", gemm},
    {"MatMul", 1, "float, integers", matmul},
};
OPS_END(contraction)

}  // namespace onnxc

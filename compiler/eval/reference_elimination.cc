// Inverses by orthogonal columns, determinants as sums over permutations.
#include "compiler/eval/reference_elimination.h"

#include <cmath>
#include <vector>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

using Matrix = std::vector<std::vector<long double>>;  // columns

Matrix columns_of(const Tensor& x, int64_t batch, int64_t n) {
  Matrix m(static_cast<size_t>(n), std::vector<long double>(static_cast<size_t>(n)));
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < n; ++j) m[j][i] = x.as_double((batch * n + i) * n + j);
  }
  return m;
}

long double dot(const std::vector<long double>& a, const std::vector<long double>& b) {
  long double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// The columns are made orthogonal one by one, and what they are multiplied with
// is kept: x t = q.
Matrix inverse(Matrix q) {
  const size_t n = q.size();
  Matrix t(n, std::vector<long double>(n));  // q = x t
  for (size_t k = 0; k < n; ++k) t[k][k] = 1;
  for (size_t k = 0; k < n; ++k) {
    for (int pass = 0; pass < 2; ++pass) {
      for (size_t j = 0; j < k; ++j) {
        const long double share = dot(q[k], q[j]);
        for (size_t i = 0; i < n; ++i) {
          q[k][i] -= share * q[j][i];
          t[k][i] -= share * t[j][i];
        }
      }
    }
    const long double length = std::sqrt(dot(q[k], q[k]));
    for (size_t i = 0; i < n; ++i) {
      q[k][i] /= length;
      t[k][i] /= length;
    }
  }
  Matrix result(n, std::vector<long double>(n));  // t q'
  for (size_t c = 0; c < n; ++c) {
    for (size_t k = 0; k < n; ++k) {
      for (size_t i = 0; i < n; ++i) result[c][i] += t[k][i] * q[k][c];
    }
  }
  return result;
}

// Expansion by permutations of columns, as a sum over subsets of them.
long double determinant(const Matrix& m) {
  const size_t n = m.size();
  std::vector<long double> partial(size_t{1} << n);
  partial[0] = 1;
  for (size_t set = 0; set < partial.size(); ++set) {
    const auto row = static_cast<size_t>(__builtin_popcountll(set));
    for (size_t c = 0; c < n; ++c) {
      if (set >> c & 1) continue;
      const bool odd = __builtin_popcountll(set >> c) % 2 != 0;
      partial[set | size_t{1} << c] += (odd ? -1 : 1) * partial[set] * m[c][row];
    }
  }
  return partial.back();
}

}  // namespace

std::vector<Tensor> reference_matrix_inverse(const KernelContext& context) {
  const Tensor& x = *context.input(0);
  const int64_t batch = context.sizes().at(0), n = context.sizes().at(1);
  Tensor y(x.type(), x.dims());
  for (int64_t b = 0; b < batch; ++b) {
    const Matrix m = inverse(columns_of(x, b, n));
    for (int64_t i = 0; i < n * n; ++i) y.set(b * n * n + i, static_cast<double>(m[i % n][i / n]));
  }
  return context.outputs({y});
}

std::vector<Tensor> reference_matrix_determinant(const KernelContext& context) {
  const Tensor& x = *context.input(0);
  const int64_t n = context.sizes().at(1);
  if (n > 20) throw CompileError("a determinant of {} rows is too large to be evaluated", n);
  Tensor y(x.type(), {x.dims().begin(), x.dims().end() - 2});
  for (int64_t b = 0; b < y.size(); ++b)
    y.set(b, static_cast<double>(determinant(columns_of(x, b, n))));
  return context.outputs({y});
}

}  // namespace onnxc

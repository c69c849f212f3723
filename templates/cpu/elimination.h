// Inverses and determinants of square matrices by elimination.
#pragma once

#include "templates/cpu/math_basic.h"

namespace onnxc {
namespace elimination_detail {

// Clears column c below and, with `above`, above the diagonal of n rows of `width`, after bringing
// the largest element of the column to the diagonal. Returns that element, with the other sign if
// rows were exchanged.
inline double eliminate(double* rows, int64_t n, int64_t width, int64_t c, bool above) {
  int64_t pivot = c;
  for (int64_t i = c + 1; i < n; ++i) {
    if (abs(rows[i * width + c]) > abs(rows[pivot * width + c])) pivot = i;
  }
  for (int64_t j = 0; j < width && pivot != c; ++j) {
    const double kept = rows[c * width + j];
    rows[c * width + j] = rows[pivot * width + j];
    rows[pivot * width + j] = kept;
  }
  const double value = rows[c * width + c];
  for (int64_t i = above ? 0 : c + 1; i < n; ++i) {
    if (i == c || rows[i * width + c] == 0) continue;
    const double share = rows[i * width + c] / value;
    for (int64_t j = c; j < width; ++j) rows[i * width + j] -= share * rows[c * width + j];
  }
  return pivot == c ? value : -value;
}

}  // namespace elimination_detail

// y[b] = the inverse of x[b], both [n][n]. `scratch` has room for 2 * n * n doubles. A singular
// matrix gives infinities or NaN.
template <class T>
inline void matrix_inverse(const T* x, T* y, void* scratch, int64_t batch, int64_t n) {
  double* rows = static_cast<double*>(scratch);  // n rows of [matrix | unit matrix]
  for (int64_t b = 0; b < batch; ++b, x += n * n, y += n * n) {
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        rows[i * 2 * n + j] = double(x[i * n + j]);
        rows[i * 2 * n + n + j] = i == j ? 1 : 0;
      }
    }
    for (int64_t c = 0; c < n; ++c) elimination_detail::eliminate(rows, n, 2 * n, c, true);
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t j = 0; j < n; ++j)
        y[i * n + j] = T(rows[i * 2 * n + n + j] / rows[i * 2 * n + i]);
    }
  }
}

// y[b] = the determinant of x[b], [n][n]. `scratch` has room for n * n doubles.
template <class T>
inline void matrix_determinant(const T* x, T* y, void* scratch, int64_t batch, int64_t n) {
  double* rows = static_cast<double*>(scratch);
  for (int64_t b = 0; b < batch; ++b, x += n * n) {
    for (int64_t i = 0; i < n * n; ++i) rows[i] = double(x[i]);
    double product = 1;
    for (int64_t c = 0; c < n && product != 0; ++c)
      product *= elimination_detail::eliminate(rows, n, n, c, false);
    y[b] = T(product);
  }
}

}  // namespace onnxc

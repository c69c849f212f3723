// Sums of products in double, the inner loops of the reference convolution and matrix product.
#pragma once

#include <cstdint>

namespace onnxc {

constexpr int kTerms = 4;

// sums[i] += sum over t < kTerms of weights[t] * x[t][i * stride], for i < count.
template <class T>
void add_weighted(double* __restrict sums, int64_t count, const T* const* x, const double* weights,
                  int64_t stride) {
  const double w0 = weights[0], w1 = weights[1], w2 = weights[2], w3 = weights[3];
  const T* __restrict x0 = x[0];
  const T* __restrict x1 = x[1];
  const T* __restrict x2 = x[2];
  const T* __restrict x3 = x[3];
  int64_t i = 0;
  if (stride == 1) {
    for (; i + 8 <= count; i += 8) {
      for (int64_t l = i; l < i + 8; ++l)
        sums[l] += (w0 * x0[l] + w1 * x1[l]) + (w2 * x2[l] + w3 * x3[l]);
    }
  }
  for (; i < count; ++i) {
    const int64_t l = i * stride;
    sums[i] += (w0 * x0[l] + w1 * x1[l]) + (w2 * x2[l] + w3 * x3[l]);
  }
}

// sums[i] += weight * x[i * stride].
template <class T>
void add_weighted(double* __restrict sums, int64_t count, const T* __restrict x, double weight,
                  int64_t stride) {
  int64_t i = 0;
  if (stride == 1) {
    for (; i + 8 <= count; i += 8) {
      for (int64_t l = i; l < i + 8; ++l) sums[l] += weight * x[l];
    }
  }
  for (; i < count; ++i) sums[i] += weight * x[i * stride];
}

// Sum of a[i] * b[i].
template <class T>
double dot(const T* __restrict a, const T* __restrict b, int64_t count) {
  double parts[8] = {};
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    for (int l = 0; l < 8; ++l)
      parts[l] += static_cast<double>(a[i + l]) * static_cast<double>(b[i + l]);
  }
  double sum = ((parts[0] + parts[1]) + (parts[2] + parts[3])) +
               ((parts[4] + parts[5]) + (parts[6] + parts[7]));
  for (; i < count; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

}  // namespace onnxc

// Class probabilities from those of every pair of classes.
#pragma once

#include <stdint.h>

namespace onnxc {

// `pairs` [rows][classes * (classes - 1) / 2] holds the probability of class i against j > i, pairs
// in the order (0,1), (0,2), ..., (1,2), ...; `out` [rows][classes] receives the probabilities that
// fit them best by the second method of Wu, Lin and Weng (2004). `scratch` has room for classes *
// (classes + 2) doubles.
template <class T>
inline void pairwise_coupling(const T* pairs, T* out, void* scratch, int64_t rows,
                              int64_t classes) {
  double* q = static_cast<double*>(scratch);
  double *share = q + classes * classes, *p = share + classes;
  const int64_t pair_count = classes * (classes - 1) / 2;
  for (int64_t row = 0; row < rows; ++row, pairs += pair_count, out += classes) {
    for (int64_t i = 0; i < classes * classes; ++i) q[i] = 0;
    for (int64_t i = 0, k = 0; i < classes; ++i) {
      p[i] = 1.0 / double(classes);
      for (int64_t j = i + 1; j < classes; ++j, ++k) {
        const double wins = double(pairs[k]), loses = 1 - wins;
        q[i * classes + i] += loses * loses;
        q[j * classes + j] += wins * wins;
        q[i * classes + j] = q[j * classes + i] = -wins * loses;
      }
    }
    const int64_t rounds = classes > 100 ? classes : 100;
    for (int64_t round = 0; round < rounds; ++round) {
      double total = 0, error = 0;
      for (int64_t t = 0; t < classes; ++t) {
        share[t] = 0;
        for (int64_t j = 0; j < classes; ++j) share[t] += q[t * classes + j] * p[j];
        total += p[t] * share[t];
      }
      for (int64_t t = 0; t < classes; ++t) {
        const double e = share[t] < total ? total - share[t] : share[t] - total;
        error = e > error ? e : error;
      }
      if (error < 0.005 / double(classes)) break;
      for (int64_t t = 0; t < classes; ++t) {
        const double own = q[t * classes + t], step = (total - share[t]) / own, grown = 1 + step;
        p[t] += step;
        total = (total + step * (step * own + 2 * share[t])) / grown / grown;
        for (int64_t j = 0; j < classes; ++j) {
          share[j] = (share[j] + step * q[t * classes + j]) / grown;
          p[j] /= grown;
        }
      }
    }
    for (int64_t t = 0; t < classes; ++t) out[t] = T(p[t]);
  }
}

}  // namespace onnxc

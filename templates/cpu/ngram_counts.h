// Counting of n-grams: how often sequences of a pool occur in rows of tokens.
#pragma once

#include "templates/common/string.h"

namespace onnxc {

[[maybe_unused]] inline int compare(int64_t a, int64_t b) { return a < b ? -1 : a > b; }
[[maybe_unused]] inline int compare(int32_t a, int32_t b) { return a < b ? -1 : a > b; }

// y[row][columns[g]] = how often gram g occurs in the row. The grams are `grams` sequences of
// `length` tokens in ascending order; a gram's tokens may lie 1, 2, ... 1 + `skips` apart, all
// alike.
template <class T>
inline void ngram_counts(const T* x, const T* pool, const int64_t* columns, float* y, int64_t rows,
                         int64_t tokens, int64_t grams, int64_t length, int64_t skips,
                         int64_t width) {
  for (int64_t i = 0; i < rows * width; ++i) y[i] = 0;
  if (length == 1) skips = 0;
  for (int64_t row = 0; row < rows; ++row, x += tokens, y += width) {
    for (int64_t step = 1; step <= 1 + skips; ++step) {
      for (int64_t at = 0; at + (length - 1) * step < tokens; ++at) {
        int64_t low = 0, high = grams;
        while (low < high) {
          const int64_t middle = low + (high - low) / 2;
          int order = 0;
          for (int64_t k = 0; k < length && order == 0; ++k)
            order = compare(pool[middle * length + k], x[at + k * step]);
          if (order == 0) {
            y[columns[middle]] += 1;
            break;
          }
          if (order < 0) low = middle + 1;
          if (order > 0) high = middle;
        }
      }
    }
  }
}

}  // namespace onnxc

// Running sums (or other combinations) along an axis.
#pragma once

#include "templates/cpu/combine.h"

namespace onnxc {

// Whether an element counts itself, and from which end the sum runs.
struct Inclusive {
  [[maybe_unused]] static constexpr bool exclusive = false;
};
struct Exclusive {
  [[maybe_unused]] static constexpr bool exclusive = true;
};
struct Forward {
  [[maybe_unused]] static constexpr bool reverse = false;
};
struct Backward {
  [[maybe_unused]] static constexpr bool reverse = true;
};

// y[o][a][i] is x[o][0..a][i] combined, [outer][axis][inner]; exclusive sums leave x[o][a][i]
// itself out and start at `identity`. x and y may be the same only if inclusive. Combine is Sum,
// Product, ...
template <class T, class Combine, class Self, class Direction>
inline void cumulate(const T* x, T* y, int64_t outer, int64_t axis, int64_t inner, T identity,
                     Combine combine, Self, Direction) {
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t step = 0; step < axis; ++step) {
      const int64_t a = Direction::reverse ? axis - 1 - step : step;
      const int64_t before = Direction::reverse ? a + 1 : a - 1;
      const int64_t own = (o * axis + a) * inner, past = (o * axis + before) * inner;
      const int64_t added = Self::exclusive ? past : own;
      for (int64_t i = 0; i < inner; ++i) {
        if (step == 0) {
          y[own + i] = Self::exclusive ? identity : x[own + i];
        } else {
          y[own + i] = combine_with(y[past + i], x[added + i], combine);
        }
      }
    }
  }
}

// Cumulative sum.
template <class T, class Self, class Direction>
inline void cumsum(const T* x, T* y, int64_t outer, int64_t axis, int64_t inner, Self self,
                   Direction direction) {
  cumulate(x, y, outer, axis, inner, T{}, Sum{}, self, direction);
}

}  // namespace onnxc

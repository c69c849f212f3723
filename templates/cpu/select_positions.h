// Selection by value: the positions that are not zero, and the slices that a condition keeps.
#pragma once

#include "templates/common/dims.h"
#include "templates/common/order.h"

namespace onnxc {

// NonZero: the coordinates of all elements that are not 0, in order, as [rank][count] in `out`,
// which has room for every element. Returns the count.
template <class T, int N>
inline int64_t nonzero(const T* x, int64_t* out, const Dims<N>& dims) {
  const int64_t size = product_of(dims, 0, N);
  int64_t count = 0;
  for (int64_t i = 0; i < size; ++i) count += order_key(x[i]) != 0 ? 1 : 0;
  if constexpr (N > 0) {
    if (count == 0) return 0;
    int64_t at[N] = {};
    int64_t found = 0, i = 0;
    do {
      if (order_key(x[i]) != 0) {
        for (int axis = 0; axis < N; ++axis) out[axis * count + found] = at[axis];
        ++found;
      }
      ++i;
    } while (next_position(dims, N, at));
  }
  return count;
}

// Compress: of x, [outer][axis][inner], the slices whose condition holds, as [outer][count][inner]
// in y. The condition may be shorter than the axis. Returns the count.
template <class T, class B>
inline int64_t compress(const T* x, const B* condition, T* y, int64_t conditions, int64_t outer,
                        int64_t axis, int64_t inner) {
  static_assert(sizeof(B) == 1, "bools are bytes in memory");
  if (conditions > axis) conditions = axis;
  int64_t count = 0;
  for (int64_t a = 0; a < conditions; ++a) count += condition[a] ? 1 : 0;
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t a = 0; a < conditions; ++a) {
      if (!condition[a]) continue;
      const T* from = x + (o * axis + a) * inner;
      for (int64_t i = 0; i < inner; ++i) *y++ = from[i];
    }
  }
  return count;
}

}  // namespace onnxc

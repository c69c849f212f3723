// The different slices along an axis, with where each first stands, which one every slice is, and
// how often each occurs.
#pragma once

#include "templates/common/order.h"

namespace onnxc {

// Bytes of scratch that `unique` needs.
[[maybe_unused]] constexpr int64_t unique_scratch(int64_t axis) { return 32 * axis; }

// The order of the output: by value, or by first occurrence.
struct Sorted {
  [[maybe_unused]] static constexpr bool by_value = true;
};
struct AsFound {
  [[maybe_unused]] static constexpr bool by_value = false;
};

namespace unique_detail {

// Slices along the axis of x, [outer][axis][inner], compared element by element.
template <class T>
struct Slices {
  const T* x;
  int64_t outer;
  int64_t axis;
  int64_t inner;

  // Negative, 0 or positive as slice a is less than, equal to or more than slice b.
  int compare(int64_t a, int64_t b) const {
    const Smallest less;
    for (int64_t o = 0; o < outer; ++o) {
      for (int64_t i = 0; i < inner; ++i) {
        const auto left = order_key(x[(o * axis + a) * inner + i]);
        const auto right = order_key(x[(o * axis + b) * inner + i]);
        if (less(left, right)) return -1;
        if (less(right, left)) return 1;
      }
    }
    return 0;
  }
};

}  // namespace unique_detail

// x is [outer][axis][inner]; y becomes [outer][unique][inner]. first_of and counts are [unique],
// inverse is [axis]; any of the four outputs may be null, and each has room for `axis`. NaN equals
// NaN and is larger than every number. Returns the number of different slices. Order is Sorted or
// AsFound.
template <class T, class Order>
inline int64_t unique(const T* x, T* y, int64_t* first_of, int64_t* inverse, int64_t* counts,
                      int64_t outer, int64_t axis, int64_t inner, Order, void* scratch) {
  const unique_detail::Slices<T> slices = {x, outer, axis, inner};
  int64_t* order = static_cast<int64_t*>(scratch);
  int64_t* spare = order + axis;
  int64_t* first = spare + axis;
  int64_t* group = first + axis;
  for (int64_t i = 0; i < axis; ++i) order[i] = i;
  stable_sort(order, axis, spare, [&](int64_t a, int64_t b) { return slices.compare(a, b) < 0; });
  int64_t found = 0;
  for (int64_t i = 0; i < axis; ++i) {
    if (i == 0 || slices.compare(order[i - 1], order[i]) != 0) first[found++] = order[i];
    group[order[i]] = found - 1;
  }
  int64_t* rank = order;
  if (Order::by_value) {
    for (int64_t g = 0; g < found; ++g) rank[g] = g;
  } else {
    int64_t seen = 0;
    for (int64_t i = 0; i < axis; ++i) {
      if (first[group[i]] == i) rank[group[i]] = seen++;
    }
  }
  for (int64_t g = 0; counts && g < found; ++g) counts[g] = 0;
  for (int64_t i = 0; i < axis; ++i) {
    const int64_t place = rank[group[i]];
    if (counts) ++counts[place];
    if (inverse) inverse[i] = place;
    if (first[group[i]] != i) continue;
    if (first_of) first_of[place] = i;
    for (int64_t o = 0; y && o < outer; ++o) {
      const T* from = x + (o * axis + i) * inner;
      for (int64_t k = 0; k < inner; ++k) y[(o * found + place) * inner + k] = from[k];
    }
  }
  return found;
}

}  // namespace onnxc

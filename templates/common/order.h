// Total orders on numbers, narrow floats and NaN included, and stable sorting by an order.
#pragma once

#include <stdint.h>

#include "templates/common/narrow_float.h"

namespace onnxc {

// What an element is compared by.
template <class T>
inline T order_key(T x) {
  return x;
}
[[maybe_unused]] inline float order_key(Float16 x) { return to_float(x); }
[[maybe_unused]] inline float order_key(BFloat16 x) { return to_float(x); }

// Orders from the least to the largest or the other way; NaN counts as larger than every number.
struct Smallest {
  template <class T>
  bool operator()(T a, T b) const {
    return a < b || (b != b && a == a);
  }
};
struct Largest {
  template <class T>
  bool operator()(T a, T b) const {
    return b < a || (a != a && b == b);
  }
};

// Sorts items[0..count), equal ones in the order given; before(a, b) says whether a belongs before
// b. `spare` has as many items. Merges runs of 8 that insertion has sorted.
template <class Item, class Before>
inline void stable_sort(Item* items, int64_t count, Item* spare, const Before& before) {
  constexpr int64_t kRun = 8;
  for (int64_t begin = 0; begin < count; begin += kRun) {
    const int64_t end = begin + kRun < count ? begin + kRun : count;
    for (int64_t i = begin + 1; i < end; ++i) {
      const Item item = items[i];
      int64_t at = i;
      for (; at > begin && before(item, items[at - 1]); --at) items[at] = items[at - 1];
      items[at] = item;
    }
  }
  Item* from = items;
  Item* to = spare;
  for (int64_t run = kRun; run < count; run *= 2) {
    for (int64_t begin = 0; begin < count; begin += 2 * run) {
      const int64_t middle = begin + run < count ? begin + run : count;
      const int64_t end = begin + 2 * run < count ? begin + 2 * run : count;
      int64_t left = begin, right = middle;
      for (int64_t i = begin; i < end; ++i) {
        const bool take_right = left == middle || (right < end && before(from[right], from[left]));
        to[i] = take_right ? from[right++] : from[left++];
      }
    }
    Item* swapped = from;
    from = to;
    to = swapped;
  }
  if (from != items) {
    for (int64_t i = 0; i < count; ++i) items[i] = from[i];
  }
}

}  // namespace onnxc

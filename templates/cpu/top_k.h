// The k largest or smallest elements along an axis, best first.
#pragma once

#include "templates/common/order.h"

namespace onnxc {

// Bytes of scratch that `top_k` needs.
[[maybe_unused]] constexpr int64_t top_k_scratch(int64_t k) { return 16 * k; }

namespace top_k_detail {

template <class Key>
struct Candidate {
  Key key;
  int64_t index;
};

// Whether a belongs before b; of equal ones the lower index.
template <class Key, class Order>
inline bool precedes(const Candidate<Key>& a, const Candidate<Key>& b, const Order& order) {
  if (order(a.key, b.key)) return true;
  return !order(b.key, a.key) && a.index < b.index;
}

// Restores a heap whose last in order is its root, after the item at `at` was replaced.
template <class Key, class Order>
inline void sift_down(Candidate<Key>* heap, int64_t count, int64_t at, const Order& order) {
  const Candidate<Key> item = heap[at];
  for (int64_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
    if (child + 1 < count && precedes(heap[child], heap[child + 1], order)) ++child;
    if (!precedes(item, heap[child], order)) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = item;
}

}  // namespace top_k_detail

// x is [outer][axis][inner], values and indices are [outer][k][inner] (either may be null), k is at
// most `axis`. Order is Largest or Smallest. Equal elements keep the order of their indices.
template <class T, class Order>
inline void top_k(const T* x, T* values, int64_t* indices, int64_t outer, int64_t axis,
                  int64_t inner, int64_t k, Order order, void* scratch) {
  using Key = decltype(order_key(T()));
  using Candidate = top_k_detail::Candidate<Key>;
  Candidate* heap = static_cast<Candidate*>(scratch);
  if (k <= 0) return;
  for (int64_t row = 0; row < outer * inner; ++row) {
    const T* from = x + row / inner * axis * inner + row % inner;
    for (int64_t i = 0; i < k; ++i) heap[i] = {order_key(from[i * inner]), i};
    for (int64_t i = k / 2 - 1; i >= 0; --i) top_k_detail::sift_down(heap, k, i, order);
    for (int64_t i = k; i < axis; ++i) {
      const Key key = order_key(from[i * inner]);
      if (!order(key, heap[0].key)) continue;
      heap[0] = {key, i};
      top_k_detail::sift_down(heap, k, 0, order);
    }
    const int64_t to = row / inner * k * inner + row % inner;
    for (int64_t i = k - 1; i >= 0; --i) {
      const int64_t index = heap[0].index;
      heap[0] = heap[i];
      top_k_detail::sift_down(heap, i, 0, order);
      if (values) values[to + i * inner] = from[index * inner];
      if (indices) indices[to + i * inner] = index;
    }
  }
}

}  // namespace onnxc

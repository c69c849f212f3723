// A size or a condition that a tensor holds.
#pragma once

#include <stdint.h>

namespace onnxc {

// The only element of `x`, at least `min`; -1 where it exceeds `max`.
template <class T>
inline int64_t read_size(const T* x, int64_t min, int64_t max) {
  const int64_t size = static_cast<int64_t>(*x);
  return size > max ? -1 : size < min ? min : size;
}

// The same for a size that must not be negative: -1 where it is.
template <class T>
inline int64_t read_extent(const T* x, int64_t max) {
  const int64_t size = static_cast<int64_t>(*x);
  return size > max || size < 0 ? -1 : size;
}

inline bool holds(const bool* condition) { return *condition; }

}  // namespace onnxc

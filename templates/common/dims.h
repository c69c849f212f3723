// Sizes of a tensor's axes as one object.
#pragma once

#include <stdint.h>

namespace onnxc {

template <int N>
struct Dims {
  [[maybe_unused]] static constexpr int rank = N;
  int64_t size[N];

  constexpr int64_t operator[](int axis) const { return size[axis]; }
};
template <>
struct Dims<0> {
  [[maybe_unused]] static constexpr int rank = 0;

  constexpr int64_t operator[](int) const { return 1; }
};

// The product of the sizes of axes first..last - 1.
template <int N>
constexpr int64_t product_of(const Dims<N>& dims, int first, int last) {
  int64_t product = 1;
  for (int axis = first; axis < last; ++axis) product *= dims[axis];
  return product;
}

// Steps `at` to the next position within dims, the last of `axes` axes fastest; false after the
// last position.
template <int N>
constexpr bool next_position(const Dims<N>& dims, int axes, int64_t* at) {
  for (int axis = axes - 1; axis >= 0; --axis) {
    if (++at[axis] < dims[axis]) return true;
    at[axis] = 0;
  }
  return false;
}

}  // namespace onnxc

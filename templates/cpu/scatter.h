// Writing updates into a copy of a tensor at given indices.
#pragma once

#include "templates/common/dims.h"
#include "templates/common/index.h"
#include "templates/cpu/combine.h"

namespace onnxc {

// ScatterElements: out is data, except that each element of `updates` joins the element at its own
// position with the coordinate along `axis` replaced by its index. Indices and updates have
// `index_dims`, negative indices count from the end, and those outside are ignored. `out` may be
// `data`. Combine is Overwrite, Sum, Product, Minimum or Maximum.
template <class T, class I, int N, class Combine>
inline void scatter_elements(const T* data, const I* indices, const T* updates, T* out,
                             const Dims<N>& dims, const Dims<N>& index_dims, int64_t axis,
                             Combine combine) {
  static_assert(N > 0, "scattering needs an axis");
  const int64_t size = product_of(dims, 0, N);
  if (out != data && size > 0) memcpy(out, data, size_t(size) * sizeof(T));
  if (product_of(index_dims, 0, N) == 0) return;
  const int64_t row = index_dims[N - 1];
  const int64_t axis_stride = product_of(dims, int(axis) + 1, N);
  const int64_t step = axis == N - 1 ? 0 : 1;
  int64_t at[N] = {};
  do {
    int64_t base = 0;
    for (int k = 0; k < N; ++k) base = base * dims[k] + (k == axis ? 0 : at[k]);
    for (int64_t i = 0; i < row; ++i) {
      const int64_t index = wrap_index(int64_t(indices[i]), dims[int(axis)]);
      if (index < 0 || index >= dims[int(axis)]) continue;
      T& target = out[base + index * axis_stride + i * step];
      target = combine_with(target, updates[i], combine);
    }
    indices += row;
    updates += row;
  } while (next_position(index_dims, N - 1, at));
}

// ScatterND: `tuples` index tuples of N coordinates each choose a slice of `slice` elements of
// data, [dims][slice], which the update's slice joins. Negative and outside coordinates as above.
// `out` may be `data`.
template <class T, int N, class Combine>
inline void scatter_nd(const T* data, const int64_t* indices, const T* updates, T* out,
                       int64_t tuples, const Dims<N>& dims, int64_t slice, Combine combine) {
  const int64_t size = product_of(dims, 0, N) * slice;
  if (out != data && size > 0) memcpy(out, data, size_t(size) * sizeof(T));
  for (int64_t tuple = 0; tuple < tuples; ++tuple, indices += N, updates += slice) {
    int64_t offset = 0;
    bool inside = true;
    for (int k = 0; k < N; ++k) {
      const int64_t index = wrap_index(indices[k], dims[k]);
      inside = inside && index >= 0 && index < dims[k];
      offset = offset * dims[k] + index;
    }
    if (!inside) continue;
    T* target = out + offset * slice;
    for (int64_t i = 0; i < slice; ++i) {
      target[i] = combine_with(target[i], updates[i], combine);
    }
  }
}

}  // namespace onnxc

// Tiles of R by V vectors which stay in registers, and their sums in memory, [R][V][L].
#pragma once

#include "templates/cpu/size.h"

namespace onnxc {

// Starts `acc` at zero if `fresh`, otherwise at `sums`.
template <int L, int R, int V>
ONNXC_INLINE void load_tile(Vec<float, L> (&acc)[R][V], const float* sums, bool fresh) {
  if (fresh) {
#pragma GCC unroll 32
    for (int i = 0; i < R; ++i) {
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) acc[i][v] = Vec<float, L>{};
    }
    return;
  }
#pragma GCC unroll 32
  for (int i = 0; i < R; ++i) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) acc[i][v] = load<L>(sums + (i * V + v) * L);
  }
}

template <int L, int R, int V>
ONNXC_INLINE void store_tile(float* sums, const Vec<float, L> (&acc)[R][V]) {
#pragma GCC unroll 32
  for (int i = 0; i < R; ++i) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) store<L>(sums + (i * V + v) * L, acc[i][v]);
  }
}

}  // namespace onnxc

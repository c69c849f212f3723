// Matrix product with a right operand packed ahead: C[M, N] = A[M, K] * B[K, N].
//
// a   A[m][k] is a[m * a_row + k]
// b   [N/16][K][16]: element (p, k, j) is B[k][p * 16 + j], zero past the last column
// c   C[m][n] is c[m * c_row + n]
//
// `c` overlaps neither `a` nor `b`. A batch of products with one B is one product of all rows.
#pragma once

#include "templates/cpu/matmul_tile.h"

namespace onnxc {

// Writes the sums of one row by one panel of 16 columns to `sums`.
template <int L>
ONNXC_KERNEL void sum_panel(const float* a, const float* b, size_t k, float* sums) {
  constexpr int V = kBlock / L;
  constexpr int kPhases = L == 1 ? 1 : L == 4 ? 2 : 4;
  constexpr size_t kAhead = 24;
  Vec<float, L> acc[kPhases][V];
#pragma GCC unroll 4
  for (int p = 0; p < kPhases; ++p) {
#pragma GCC unroll 16
    for (int v = 0; v < V; ++v) acc[p][v] = Vec<float, L>{};
  }
  size_t step = 0;
#pragma GCC unroll 1
  for (; step + kPhases <= k; step += kPhases) {
    __asm__("" : "+r"(b));
#pragma GCC unroll 4
    for (int p = 0; p < kPhases; ++p) {
      const Vec<float, L> x = broadcast<L>(a[step + p]);
      __builtin_prefetch(b + (p + kAhead) * kBlock);
#pragma GCC unroll 16
      for (int v = 0; v < V; ++v) {
        acc[p][v] = fma<L>(x, load<L>(b + p * kBlock + v * L), acc[p][v]);
      }
    }
    b += kPhases * kBlock;
  }
  for (; step < k; ++step, b += kBlock) {
    const Vec<float, L> x = broadcast<L>(a[step]);
#pragma GCC unroll 16
    for (int v = 0; v < V; ++v) acc[0][v] = fma<L>(x, load<L>(b + v * L), acc[0][v]);
  }
#pragma GCC unroll 16
  for (int v = 0; v < V; ++v) {
    Vec<float, L> sum = acc[0][v];
#pragma GCC unroll 4
    for (int p = 1; p < kPhases; ++p) sum += acc[p][v];
    store<L>(sums + v * L, sum);
  }
}

// How a product is walked: rows outside where B stays in the second-level cache.
struct MatmulWalk {
  bool rows_outside;
  size_t strips;  // strips of rows
  size_t groups;  // groups of columns
  size_t units;
};

template <int L>
ONNXC_INLINE MatmulWalk matmul_packed_walk(size_t m, size_t n, size_t k) {
  constexpr size_t kColumnsInCache = 1024 * 1024;
  MatmulWalk walk;
  walk.rows_outside = m > 1 && round_up(n, kBlock) * k * sizeof(float) <= kColumnsInCache;
  walk.strips = ceil_div(m, MatmulTile<L>::kStrip);
  walk.groups = m == 1 ? ceil_div(n, kBlock) : ceil_div(n, MatmulTile<L>::kColumns);
  walk.units = walk.rows_outside ? walk.strips : walk.groups;
  return walk;
}

// The number of independent units of work matmul_packed can be split into.
template <int L>
ONNXC_INLINE size_t matmul_packed_units(size_t m, size_t n, size_t k) {
  return matmul_packed_walk<L>(m, n, k).units;
}

// Computes the units `begin` to `end` of the product.
template <int L, class M, class N, class K, class Epilogue>
ONNXC_INLINE void matmul_packed(const float* a, size_t a_row, const float* b, float* c,
                                size_t c_row, const M& m, const N& n, const K& k,
                                Epilogue&& epilogue, size_t begin, size_t end) {
  using Tile = MatmulTile<L>;
  if (size_t(m) == 1) {
    for (size_t panel = begin; panel < end; ++panel) {
      alignas(64) float sums[kBlock];
      sum_panel<L>(a, b + panel * k * kBlock, k, sums);
      store_row<L>(sums, kBlock / L, MatmulAt<L>{0, 0, panel * kBlock}, n, c, epilogue);
    }
    return;
  }
  if constexpr (SizeOr<M>::value(2) != 1) {
    const MatmulWalk walk = matmul_packed_walk<L>(m, n, k);
    const size_t all = round_up(n, kBlock) / L;
    constexpr size_t kGroup = Tile::kColumns / L;
    for (size_t unit = begin; unit < end; ++unit) {
      const size_t row_end = walk.rows_outside ? min_size(m, (unit + 1) * Tile::kStrip) : size_t(m);
      const size_t vector_end = walk.rows_outside ? all : min_size(all, (unit + 1) * kGroup);
      for (size_t v = walk.rows_outside ? 0 : unit * kGroup; v < vector_end;) {
        const size_t vectors = matmul_vectors<L>(vector_end - v);
        const MatmulPanels panels{b + v * L / kBlock * k * kBlock + v * L % kBlock, k * kBlock,
                                  kBlock};
        for (size_t row = walk.rows_outside ? unit * Tile::kStrip : 0; row < row_end;
             row += Tile::kStrip) {
          const MatmulRows rows{a + row * a_row, ptrdiff_t(a_row), 1};
          matmul_strip<L>(rows, min_size(Tile::kStrip, row_end - row), panels, k, c, c_row, vectors,
                          n, MatmulAt<L>{0, row, v * L}, epilogue);
        }
        v += vectors;
      }
    }
  }
}

}  // namespace onnxc

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

// The first vector of the group `group` of vectors of columns, of `vectors` in all: groups of
// kVectors, but two twos rather than one alone at the end.
template <int L>
ONNXC_INLINE size_t group_begin(size_t group, size_t vectors) {
  constexpr size_t kVectors = MatmulTile<L>::kVectors;
  const size_t begin = group * kVectors;
  return kVectors > 2 && vectors > 1 && begin + 1 == vectors ? begin - 1 : min_size(begin, vectors);
}

template <int L, class M, class N, class K, class Epilogue, class Threads>
ONNXC_KERNEL void matmul_packed(const float* a, size_t a_row, const float* b, float* c,
                                size_t c_row, const M& m, const N& n, const K& k,
                                const Epilogue& epilogue, const Threads& threads) {
  using Tile = MatmulTile<L>;
  if (size_t(m) == 1) {
    threads.split(ceil_div(n, kBlock), [&](size_t begin, size_t end, size_t) {
      const Epilogue finish = epilogue;
      for (size_t panel = begin; panel < end; ++panel) {
        alignas(64) float sums[kBlock];
        sum_panel<L>(a, b + panel * k * kBlock, k, sums);
        store_row<L>(sums, kBlock / L, MatmulAt<L>{0, 0, panel * kBlock}, n, c, finish);
      }
    });
    return;
  }
  if constexpr (SizeOr<M>::value(2) != 1) {
    constexpr size_t kColumnsInCache = 1024 * 1024;
    const bool rows_outside = round_up(n, kBlock) * k * sizeof(float) <= kColumnsInCache;
    const size_t strips = ceil_div(m, Tile::kStrip), vectors = round_up(n, kBlock) / L;
    const size_t groups = ceil_div(vectors, Tile::kVectors);
    threads.split(strips * groups, [&](size_t begin, size_t end, size_t) {
      const Epilogue finish = epilogue;
      LoopPosition<2> unit(begin, rows_outside ? strips : groups, rows_outside ? groups : strips);
      for (size_t left = end - begin; left > 0; --left, unit.next()) {
        const size_t row = unit.at[rows_outside ? 0 : 1] * Tile::kStrip;
        const size_t group = unit.at[rows_outside ? 1 : 0];
        const size_t v = group_begin<L>(group, vectors);
        const MatmulPanels panels{b + v * L / kBlock * k * kBlock + v * L % kBlock, k * kBlock,
                                  kBlock};
        const MatmulRows rows{a + row * a_row, ptrdiff_t(a_row), 1};
        matmul_strip<L>(rows, min_size(Tile::kStrip, m - row), panels, k, c, c_row,
                        group_begin<L>(group + 1, vectors) - v, n, MatmulAt<L>{0, row, v * L},
                        finish);
      }
    });
  }
}

}  // namespace onnxc

// The inner tile of every matrix product: a few rows by a few vectors of columns in registers.
#pragma once

#include "templates/cpu/register_tile.h"

namespace onnxc {

// Where an output vector of a matrix product lies: its batch, row and first column.
template <int L>
struct MatmulAt {
  static constexpr int lanes = L;
  size_t batch;
  size_t row;
  size_t column;
};

// Elements of the left operand: row r, step k is data[r * row + k * step].
struct MatmulRows {
  const float* data;
  ptrdiff_t row;
  ptrdiff_t step;
};

// Columns of the right operand in panels of 16: element k, column n is
// data[n / 16 * panel + k * step + n % 16].
struct MatmulPanels {
  const float* data;
  size_t panel;
  size_t step;
};

// Rows and vectors of columns in the tiles of a lane count. A strip is the run of rows that shares
// kChunk steps of the right operand in the cache.
template <int L>
struct MatmulTile {
  static constexpr int kRows = L == 16 ? 8 : L == 8 ? 6 : 4;
  static constexpr int kVectors = L == 16 ? 3 : 2;
  static constexpr size_t kColumns = kVectors * L < 16 ? 16 : kVectors * L;
  static constexpr size_t kStrip = 8 * kRows;
  static constexpr size_t kChunk = 512;
};

// Adds `k` steps to `sums`, [R][V][L], or sets them if `fresh`. Rows from `rows` on repeat the
// last.
template <int L, int R, int V>
ONNXC_KERNEL void add_rows(const MatmulRows& a, size_t rows, const MatmulPanels& b, size_t k,
                           bool fresh, float* sums) {
  const float* from[R];
  for (int i = 0; i < R; ++i) from[i] = a.data + ptrdiff_t(min_size(i, rows - 1)) * a.row;
  Vec<float, L> acc[R][V];
  load_tile<L, R, V>(acc, sums, fresh);
  constexpr size_t kAhead = 16;
  const float* panels = b.data;
  ptrdiff_t at = 0;
#pragma GCC unroll 1
  for (size_t step = 0; step < k; ++step) {
    __asm__("" : "+r"(at));
    Vec<float, L> w[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      const float* vector = panels + v * L / kBlock * b.panel + v * L % kBlock;
      w[v] = load<L>(vector);
      if (R <= 4 && v * L % kBlock == 0) __builtin_prefetch(vector + kAhead * b.step);
    }
#pragma GCC unroll 16
    for (int i = 0; i < R; ++i) {
      const Vec<float, L> x = broadcast<L>(from[i][at]);
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) acc[i][v] = fma<L>(x, w[v], acc[i][v]);
    }
    at += a.step;
    panels += b.step;
  }
  store_tile<L, R, V>(sums, acc);
}

// Adds `k` steps to the `sums` of one tile, [..][V][L], and returns how many of `rows` rows it
// covers.
template <int L, int V>
ONNXC_INLINE size_t add_some_rows(const MatmulRows& a, size_t rows, const MatmulPanels& b, size_t k,
                                  bool fresh, float* sums) {
  constexpr int kRows = MatmulTile<L>::kRows;
  if (rows > 4 && kRows > 4) {
    rows = min_size(rows, kRows);
    add_rows<L, kRows, V>(a, rows, b, k, fresh, sums);
    return rows;
  }
  if (rows > 2) {
    rows = min_size(rows, 4);
    add_rows<L, 4, V>(a, rows, b, k, fresh, sums);
    return rows;
  }
  add_rows<L, 2, V>(a, rows, b, k, fresh, sums);
  return rows;
}

// Writes the sums of `rows` rows (up to a strip) by V vectors to `sums`, [rows][V][L], which has
// room for one more tile.
template <int L, int V>
ONNXC_KERNEL void sum_rows(const MatmulRows& a, size_t rows, const MatmulPanels& b, size_t k,
                           float* sums) {
  using Tile = MatmulTile<L>;
  const size_t chunk = max_size(1, ceil_div(k, max_size(1, k / Tile::kChunk)));
  for (size_t begin = 0; begin < max_size(1, k); begin += chunk) {
    const size_t steps = min_size(chunk, k - begin);
    const MatmulPanels part{b.data + begin * b.step, b.panel, b.step};
    for (size_t done = 0; done < rows;) {
      const MatmulRows left{a.data + ptrdiff_t(done) * a.row + ptrdiff_t(begin) * a.step, a.row,
                            a.step};
      done += add_some_rows<L, V>(left, rows - done, part, steps, begin == 0, sums + done * V * L);
    }
  }
}

// Stores what `epilogue` makes of `vectors` sums of one row from `at` on; columns from `columns` on
// are not touched. The last ones, where they do not fill a vector, are passed one at a time.
template <int L, class Epilogue>
ONNXC_INLINE void store_row(const float* sums, size_t vectors, MatmulAt<L> at, size_t columns,
                            float* row, const Epilogue& epilogue) {
  const size_t end = min_size(columns, at.column + vectors * L);
  for (; at.column + L <= end; at.column += L) {
    store<L>(row + at.column, Vec<float, L>(epilogue(load<L>(sums), at)));
    sums += L;
  }
  for (MatmulAt<1> one{at.batch, at.row, at.column}; one.column < end; ++one.column) {
    row[one.column] = epilogue(*sums++, one);
  }
}

// Computes `rows` rows from row `row` by `vectors` vectors of columns from `column`. `a` starts at
// that row, `b` at that column, `c` at row 0 and column 0.
template <int L, class Epilogue>
ONNXC_INLINE void matmul_strip(const MatmulRows& a, size_t rows, const MatmulPanels& b, size_t k,
                               float* c, size_t c_row, size_t vectors, size_t columns,
                               MatmulAt<L> at, const Epilogue& epilogue) {
  using Tile = MatmulTile<L>;
  alignas(64) float sums[(Tile::kStrip + Tile::kRows) * Tile::kVectors * L];
  if (vectors == 1) {
    sum_rows<L, 1>(a, rows, b, k, sums);
  } else if (vectors == 2) {
    sum_rows<L, 2>(a, rows, b, k, sums);
  } else if constexpr (Tile::kVectors > 2) {
    sum_rows<L, Tile::kVectors>(a, rows, b, k, sums);
  }
  for (size_t i = 0; i < rows; ++i, ++at.row) {
    store_row<L>(sums + i * vectors * L, vectors, at, columns, c + at.row * c_row, epilogue);
  }
}

// How many vectors the next tile of `left` vectors takes, so that no tile is narrow needlessly.
template <int L>
ONNXC_INLINE size_t matmul_vectors(size_t left) {
  constexpr size_t kVectors = MatmulTile<L>::kVectors;
  if (left == kVectors + 1 && kVectors > 2) return 2;
  return min_size(left, kVectors);
}

}  // namespace onnxc

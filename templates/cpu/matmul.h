// Batched matrix product of two operands of any strides: C[m, n] = sum over k of A[m, k] * B[k, n].
//
// Element (outer, inner, r, c) of an operand is
//   data[outer * strides.outer + inner * strides.inner + r * strides.row + c * strides.column].
// The columns of C are neighbours. C overlaps neither A nor B. Fast where the columns of B are
// neighbours, or its rows are; correct for all strides.
#pragma once

#include "templates/common/threads.h"
#include "templates/cpu/matmul_tile.h"

namespace onnxc {

// Distances between the elements of a batched matrix, in floats.
struct MatrixStrides {
  ptrdiff_t outer;
  ptrdiff_t inner;
  ptrdiff_t row;
  ptrdiff_t column;

  ONNXC_INLINE ptrdiff_t batch(size_t outer_index, size_t inner_index) const {
    return ptrdiff_t(outer_index) * outer + ptrdiff_t(inner_index) * inner;
  }
};

// Sizes of a batched product.
template <class Outer, class Inner, class M, class N, class K>
struct MatmulShape {
  Outer outer;
  Inner inner;
  M m;
  N n;
  K k;
};
template <class Outer, class Inner, class M, class N, class K>
MatmulShape(Outer, Inner, M, N, K) -> MatmulShape<Outer, Inner, M, N, K>;

// Floats of scratch, on a 64-byte boundary, which one call of matmul needs.
template <int L>
constexpr size_t matmul_scratch(size_t k) {
  return MatmulTile<L>::kColumns * max_size(1, k);
}

template <int L>
ONNXC_INLINE float sum_lanes(Vec<float, L> value) {
  if constexpr (L == 1) {
    return value;
  } else if constexpr (L == 2) {
    return value[0] + value[1];
  } else if constexpr (L == 4) {
    return sum_lanes<2>(__builtin_shufflevector(value, value, 0, 1) +
                        __builtin_shufflevector(value, value, 2, 3));
  } else if constexpr (L == 8) {
    return sum_lanes<4>(__builtin_shufflevector(value, value, 0, 1, 2, 3) +
                        __builtin_shufflevector(value, value, 4, 5, 6, 7));
  } else {
    static_assert(L == 16);
    return sum_lanes<8>(__builtin_shufflevector(value, value, 0, 1, 2, 3, 4, 5, 6, 7) +
                        __builtin_shufflevector(value, value, 8, 9, 10, 11, 12, 13, 14, 15));
  }
}

// Four by four floats, rows `from` apart, to columns `to` apart.
ONNXC_INLINE void transpose_4x4(const float* from, ptrdiff_t from_row, float* to, size_t to_row) {
  const Vec<float, 4> r0 = load<4>(from), r1 = load<4>(from + from_row);
  const Vec<float, 4> r2 = load<4>(from + 2 * from_row), r3 = load<4>(from + 3 * from_row);
  const Vec<float, 4> a = __builtin_shufflevector(r0, r1, 0, 4, 1, 5);
  const Vec<float, 4> b = __builtin_shufflevector(r0, r1, 2, 6, 3, 7);
  const Vec<float, 4> c = __builtin_shufflevector(r2, r3, 0, 4, 1, 5);
  const Vec<float, 4> d = __builtin_shufflevector(r2, r3, 2, 6, 3, 7);
  store<4>(to, __builtin_shufflevector(a, c, 0, 1, 4, 5));
  store<4>(to + to_row, __builtin_shufflevector(a, c, 2, 3, 6, 7));
  store<4>(to + 2 * to_row, __builtin_shufflevector(b, d, 0, 1, 4, 5));
  store<4>(to + 3 * to_row, __builtin_shufflevector(b, d, 2, 3, 6, 7));
}

// Packs `columns` columns of B into panels of 16, [panels][k][16], zero past the last column.
template <int L>
ONNXC_KERNEL void pack_panels(const float* b, ptrdiff_t row, ptrdiff_t column, size_t columns,
                              size_t k, float* packed) {
  for (size_t first = 0; first < columns; first += kBlock) {
    const size_t now = min_size(kBlock, columns - first);
    const float* from = b + ptrdiff_t(first) * column;
    float* to = packed + first * k;
    size_t j = 0;
    if (L >= 4 && row == 1) {
      for (; j + 4 <= now; j += 4) {
        size_t step = 0;
        for (; step + 4 <= k; step += 4) {
          transpose_4x4(from + ptrdiff_t(j) * column + step, column, to + step * kBlock + j,
                        kBlock);
        }
        for (; step < k; ++step) {
          for (size_t q = j; q < j + 4; ++q) {
            to[step * kBlock + q] = from[ptrdiff_t(q) * column + ptrdiff_t(step)];
          }
        }
      }
    }
    if (column == 1 && now == kBlock) {
      for (size_t step = 0; step < k; ++step) {
        const float* line = from + ptrdiff_t(step) * row;
#pragma GCC unroll 16
        for (size_t q = 0; q < kBlock; q += L) store<L>(to + step * kBlock + q, load<L>(line + q));
      }
      continue;
    }
    for (size_t step = 0; step < k; ++step) {
      for (size_t q = j; q < kBlock; ++q) {
        to[step * kBlock + q] =
            q < now ? from[ptrdiff_t(step) * row + ptrdiff_t(q) * column] : 0.0f;
      }
    }
  }
}

// Writes to `sums` the products of one row with L columns whose elements are neighbours.
template <int L>
ONNXC_KERNEL void sum_columns(const float* a, const float* b, ptrdiff_t column, size_t k,
                              float* sums) {
  constexpr int kAtOnce = L >= 4 ? 4 : 1;
  for (int first = 0; first < L; first += kAtOnce) {
    const float* from = b + ptrdiff_t(first) * column;
    Vec<float, L> acc[kAtOnce];
#pragma GCC unroll 4
    for (int j = 0; j < kAtOnce; ++j) acc[j] = Vec<float, L>{};
    size_t step = 0;
    for (; step + L <= k; step += L) {
      const Vec<float, L> x = load<L>(a + step);
#pragma GCC unroll 4
      for (int j = 0; j < kAtOnce; ++j) {
        acc[j] = fma<L>(x, load<L>(from + j * column + step), acc[j]);
      }
    }
    for (int j = 0; j < kAtOnce; ++j) {
      float sum = sum_lanes<L>(acc[j]);
      for (size_t rest = step; rest < k; ++rest) sum += a[rest] * from[j * column + rest];
      sums[first + j] = sum;
    }
  }
}

// `scratch` has matmul_scratch floats for every task.
template <int L, class Shape, class Epilogue, class Threads>
ONNXC_KERNEL void matmul(const float* a, const MatrixStrides& a_strides, const float* b,
                         const MatrixStrides& b_strides, float* c, const MatrixStrides& c_strides,
                         const Shape& shape, const ThreadScratch& scratch, const Epilogue& epilogue,
                         const Threads& threads) {
  using Tile = MatmulTile<L>;
  constexpr size_t kFewRows = 4, kManyRows = 24;
  const size_t groups = ceil_div(shape.n, Tile::kColumns);
  const size_t units = shape.outer * shape.inner * groups;
  threads.split(units, [&](size_t begin, size_t end, size_t task) {
    const Epilogue finish = epilogue;
    float* packed = scratch.of<float>(task);
    for (size_t unit = begin; unit < end; ++unit) {
      const size_t batch = unit / groups;
      const size_t outer = batch / shape.inner, inner = batch % shape.inner;
      const float* left = a + a_strides.batch(outer, inner);
      const float* right = b + b_strides.batch(outer, inner);
      float* to = c + c_strides.batch(outer, inner);
      size_t column = unit % groups * Tile::kColumns;
      const size_t column_end = min_size(shape.n, column + Tile::kColumns);
      if (shape.m < kFewRows && a_strides.column == 1 && b_strides.row == 1) {
        for (; column + L <= column_end; column += L) {
          for (size_t row = 0; row < shape.m; ++row) {
            alignas(64) float sums[L];
            sum_columns<L>(left + ptrdiff_t(row) * a_strides.row,
                           right + ptrdiff_t(column) * b_strides.column, b_strides.column, shape.k,
                           sums);
            store_row<L>(sums, 1, MatmulAt<L>{batch, row, column}, shape.n,
                         to + ptrdiff_t(row) * c_strides.row, finish);
          }
        }
      }
      while (column < column_end) {
        const float* from = right + ptrdiff_t(column) * b_strides.column;
        size_t columns = column_end - column;
        MatmulPanels panels{from, kBlock, size_t(b_strides.row)};
        if (shape.m < kManyRows && b_strides.column == 1 && columns >= L) {
          columns -= columns % L;
        } else {
          pack_panels<L>(from, b_strides.row, b_strides.column, columns, shape.k, packed);
          panels = {packed, shape.k * kBlock, kBlock};
        }
        for (size_t done = 0; done < columns;) {
          const size_t vectors = matmul_vectors<L>(ceil_div(columns - done, L));
          const MatmulPanels part{panels.data + done / kBlock * panels.panel + done % kBlock,
                                  panels.panel, panels.step};
          for (size_t row = 0; row < shape.m; row += Tile::kStrip) {
            const MatmulRows rows{left + ptrdiff_t(row) * a_strides.row, a_strides.row,
                                  a_strides.column};
            matmul_strip<L>(rows, min_size(Tile::kStrip, shape.m - row), part, shape.k, to,
                            c_strides.row, vectors, shape.n, MatmulAt<L>{batch, row, column + done},
                            finish);
          }
          done += vectors * L;
        }
        column += columns;
      }
    }
  });
}

}  // namespace onnxc

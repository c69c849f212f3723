// Attention without its score matrix: y = softmax(score(q * k)) * v, a strip of queries at a time.
//
// For every batch (outer, inner): q is [queries, size], k is [size, keys], v is [keys, values] and
// y is [queries, values], all reached by strides; the columns of y are neighbours. `score` makes
// the score of a query's product with a key, as an epilogue of that product; `epilogue` finishes y.
// A query's scores are computed in blocks of keys: the sums of a block are corrected by the largest
// score so far, so every power is at most 1 and the result is as accurate as a plain softmax. A
// query all of whose scores are minus infinity gives NaN.
#pragma once

#include "templates/cpu/lanes.h"
#include "templates/cpu/math.h"
#include "templates/cpu/matmul.h"

namespace onnxc {

template <class Outer, class Inner, class Queries, class Keys, class Size, class Values>
struct AttentionShape {
  Outer outer;
  Inner inner;
  Queries queries;
  Keys keys;
  Size size;
  Values values;
};
template <class Outer, class Inner, class Queries, class Keys, class Size, class Values>
AttentionShape(Outer, Inner, Queries, Keys, Size, Values)
    -> AttentionShape<Outer, Inner, Queries, Keys, Size, Values>;

// Keys whose scores are held at once, and the most queries of a strip for any lane count.
[[maybe_unused]] constexpr size_t kAttentionKeys = 256, kAttentionQueries = 64;

// Floats of scratch, on a 64-byte boundary, which one call of attention needs.
[[maybe_unused]] constexpr size_t attention_scratch(size_t keys, size_t size, size_t values) {
  return round_up(keys, kBlock) * size + round_up(values, kBlock) * (keys + kAttentionQueries) +
         kAttentionQueries * (kAttentionKeys + 3);
}

// An epilogue that is called with places counted from (row, column).
template <class Epilogue>
struct FromPlace {
  const Epilogue& epilogue;
  size_t row;
  size_t column;

  template <class V, class At>
  ONNXC_INLINE V operator()(V acc, At at) const {
    at.row += row;
    at.column += column;
    return epilogue(acc, at);
  }
};

// Panels of columns times a strip of rows, a tile's vectors at a time. `b` starts at the first
// panel; `c` at the strip's first row.
template <int L, class Epilogue>
ONNXC_INLINE void attention_product(const MatmulRows& a, size_t rows, const MatmulPanels& b,
                                    size_t k, float* c, size_t c_row, size_t columns, size_t batch,
                                    const Epilogue& epilogue) {
  const size_t all = ceil_div(columns, L);
  for (size_t done = 0; done < all;) {
    const size_t vectors = matmul_vectors<L>(all - done);
    const MatmulPanels part{b.data + done * L / kBlock * b.panel + done * L % kBlock, b.panel,
                            b.step};
    matmul_strip<L>(a, rows, part, k, c, c_row, vectors, columns, MatmulAt<L>{batch, 0, done * L},
                    epilogue);
    done += vectors;
  }
}

// Turns one row of scores into powers. `largest` and `total` are of the keys before, and then of
// all so far; returns what earlier sums are worth now.
template <int L>
ONNXC_KERNEL float attention_powers(float* scores, size_t keys, bool first, float& largest,
                                    float& total) {
  const float here = reduce_lanes<L>(
      keys, -__builtin_inff(), [](auto a, auto b) ONNXC_LAMBDA { return max(a, b); },
      [&](auto lanes, size_t i) ONNXC_LAMBDA { return lanes.load(scores + i); });
  const float now = max(largest, here);
  const bool none = now == -__builtin_inff();
  const float base = none ? 0.0f : now;
  const float sum = reduce_lanes<L>(
      keys, 0.0f, [](auto a, auto b) ONNXC_LAMBDA { return a + b; },
      [&](auto lanes, size_t i) ONNXC_LAMBDA {
        const auto power = exp(lanes.load(scores + i) - base);
        lanes.store(scores + i, power);
        return power;
      });
  const float worth = first || none ? 0.0f : exp(largest - base);
  total = total * worth + sum;
  largest = now;
  return worth;
}

// `scratch` has attention_scratch floats for every task.
template <int L, class Shape, class Score, class Epilogue, class Threads>
ONNXC_KERNEL void attention(const float* q, const MatrixStrides& q_strides, const float* k,
                            const MatrixStrides& k_strides, const float* v,
                            const MatrixStrides& v_strides, float* y,
                            const MatrixStrides& y_strides, const Shape& shape,
                            const ThreadScratch& scratch, const Score& score,
                            const Epilogue& epilogue, const Threads& threads) {
  constexpr size_t kStrip = min_size(MatmulTile<L>::kStrip, kAttentionQueries);
  const size_t value_row = round_up(shape.values, kBlock);
  threads.split(shape.outer * shape.inner, [&](size_t begin, size_t end, size_t task) {
    float* const key_panels = scratch.of<float>(task);
    float* const value_panels = key_panels + round_up(shape.keys, kBlock) * shape.size;
    float* const sums = value_panels + value_row * shape.keys;
    float* const scores = sums + value_row * kAttentionQueries;
    float* const largest = scores + kAttentionQueries * kAttentionKeys;
    float* const total = largest + kAttentionQueries;
    float* const worth = total + kAttentionQueries;
    for (size_t unit = begin; unit < end; ++unit) {
      const size_t outer = unit / shape.inner, inner = unit % shape.inner;
      pack_panels<L>(k + k_strides.batch(outer, inner), k_strides.row, k_strides.column, shape.keys,
                     shape.size, key_panels);
      pack_panels<L>(v + v_strides.batch(outer, inner), v_strides.row, v_strides.column,
                     shape.values, shape.keys, value_panels);
      for (size_t row = 0; row < shape.queries; row += kStrip) {
        const size_t rows = min_size(kStrip, shape.queries - row);
        const MatmulRows queries{q + q_strides.batch(outer, inner) + ptrdiff_t(row) * q_strides.row,
                                 q_strides.row, q_strides.column};
        float* const to = y + y_strides.batch(outer, inner) + ptrdiff_t(row) * y_strides.row;
        for (size_t i = 0; i < rows; ++i) {
          largest[i] = -__builtin_inff();
          total[i] = 0.0f;
        }
        for (size_t key = 0; key < shape.keys; key += kAttentionKeys) {
          const size_t keys = min_size(kAttentionKeys, shape.keys - key);
          const bool first = key == 0, last = key + keys == shape.keys;
          attention_product<L>(
              queries, rows,
              MatmulPanels{key_panels + key * shape.size, shape.size * kBlock, kBlock}, shape.size,
              scores, kAttentionKeys, keys, unit, FromPlace<Score>{score, row, key});
          for (size_t i = 0; i < rows; ++i) {
            worth[i] =
                attention_powers<L>(scores + i * kAttentionKeys, keys, first, largest[i], total[i]);
          }
          const MatmulRows powers{scores, kAttentionKeys, 1};
          const MatmulPanels values{value_panels + key * kBlock, shape.keys * kBlock, kBlock};
          const auto so_far = [&](auto acc, auto at) ONNXC_LAMBDA {
            if (first) return acc;
            return acc +
                   worth[at.row] * load<decltype(at)::lanes>(sums + at.row * value_row + at.column);
          };
          if (!last) {
            attention_product<L>(powers, rows, values, keys, sums, value_row, shape.values, unit,
                                 so_far);
            continue;
          }
          attention_product<L>(powers, rows, values, keys, to, size_t(y_strides.row), shape.values,
                               unit, [&](auto acc, auto at) ONNXC_LAMBDA {
                                 const auto y_now = so_far(acc, at) / total[at.row];
                                 return FromPlace<Epilogue>{epilogue, row, 0}(y_now, at);
                               });
        }
      }
    }
  });
}

}  // namespace onnxc

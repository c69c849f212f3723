// What LSTM, GRU and RNN share: the sequence they walk, their packed weights and the product of a
// step.
#pragma once

#include "templates/cpu/activation.h"

namespace onnxc {

// Units whose weights are packed side by side.
[[maybe_unused]] constexpr size_t kRecurrentBlock = 16;

constexpr ONNXC_INLINE size_t padded_units(size_t hidden) {
  return (hidden + kRecurrentBlock - 1) / kRecurrentBlock * kRecurrentBlock;
}

// Elements of packed recurrent weights: [padded_units / 16][hidden][gates][16].
constexpr ONNXC_INLINE size_t packed_recurrent_size(size_t gates, size_t hidden) {
  return padded_units(hidden) * hidden * gates;
}

// Packs ONNX's R of one direction, [gates * hidden][hidden], units beyond the last as zeros.
template <class T>
inline void pack_recurrent(const T* weights, size_t gates, size_t hidden, T* packed) {
  for (size_t block = 0; block < padded_units(hidden); block += kRecurrentBlock) {
    for (size_t k = 0; k < hidden; ++k) {
      for (size_t gate = 0; gate < gates; ++gate) {
        for (size_t unit = block; unit < block + kRecurrentBlock; ++unit) {
          *packed++ = unit < hidden ? weights[(gate * hidden + unit) * hidden + k] : T(0);
        }
      }
    }
  }
}

// One direction of a recurrent layer. Strides count elements; T is float, or double with one lane.
template <class T>
struct Recurrence {
  size_t steps;
  size_t batch;
  size_t hidden;
  bool reverse;            // from the last element of each row's sequence to its first
  const int32_t* lengths;  // [batch], limited to 0..steps; null where every row has `steps`

  // The input times W plus the biases, [gates * hidden] at each step and row, gates in ONNX's
  // order.
  const T* projected;
  size_t projected_step;
  size_t projected_row;

  const T* weights;  // pack_recurrent's

  // Outputs at every step, [hidden] at each step and row, zeros beyond a row's length; null where
  // unused.
  T* y;
  size_t y_step;
  size_t y_row;

  // States, [hidden] a row. Initial ones may be null (zeros), last ones may be null (unused).
  const T* initial_h;
  const T* initial_c;
  T* last_h;
  T* last_c;
  size_t state_row;

  T* scratch;  // as many elements as the cell's *_scratch says; any alignment, 64 is best
};

namespace recurrent {

template <class T>
ONNXC_INLINE size_t length_of(const Recurrence<T>& run, size_t row) {
  if (run.lengths == nullptr) return run.steps;
  const int32_t length = run.lengths[row];
  if (length <= 0) return 0;
  return size_t(length) < run.steps ? size_t(length) : run.steps;
}

// Rows whose sequence still runs at that step, by their numbers.
template <class T>
ONNXC_NOINLINE size_t active_rows(const Recurrence<T>& run, size_t step, int32_t* rows) {
  size_t count = 0;
  for (size_t row = 0; row < run.batch; ++row) {
    if (step < length_of(run, row)) rows[count++] = int32_t(row);
  }
  return count;
}

// The position in the sequence that a row is at in that step.
template <class T>
ONNXC_INLINE size_t time_of(const Recurrence<T>& run, size_t step, size_t row) {
  return run.reverse ? length_of(run, row) - 1 - step : step;
}

template <int L, class T>
ONNXC_INLINE Vec<T, L> load_part(const T* from, size_t count) {
  if constexpr (L == 1) {
    return count > 0 ? *from : T(0);
  } else {
    if (count >= size_t(L)) return load<L>(from);
    Vec<T, L> value = {};
    for (size_t lane = 0; lane < count; ++lane) value[lane] = from[lane];
    return value;
  }
}

template <int L, class T>
ONNXC_INLINE void store_part(T* to, size_t count, Vec<T, L> value) {
  if constexpr (L == 1) {
    if (count > 0) *to = value;
  } else {
    if (count >= size_t(L)) {
      store<L>(to, value);
      return;
    }
    for (size_t lane = 0; lane < count; ++lane) to[lane] = value[lane];
  }
}

ONNXC_INLINE size_t rest(size_t size, size_t done) { return done < size ? size - done : 0; }

// Copies states into padded rows, zeros where there are none.
template <class T>
ONNXC_NOINLINE void read_states(const Recurrence<T>& run, const T* from, T* to) {
  const size_t padded = padded_units(run.hidden);
  for (size_t row = 0; row < run.batch; ++row) {
    for (size_t unit = 0; unit < padded; ++unit) {
      const bool given = from != nullptr && unit < run.hidden;
      to[row * padded + unit] = given ? from[row * run.state_row + unit] : T(0);
    }
  }
}

template <class T>
ONNXC_NOINLINE void write_state(const Recurrence<T>& run, const T* from, size_t row, T* to) {
  if (to == nullptr) return;
  for (size_t unit = 0; unit < run.hidden; ++unit) to[row * run.state_row + unit] = from[unit];
}

// Zeros in the outputs beyond each row's length.
template <class T>
ONNXC_NOINLINE void clear_beyond_lengths(const Recurrence<T>& run) {
  if (run.y == nullptr || run.lengths == nullptr) return;
  for (size_t row = 0; row < run.batch; ++row) {
    for (size_t time = length_of(run, row); time < run.steps; ++time) {
      T* y = run.y + time * run.y_step + row * run.y_row;
      for (size_t unit = 0; unit < run.hidden; ++unit) y[unit] = T(0);
    }
  }
}

// How many rows and vectors of units a tile of L lanes has, and how many sums each keeps apart to
// hide latency.
template <int L>
struct Tile {
  static constexpr int kRows = L == 16 ? 4 : 2;
  static constexpr int kVectors = L == 16 ? 1 : 2;
  static constexpr int kSums = L == 16 ? 2 : 1;
};

// sums[r][g][v] += state of row r, [hidden], times the weights of `Gates` gates from `weights`,
// `Stride` gates a k.
template <int L, int Gates, int Stride, int Rows, int Vectors, class T>
ONNXC_INLINE void add_product(Vec<T, L> (&sums)[Rows][Gates][Vectors],
                              const T* const (&states)[Rows], const T* weights, size_t hidden) {
  constexpr int kSums = Rows == 1 ? Tile<L>::kSums : 1;
  constexpr size_t kStep = Stride * kRecurrentBlock;
  Vec<T, L> other[Rows][Gates][Vectors] = {};
  size_t k = 0;
  for (; k + 4 <= hidden; k += 4, weights += 4 * kStep) {
#pragma GCC unroll 4
    for (int u = 0; u < 4; ++u) {
#pragma GCC unroll 4
      for (int g = 0; g < Gates; ++g) {
#pragma GCC unroll 2
        for (int v = 0; v < Vectors; ++v) {
          const Vec<T, L> w = load<L>(weights + u * kStep + g * kRecurrentBlock + v * L);
#pragma GCC unroll 4
          for (int r = 0; r < Rows; ++r) {
            Vec<T, L>& sum = kSums == 2 && (u & 1) ? other[r][g][v] : sums[r][g][v];
            sum = mul_add(broadcast<L>(states[r][k + u]), w, sum);
          }
        }
      }
    }
  }
  for (; k < hidden; ++k, weights += kStep) {
#pragma GCC unroll 4
    for (int g = 0; g < Gates; ++g) {
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; ++v) {
        const Vec<T, L> w = load<L>(weights + g * kRecurrentBlock + v * L);
#pragma GCC unroll 4
        for (int r = 0; r < Rows; ++r) {
          sums[r][g][v] = mul_add(broadcast<L>(states[r][k]), w, sums[r][g][v]);
        }
      }
    }
  }
  if constexpr (kSums == 2) {
    for (int r = 0; r < Rows; ++r) {
      for (int g = 0; g < Gates; ++g) {
        for (int v = 0; v < Vectors; ++v) sums[r][g][v] += other[r][g][v];
      }
    }
  }
}

// tile(rows, count of rows as a type, unit) over every block of units and every active row; blocks
// run backwards in every other step, so that the weights last read are still near.
template <int N>
struct RowCount {
  static constexpr int value = N;
};
template <int L, class F>
ONNXC_INLINE void for_tiles(size_t hidden, size_t step, const int32_t* rows, size_t count, F tile) {
  constexpr size_t kUnits = size_t(L) * Tile<L>::kVectors;
  constexpr int kRows = Tile<L>::kRows;
  const size_t units = padded_units(hidden);
  for (size_t done = 0; done < units; done += kUnits) {
    const size_t unit = step & 1 ? units - kUnits - done : done;
    size_t i = 0;
    for (; i + kRows <= count; i += kRows) tile(rows + i, RowCount<kRows>{}, unit);
    for (; i < count; ++i) tile(rows + i, RowCount<1>{}, unit);
  }
}

// Where the weights of the units from `unit` begin, for `gates` gates.
constexpr ONNXC_INLINE size_t weights_at(size_t unit, size_t hidden, size_t gates) {
  return unit / kRecurrentBlock * kRecurrentBlock * hidden * gates + unit % kRecurrentBlock;
}

}  // namespace recurrent
}  // namespace onnxc

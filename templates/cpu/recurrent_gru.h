// GRU over one direction of a sequence, with ONNX's meaning.
#pragma once

#include "templates/cpu/recurrent.h"

namespace onnxc {

// Elements of scratch that `gru` and `gru_linear_before_reset` need.
[[maybe_unused]] constexpr size_t gru_scratch(size_t batch, size_t hidden) {
  return 4 * batch * padded_units(hidden) + batch;
}

// What a GRU's attributes choose. The activations default to ONNX's.
template <class T, class F = Sigmoid, class G = Tanh>
struct GruCell {
  const T* hidden_bias =
      nullptr;  // gru_linear_before_reset: the recurrent bias of the hidden gate, [hidden], or null
  T clip = T(__builtin_inf());  // bounds what the activations see
  F f = {};
  G g = {};
};

namespace recurrent {

// A tile's place: its rows, its first unit, and the states it reads and writes.
template <class T>
struct GruTile {
  size_t step;
  const int32_t* rows;
  size_t unit;
  const T* h;
  T* next_h;
  T* update;  // [batch][padded]
  T* reset;   // [batch][padded]: reset gate times h
};

template <class T>
ONNXC_INLINE const T* gru_input(const Recurrence<T>& run, size_t step, size_t row, int gate) {
  return run.projected + time_of(run, step, row) * run.projected_step + row * run.projected_row +
         gate * run.hidden;
}

template <int L, class T>
ONNXC_INLINE void gru_finish(const Recurrence<T>& run, const GruTile<T>& tile, size_t row,
                             size_t first, Vec<T, L> update, Vec<T, L> fresh) {
  const size_t at = row * padded_units(run.hidden) + first;
  const Vec<T, L> out = mul_add(update, Vec<T, L>(load<L>(tile.h + at) - fresh), fresh);
  store<L>(tile.next_h + at, out);
  if (run.y == nullptr) return;
  T* y = run.y + time_of(run, tile.step, row) * run.y_step + row * run.y_row;
  store_part<L>(y + first, rest(run.hidden, first), out);
}

// All three gates at once: the reset gate scales the hidden gate's product.
template <int L, int Rows, class T, class Cell>
ONNXC_INLINE void gru_linear_before_reset_tile(const Recurrence<T>& run, const Cell& cell,
                                               const GruTile<T>& tile) {
  constexpr int kVectors = Tile<L>::kVectors;
  using V = Vec<T, L>;
  const size_t padded = padded_units(run.hidden);
  V sums[Rows][3][kVectors];
  const T* states[Rows];
  for (int r = 0; r < Rows; ++r) {
    const size_t row = size_t(tile.rows[r]);
    states[r] = tile.h + row * padded;
    for (int v = 0; v < kVectors; ++v) {
      const size_t first = tile.unit + size_t(v) * L, valid = rest(run.hidden, first);
      for (int gate = 0; gate < 2; ++gate) {
        sums[r][gate][v] = load_part<L>(gru_input(run, tile.step, row, gate) + first, valid);
      }
      sums[r][2][v] = cell.hidden_bias ? load_part<L>(cell.hidden_bias + first, valid) : V{};
    }
  }
  add_product<L, 3, 3>(sums, states, run.weights + weights_at(tile.unit, run.hidden, 3),
                       run.hidden);
  for (int r = 0; r < Rows; ++r) {
    const size_t row = size_t(tile.rows[r]);
    for (int v = 0; v < kVectors; ++v) {
      const size_t first = tile.unit + size_t(v) * L;
      const V x = load_part<L>(gru_input(run, tile.step, row, 2) + first, rest(run.hidden, first));
      const V update = cell.f(limit(sums[r][0][v], -cell.clip, cell.clip));
      const V reset = cell.f(limit(sums[r][1][v], -cell.clip, cell.clip));
      const V fresh = cell.g(limit(mul_add(reset, sums[r][2][v], x), -cell.clip, cell.clip));
      gru_finish<L>(run, tile, row, first, update, fresh);
    }
  }
}

// The update gate, and the reset gate times h.
template <int L, int Rows, class T, class Cell>
ONNXC_INLINE void gru_gates_tile(const Recurrence<T>& run, const Cell& cell,
                                 const GruTile<T>& tile) {
  constexpr int kVectors = Tile<L>::kVectors;
  using V = Vec<T, L>;
  const size_t padded = padded_units(run.hidden);
  V sums[Rows][2][kVectors];
  const T* states[Rows];
  for (int r = 0; r < Rows; ++r) {
    const size_t row = size_t(tile.rows[r]);
    states[r] = tile.h + row * padded;
    for (int gate = 0; gate < 2; ++gate) {
      for (int v = 0; v < kVectors; ++v) {
        const size_t first = tile.unit + size_t(v) * L;
        sums[r][gate][v] =
            load_part<L>(gru_input(run, tile.step, row, gate) + first, rest(run.hidden, first));
      }
    }
  }
  add_product<L, 2, 3>(sums, states, run.weights + weights_at(tile.unit, run.hidden, 3),
                       run.hidden);
  for (int r = 0; r < Rows; ++r) {
    for (int v = 0; v < kVectors; ++v) {
      const size_t at = size_t(tile.rows[r]) * padded + tile.unit + size_t(v) * L;
      const V reset = cell.f(limit(sums[r][1][v], -cell.clip, cell.clip));
      store<L>(tile.update + at, cell.f(limit(sums[r][0][v], -cell.clip, cell.clip)));
      store<L>(tile.reset + at, V(reset * load<L>(tile.h + at)));
    }
  }
}

// The hidden gate from reset * h, and the new state.
template <int L, int Rows, class T, class Cell>
ONNXC_INLINE void gru_hidden_tile(const Recurrence<T>& run, const Cell& cell,
                                  const GruTile<T>& tile) {
  constexpr int kVectors = Tile<L>::kVectors;
  using V = Vec<T, L>;
  const size_t padded = padded_units(run.hidden);
  V sums[Rows][1][kVectors];
  const T* states[Rows];
  for (int r = 0; r < Rows; ++r) {
    const size_t row = size_t(tile.rows[r]);
    states[r] = tile.reset + row * padded;
    for (int v = 0; v < kVectors; ++v) {
      const size_t first = tile.unit + size_t(v) * L;
      sums[r][0][v] =
          load_part<L>(gru_input(run, tile.step, row, 2) + first, rest(run.hidden, first));
    }
  }
  add_product<L, 1, 3>(sums, states,
                       run.weights + weights_at(tile.unit, run.hidden, 3) + 2 * kRecurrentBlock,
                       run.hidden);
  for (int r = 0; r < Rows; ++r) {
    const size_t row = size_t(tile.rows[r]);
    for (int v = 0; v < kVectors; ++v) {
      const size_t first = tile.unit + size_t(v) * L;
      const V fresh = cell.g(limit(sums[r][0][v], -cell.clip, cell.clip));
      gru_finish<L>(run, tile, row, first, load<L>(tile.update + row * padded + first), fresh);
    }
  }
}

// Walks the steps; step_tiles(tile with its states, rows, count) does one.
template <class T, class F>
ONNXC_INLINE void gru_steps(const Recurrence<T>& run, F do_step) {
  const size_t size = run.batch * padded_units(run.hidden);
  T* h = run.scratch;
  int32_t* rows = (int32_t*)(void*)(h + 4 * size);
  read_states(run, run.initial_h, h);
  for (size_t step = 0; step < run.steps; ++step) {
    const size_t count = active_rows(run, step, rows);
    const GruTile<T> tile = {
        step, rows, 0, h + (step & 1) * size, h + (~step & 1) * size, h + 2 * size, h + 3 * size};
    do_step(tile, count);
  }
  for (size_t row = 0; row < run.batch; ++row) {
    const size_t parity = length_of(run, row) & 1;
    write_state(run, h + parity * size + row * padded_units(run.hidden), row, run.last_h);
  }
  clear_beyond_lengths(run);
}

}  // namespace recurrent

// Runs every step, linear_before_reset = 0. Weights have 3 gates: update, reset, hidden;
// `projected` holds all biases.
template <int L, class T, class Cell>
ONNXC_NOINLINE void gru(const Recurrence<T>& run, const Cell& cell) {
  using recurrent::GruTile;
  recurrent::gru_steps(run, [&](const GruTile<T>& whole, size_t count) ONNXC_LAMBDA {
    recurrent::for_tiles<L>(run.hidden, 0, whole.rows, count,
                            [&](const int32_t* rows, auto number, size_t unit) ONNXC_LAMBDA {
                              GruTile<T> tile = whole;
                              tile.rows = rows;
                              tile.unit = unit;
                              recurrent::gru_gates_tile<L, decltype(number)::value>(run, cell,
                                                                                    tile);
                            });
    recurrent::for_tiles<L>(run.hidden, 1, whole.rows, count,
                            [&](const int32_t* rows, auto number, size_t unit) ONNXC_LAMBDA {
                              GruTile<T> tile = whole;
                              tile.rows = rows;
                              tile.unit = unit;
                              recurrent::gru_hidden_tile<L, decltype(number)::value>(run, cell,
                                                                                     tile);
                            });
  });
}

// Runs every step, linear_before_reset = 1. `projected` holds all biases but the hidden gate's
// recurrent one.
template <int L, class T, class Cell>
ONNXC_NOINLINE void gru_linear_before_reset(const Recurrence<T>& run, const Cell& cell) {
  using recurrent::GruTile;
  recurrent::gru_steps(run, [&](const GruTile<T>& whole, size_t count) ONNXC_LAMBDA {
    recurrent::for_tiles<L>(run.hidden, whole.step, whole.rows, count,
                            [&](const int32_t* rows, auto number, size_t unit) ONNXC_LAMBDA {
                              GruTile<T> tile = whole;
                              tile.rows = rows;
                              tile.unit = unit;
                              recurrent::gru_linear_before_reset_tile<L, decltype(number)::value>(
                                  run, cell, tile);
                            });
  });
}

}  // namespace onnxc

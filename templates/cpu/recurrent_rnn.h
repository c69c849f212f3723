// The plain recurrent cell over one direction of a sequence, with ONNX's meaning.
#pragma once

#include "templates/cpu/recurrent.h"

namespace onnxc {

// Elements of scratch that `rnn` needs.
[[maybe_unused]] constexpr size_t rnn_scratch(size_t batch, size_t hidden) {
  return 2 * batch * padded_units(hidden) + batch;
}

// What an RNN's attributes choose. The activation defaults to ONNX's.
template <class T, class F = Tanh>
struct RnnCell {
  T clip = T(__builtin_inf());  // bounds what the activation sees
  F f = {};
};

namespace recurrent {

template <int L, int Rows, class T, class Cell>
ONNXC_INLINE void rnn_tile(const Recurrence<T>& run, const Cell& cell, size_t step,
                           const int32_t* rows, size_t unit, const T* h, T* next_h) {
  constexpr int kVectors = Tile<L>::kVectors;
  using V = Vec<T, L>;
  const size_t padded = padded_units(run.hidden);
  V sums[Rows][1][kVectors];
  const T* states[Rows];
  for (int r = 0; r < Rows; ++r) {
    const size_t row = size_t(rows[r]);
    states[r] = h + row * padded;
    const T* x =
        run.projected + time_of(run, step, row) * run.projected_step + row * run.projected_row;
    for (int v = 0; v < kVectors; ++v) {
      const size_t first = unit + size_t(v) * L;
      sums[r][0][v] = load_part<L>(x + first, rest(run.hidden, first));
    }
  }
  add_product<L, 1, 1>(sums, states, run.weights + weights_at(unit, run.hidden, 1), run.hidden);
  for (int r = 0; r < Rows; ++r) {
    const size_t row = size_t(rows[r]);
    for (int v = 0; v < kVectors; ++v) {
      const size_t first = unit + size_t(v) * L;
      const V out = cell.f(limit(sums[r][0][v], -cell.clip, cell.clip));
      store<L>(next_h + row * padded + first, out);
      if (run.y) {
        T* y = run.y + time_of(run, step, row) * run.y_step + row * run.y_row;
        store_part<L>(y + first, rest(run.hidden, first), out);
      }
    }
  }
}

}  // namespace recurrent

// Runs every step.
template <int L, class T, class Cell>
ONNXC_NOINLINE void rnn(const Recurrence<T>& run, const Cell& cell) {
  const size_t size = run.batch * padded_units(run.hidden);
  T* h = run.scratch;
  int32_t* rows = (int32_t*)(void*)(h + 2 * size);
  recurrent::read_states(run, run.initial_h, h);
  for (size_t step = 0; step < run.steps; ++step) {
    const size_t count = recurrent::active_rows(run, step, rows);
    const T* from = h + (step & 1) * size;
    T* to = h + (~step & 1) * size;
    recurrent::for_tiles<L>(run.hidden, step, rows, count,
                            [&](const int32_t* tile, auto number, size_t unit) ONNXC_LAMBDA {
                              recurrent::rnn_tile<L, decltype(number)::value>(run, cell, step, tile,
                                                                              unit, from, to);
                            });
  }
  for (size_t row = 0; row < run.batch; ++row) {
    const size_t parity = recurrent::length_of(run, row) & 1;
    recurrent::write_state(run, h + parity * size + row * padded_units(run.hidden), row,
                           run.last_h);
  }
  recurrent::clear_beyond_lengths(run);
}

}  // namespace onnxc

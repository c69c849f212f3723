// LSTM over one direction of a sequence, with ONNX's meaning.
#pragma once

#include "templates/cpu/recurrent.h"

namespace onnxc {

// Elements of scratch that `lstm` needs.
[[maybe_unused]] constexpr size_t lstm_scratch(size_t batch, size_t hidden) {
  return 3 * batch * padded_units(hidden) + batch;
}

// What an LSTM's attributes choose. The activations default to ONNX's.
template <class T, class F = Sigmoid, class G = Tanh, class H = Tanh>
struct LstmCell {
  const T* peepholes = nullptr;  // [3 * hidden]: input, output, forget; or null
  T clip = T(__builtin_inf());   // bounds what the gates' activations see
  bool input_forget = false;     // the forget gate is 1 - the input gate
  F f = {};
  G g = {};
  H h = {};
};

namespace recurrent {

template <int L, int Rows, class T, class Cell>
ONNXC_INLINE void lstm_tile(const Recurrence<T>& run, const Cell& cell, size_t step,
                            const int32_t* rows, size_t unit, const T* h, T* next_h, T* c) {
  constexpr int kVectors = Tile<L>::kVectors;
  using V = Vec<T, L>;
  const size_t padded = padded_units(run.hidden);
  V sums[Rows][4][kVectors];
  const T* states[Rows];
  for (int r = 0; r < Rows; ++r) {
    const size_t row = size_t(rows[r]);
    states[r] = h + row * padded;
    const T* x =
        run.projected + time_of(run, step, row) * run.projected_step + row * run.projected_row;
    for (int gate = 0; gate < 4; ++gate) {
      for (int v = 0; v < kVectors; ++v) {
        const size_t first = unit + size_t(v) * L;
        sums[r][gate][v] = load_part<L>(x + gate * run.hidden + first, rest(run.hidden, first));
      }
    }
  }
  add_product<L, 4, 4>(sums, states, run.weights + weights_at(unit, run.hidden, 4), run.hidden);

  for (int r = 0; r < Rows; ++r) {
    const size_t row = size_t(rows[r]);
    for (int v = 0; v < kVectors; ++v) {
      const size_t first = unit + size_t(v) * L, valid = rest(run.hidden, first);
      V input = sums[r][0][v], output = sums[r][1][v], forget = sums[r][2][v];
      T* memory = c + row * padded + first;
      const V old = load<L>(memory);
      if (cell.peepholes) {
        input = mul_add(load_part<L>(cell.peepholes + first, valid), old, input);
        forget = mul_add(load_part<L>(cell.peepholes + 2 * run.hidden + first, valid), old, forget);
      }
      input = cell.f(limit(input, -cell.clip, cell.clip));
      if (cell.input_forget) {
        forget = splat<V>(1) - input;
      } else {
        forget = cell.f(limit(forget, -cell.clip, cell.clip));
      }
      const V fresh = cell.g(limit(sums[r][3][v], -cell.clip, cell.clip));
      const V kept = mul_add(forget, old, V(input * fresh));
      if (cell.peepholes) {
        output = mul_add(load_part<L>(cell.peepholes + run.hidden + first, valid), kept, output);
      }
      const V out = cell.f(limit(output, -cell.clip, cell.clip)) * cell.h(kept);
      store<L>(memory, kept);
      store<L>(next_h + row * padded + first, out);
      if (run.y) {
        T* y = run.y + time_of(run, step, row) * run.y_step + row * run.y_row;
        store_part<L>(y + first, valid, out);
      }
    }
  }
}

}  // namespace recurrent

// Runs every step. Weights have 4 gates: input, output, forget, cell.
template <int L, class T, class Cell>
ONNXC_NOINLINE void lstm(const Recurrence<T>& run, const Cell& cell) {
  const size_t size = run.batch * padded_units(run.hidden);
  T* h = run.scratch;
  T* c = h + 2 * size;
  int32_t* rows = (int32_t*)(void*)(c + size);
  recurrent::read_states(run, run.initial_h, h);
  recurrent::read_states(run, run.initial_c, c);
  for (size_t step = 0; step < run.steps; ++step) {
    const size_t count = recurrent::active_rows(run, step, rows);
    const T* from = h + (step & 1) * size;
    T* to = h + (~step & 1) * size;
    recurrent::for_tiles<L>(run.hidden, step, rows, count,
                            [&](const int32_t* tile, auto number, size_t unit) ONNXC_LAMBDA {
                              recurrent::lstm_tile<L, decltype(number)::value>(
                                  run, cell, step, tile, unit, from, to, c);
                            });
  }
  for (size_t row = 0; row < run.batch; ++row) {
    const size_t at = row * padded_units(run.hidden);
    const size_t parity = recurrent::length_of(run, row) & 1;
    recurrent::write_state(run, h + parity * size + at, row, run.last_h);
    recurrent::write_state(run, c + at, row, run.last_c);
  }
  recurrent::clear_beyond_lengths(run);
}

}  // namespace onnxc

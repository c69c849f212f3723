// LSTM, GRU and RNN layers of one or two directions, as the compiler calls them.
#pragma once

#include "templates/cpu/recurrent_gru.h"
#include "templates/cpu/recurrent_lstm.h"
#include "templates/cpu/recurrent_rnn.h"
#include "templates/cpu/size.h"

namespace onnxc {

// A layer's tensors, rows before steps where `batch_first`. Optional ones may be null.
template <class T>
struct RecurrentLayer {
  const T* projected;      // [steps][batch][directions][gates * hidden]
  const T* weights;        // pack_recurrent's, one direction after the other
  const int32_t* lengths;  // [batch] or null
  const T*
      initial_h;  // states: [directions][batch][hidden] or [batch][directions][hidden], optional
  const T* initial_c;
  T* y;  // [steps][directions][batch][hidden], or [batch][steps][directions][hidden]; optional
  T* last_h;
  T* last_c;
  T* scratch;
  size_t steps;
  size_t batch;
  size_t hidden;
  size_t gates;
  size_t directions;
  bool reverse;  // the only direction runs backwards; of two, the second does
  bool batch_first;

  Recurrence<T> direction(size_t d) const {
    const size_t width = directions * gates * hidden;
    const size_t state = batch_first ? hidden : batch * hidden;
    const size_t output = d * (batch_first ? hidden : batch * hidden);
    Recurrence<T> run = {};
    run.steps = steps;
    run.batch = batch;
    run.hidden = hidden;
    run.reverse = reverse || d == 1;
    run.lengths = lengths;
    run.projected = projected + d * gates * hidden;
    run.projected_step = batch_first ? width : batch * width;
    run.projected_row = batch_first ? steps * width : width;
    run.weights = weights + d * packed_recurrent_size(gates, hidden);
    run.y = y ? y + output : nullptr;
    run.y_step = directions * hidden * (batch_first ? 1 : batch);
    run.y_row = batch_first ? steps * directions * hidden : hidden;
    run.initial_h = initial_h ? initial_h + d * state : nullptr;
    run.initial_c = initial_c ? initial_c + d * state : nullptr;
    run.last_h = last_h ? last_h + d * state : nullptr;
    run.last_c = last_c ? last_c + d * state : nullptr;
    run.state_row = batch_first ? directions * hidden : hidden;
    run.scratch = scratch;
    return run;
  }
};

// The number of lanes for T: doubles run one by one.
template <class T, size_t L>
constexpr int kRecurrentLanes = sizeof(T) == sizeof(float) ? int(L) : 1;

template <class T, size_t L, class F, class G, class H>
inline void lstm_directions(Fixed<L>, const RecurrentLayer<T>& layer, const T* peepholes, T clip,
                            bool input_forget, F f, G g, H h) {
  const LstmCell<T, F, G, H> cell = {peepholes, clip, input_forget, f, g, h};
  lstm<kRecurrentLanes<T, L>>(layer.direction(0), cell);
}

template <class T, size_t L, class F, class G, class H, class F2, class G2, class H2>
inline void lstm_directions(Fixed<L> lanes, const RecurrentLayer<T>& layer, const T* peepholes,
                            T clip, bool input_forget, F f, G g, H h, F2 f2, G2 g2, H2 h2) {
  lstm_directions(lanes, layer, peepholes, clip, input_forget, f, g, h);
  const T* second = peepholes ? peepholes + 3 * layer.hidden : nullptr;
  const LstmCell<T, F2, G2, H2> cell = {second, clip, input_forget, f2, g2, h2};
  lstm<kRecurrentLanes<T, L>>(layer.direction(1), cell);
}

// `activations` are f, g, h of each direction; peepholes are [directions][3 * hidden] or null.
template <class T, size_t L, class... Activations>
inline void lstm_layer(Fixed<L> lanes, const T* projected, const T* weights, const int32_t* lengths,
                       const T* initial_h, const T* initial_c, const T* peepholes, T* y, T* last_h,
                       T* last_c, void* scratch, int64_t steps, int64_t batch, int64_t hidden,
                       int64_t directions, int64_t reverse, int64_t batch_first, double clip,
                       int64_t input_forget, Activations... activations) {
  const RecurrentLayer<T> layer = {projected,
                                   weights,
                                   lengths,
                                   initial_h,
                                   initial_c,
                                   y,
                                   last_h,
                                   last_c,
                                   static_cast<T*>(scratch),
                                   size_t(steps),
                                   size_t(batch),
                                   size_t(hidden),
                                   4,
                                   size_t(directions),
                                   reverse != 0,
                                   batch_first != 0};
  lstm_directions(lanes, layer, peepholes, T(clip), input_forget != 0, activations...);
}

template <int L, class T, class Cell>
inline void gru_direction(const Recurrence<T>& run, const Cell& cell, bool linear_before_reset) {
  if (linear_before_reset) {
    gru_linear_before_reset<L>(run, cell);
  } else {
    gru<L>(run, cell);
  }
}

template <class T, size_t L, class F, class G>
inline void gru_directions(Fixed<L>, const RecurrentLayer<T>& layer, const T* hidden_bias, T clip,
                           bool linear_before_reset, F f, G g) {
  const GruCell<T, F, G> cell = {hidden_bias, clip, f, g};
  gru_direction<kRecurrentLanes<T, L>>(layer.direction(0), cell, linear_before_reset);
}

template <class T, size_t L, class F, class G, class F2, class G2>
inline void gru_directions(Fixed<L> lanes, const RecurrentLayer<T>& layer, const T* hidden_bias,
                           T clip, bool linear_before_reset, F f, G g, F2 f2, G2 g2) {
  gru_directions(lanes, layer, hidden_bias, clip, linear_before_reset, f, g);
  const T* second = hidden_bias ? hidden_bias + layer.hidden : nullptr;
  const GruCell<T, F2, G2> cell = {second, clip, f2, g2};
  gru_direction<kRecurrentLanes<T, L>>(layer.direction(1), cell, linear_before_reset);
}

// `activations` are f and g of each direction; hidden_bias is [directions][hidden] or null.
template <class T, size_t L, class... Activations>
inline void gru_layer(Fixed<L> lanes, const T* projected, const T* weights, const int32_t* lengths,
                      const T* initial_h, const T* hidden_bias, T* y, T* last_h, void* scratch,
                      int64_t steps, int64_t batch, int64_t hidden, int64_t directions,
                      int64_t reverse, int64_t batch_first, double clip,
                      int64_t linear_before_reset, Activations... activations) {
  const RecurrentLayer<T> layer = {projected,
                                   weights,
                                   lengths,
                                   initial_h,
                                   nullptr,
                                   y,
                                   last_h,
                                   nullptr,
                                   static_cast<T*>(scratch),
                                   size_t(steps),
                                   size_t(batch),
                                   size_t(hidden),
                                   3,
                                   size_t(directions),
                                   reverse != 0,
                                   batch_first != 0};
  gru_directions(lanes, layer, hidden_bias, T(clip), linear_before_reset != 0, activations...);
}

template <class T, size_t L, class F>
inline void rnn_directions(Fixed<L>, const RecurrentLayer<T>& layer, T clip, F f) {
  rnn<kRecurrentLanes<T, L>>(layer.direction(0), RnnCell<T, F>{clip, f});
}

template <class T, size_t L, class F, class F2>
inline void rnn_directions(Fixed<L> lanes, const RecurrentLayer<T>& layer, T clip, F f, F2 f2) {
  rnn_directions(lanes, layer, clip, f);
  rnn<kRecurrentLanes<T, L>>(layer.direction(1), RnnCell<T, F2>{clip, f2});
}

// `activations` are f of each direction.
template <class T, size_t L, class... Activations>
inline void rnn_layer(Fixed<L> lanes, const T* projected, const T* weights, const int32_t* lengths,
                      const T* initial_h, T* y, T* last_h, void* scratch, int64_t steps,
                      int64_t batch, int64_t hidden, int64_t directions, int64_t reverse,
                      int64_t batch_first, double clip, Activations... activations) {
  const RecurrentLayer<T> layer = {projected,
                                   weights,
                                   lengths,
                                   initial_h,
                                   nullptr,
                                   y,
                                   last_h,
                                   nullptr,
                                   static_cast<T*>(scratch),
                                   size_t(steps),
                                   size_t(batch),
                                   size_t(hidden),
                                   1,
                                   size_t(directions),
                                   reverse != 0,
                                   batch_first != 0};
  rnn_directions(lanes, layer, T(clip), activations...);
}

}  // namespace onnxc

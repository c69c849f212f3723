// LSTM, GRU and RNN against the standard's equations, evaluated plainly in double.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>
#include <vector>

#include "templates/cpu/recurrent_gru.h"
#include "templates/cpu/recurrent_lstm.h"
#include "templates/cpu/recurrent_rnn.h"

namespace onnxc {
namespace {

#if defined(__AVX512F__)
constexpr int kWidest = 16;
#elif defined(__AVX__)
constexpr int kWidest = 8;
#else
constexpr int kWidest = 4;
#endif

// One direction's data with room and rubbish around every row, and what the equations make of it.
template <class T>
struct Case {
  size_t gates, steps, batch, hidden;
  bool reverse;
  std::vector<int32_t> lengths;
  std::vector<T> projected, weights, packed, h0, c0, y, last_h, last_c, scratch, peepholes, bias;
  size_t projected_row, state_row, y_row;
  std::vector<double> want_y, want_h, want_c;

  Case(size_t gates, size_t steps, size_t batch, size_t hidden, bool reverse, bool lengths_given,
       unsigned seed)
      : gates(gates), steps(steps), batch(batch), hidden(hidden), reverse(reverse) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> unit(-1, 1);
    auto fill = [&](std::vector<T>& values, size_t count, double scale) {
      values.resize(count);
      for (T& value : values) value = T(unit(random) * scale);
    };
    projected_row = gates * hidden + 3;
    state_row = hidden + 2;
    y_row = hidden + 1;
    fill(projected, steps * batch * projected_row, 1.5);
    fill(weights, gates * hidden * hidden, 1.5 / std::sqrt(double(hidden)));
    fill(h0, batch * state_row, 1);
    fill(c0, batch * state_row, 1);
    fill(peepholes, 3 * hidden, 0.5);
    fill(bias, hidden, 0.5);
    y.assign(steps * batch * y_row, T(77));
    last_h.assign(batch * state_row, T(77));
    last_c.assign(batch * state_row, T(77));
    packed.resize(packed_recurrent_size(gates, hidden));
    pack_recurrent(weights.data(), gates, hidden, packed.data());
    if (lengths_given) {
      for (size_t row = 0; row < batch; ++row) lengths.push_back(int32_t(random() % (steps + 1)));
    }
    want_y.assign(y.begin(), y.end());
    want_h.assign(last_h.begin(), last_h.end());
    want_c.assign(last_c.begin(), last_c.end());
  }

  Recurrence<T> run(size_t scratch_size) {
    scratch.assign(scratch_size, T(std::nan("")));
    return {steps,
            batch,
            hidden,
            reverse,
            lengths.empty() ? nullptr : lengths.data(),
            projected.data(),
            batch * projected_row,
            projected_row,
            packed.data(),
            y.data(),
            batch * y_row,
            y_row,
            h0.data(),
            c0.data(),
            last_h.data(),
            last_c.data(),
            state_row,
            scratch.data()};
  }

  // cell(row's projected input, h, c) replaces h and c.
  using Cell = std::function<void(const T*, std::vector<double>&, std::vector<double>&)>;
  void evaluate(const Cell& cell) {
    for (size_t row = 0; row < batch; ++row) {
      std::vector<double> h(&h0[row * state_row], &h0[row * state_row] + hidden);
      std::vector<double> c(&c0[row * state_row], &c0[row * state_row] + hidden);
      const size_t length = lengths.empty() ? steps : size_t(lengths[row]);
      for (size_t step = 0; step < steps; ++step) {
        const size_t time = reverse && step < length ? length - 1 - step : step;
        if (step < length) cell(&projected[(time * batch + row) * projected_row], h, c);
        for (size_t unit = 0; unit < hidden; ++unit) {
          want_y[(time * batch + row) * y_row + unit] = step < length ? h[unit] : 0;
        }
      }
      for (size_t unit = 0; unit < hidden; ++unit) {
        want_h[row * state_row + unit] = h[unit];
        want_c[row * state_row + unit] = c[unit];
      }
    }
  }

  // The recurrent weights of a gate's unit times h.
  double product(size_t gate, size_t unit, const std::vector<double>& h) const {
    double sum = 0;
    for (size_t k = 0; k < hidden; ++k)
      sum += double(weights[(gate * hidden + unit) * hidden + k]) * h[k];
    return sum;
  }

  void expect_near(bool with_c, double tolerance) const {
    for (size_t i = 0; i < y.size(); ++i)
      ASSERT_NEAR(y[i], want_y[i], tolerance) << "y " << i << describe();
    for (size_t i = 0; i < last_h.size(); ++i)
      ASSERT_NEAR(last_h[i], want_h[i], tolerance) << "h " << i << describe();
    if (!with_c) return;
    for (size_t i = 0; i < last_c.size(); ++i)
      ASSERT_NEAR(last_c[i], want_c[i], tolerance) << "c " << i << describe();
  }
  std::string describe() const {
    return ": steps " + std::to_string(steps) + ", batch " + std::to_string(batch) + ", hidden " +
           std::to_string(hidden) + (reverse ? ", reverse" : "") +
           (lengths.empty() ? "" : ", lengths");
  }
};

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }
double limited(double x, double clip) { return std::min(clip, std::max(-clip, x)); }

template <class T>
void evaluate_lstm(Case<T>& data, const LstmCell<T>& cell) {
  data.evaluate([&](const T* x, std::vector<double>& h, std::vector<double>& c) {
    const size_t n = data.hidden;
    std::vector<double> next(n);
    const double clip = cell.clip;
    for (size_t j = 0; j < n; ++j) {
      double gate[4];
      for (size_t g = 0; g < 4; ++g) gate[g] = x[g * n + j] + data.product(g, j, h);
      const bool peep = cell.peepholes != nullptr;
      const double i = sigmoid_of(limited(gate[0] + (peep ? cell.peepholes[j] * c[j] : 0), clip));
      const double f =
          cell.input_forget
              ? 1 - i
              : sigmoid_of(limited(gate[2] + (peep ? cell.peepholes[2 * n + j] * c[j] : 0), clip));
      c[j] = f * c[j] + i * std::tanh(limited(gate[3], clip));
      const double o =
          sigmoid_of(limited(gate[1] + (peep ? cell.peepholes[n + j] * c[j] : 0), clip));
      next[j] = o * std::tanh(c[j]);
    }
    h = next;
  });
}

template <class T>
void evaluate_gru(Case<T>& data, const GruCell<T>& cell, bool linear_before_reset) {
  data.evaluate([&](const T* x, std::vector<double>& h, std::vector<double>&) {
    const size_t n = data.hidden;
    std::vector<double> next(n), reset_h(n), z(n), r(n);
    const double clip = cell.clip;
    for (size_t j = 0; j < n; ++j) {
      z[j] = sigmoid_of(limited(x[j] + data.product(0, j, h), clip));
      r[j] = sigmoid_of(limited(x[n + j] + data.product(1, j, h), clip));
      reset_h[j] = r[j] * h[j];
    }
    for (size_t j = 0; j < n; ++j) {
      const double inner = linear_before_reset ? r[j] * (data.product(2, j, h) + data.bias[j])
                                               : data.product(2, j, reset_h);
      next[j] = (1 - z[j]) * std::tanh(limited(x[2 * n + j] + inner, clip)) + z[j] * h[j];
    }
    h = next;
  });
}

// The shapes every cell is tried on.
template <class F>
void for_shapes(F test) {
  unsigned seed = 1;
  for (size_t hidden : {1, 3, 5, 16, 20, 33}) {
    for (size_t batch : {1, 2, 5}) {
      for (int variant = 0; variant < 4; ++variant)
        test(size_t(6), batch, hidden, (variant & 1) != 0, (variant & 2) != 0, ++seed);
    }
  }
}

template <int L, class T>
void check_lstm(double tolerance) {
  for_shapes(
      [&](size_t steps, size_t batch, size_t hidden, bool reverse, bool lengths, unsigned seed) {
        for (int option = 0; option < 4; ++option) {
          Case<T> data(4, steps, batch, hidden, reverse, lengths, seed);
          LstmCell<T> cell;
          if (option & 1) cell.peepholes = data.peepholes.data();
          if (option == 2) cell.input_forget = true;
          if (option == 3) cell.clip = T(0.4);
          evaluate_lstm(data, cell);
          lstm<L>(data.run(lstm_scratch(batch, hidden)), cell);
          data.expect_near(true, tolerance);
          if (::testing::Test::HasFatalFailure()) return;
        }
      });
}

template <int L, class T>
void check_gru(double tolerance) {
  for_shapes(
      [&](size_t steps, size_t batch, size_t hidden, bool reverse, bool lengths, unsigned seed) {
        for (int option = 0; option < 4; ++option) {
          Case<T> data(3, steps, batch, hidden, reverse, lengths, seed);
          GruCell<T> cell;
          if (option & 1) cell.clip = T(0.4);
          cell.hidden_bias = data.bias.data();
          evaluate_gru(data, cell, option >= 2);
          const auto run = data.run(gru_scratch(batch, hidden));
          if (option >= 2) {
            gru_linear_before_reset<L>(run, cell);
          } else {
            gru<L>(run, cell);
          }
          data.expect_near(false, tolerance);
          if (::testing::Test::HasFatalFailure()) return;
        }
      });
}

template <int L, class T>
void check_rnn(double tolerance) {
  for_shapes(
      [&](size_t steps, size_t batch, size_t hidden, bool reverse, bool lengths, unsigned seed) {
        Case<T> data(1, steps, batch, hidden, reverse, lengths, seed);
        data.evaluate([&](const T* x, std::vector<double>& h, std::vector<double>&) {
          std::vector<double> next(hidden);
          for (size_t j = 0; j < hidden; ++j)
            next[j] = std::tanh(limited(x[j] + data.product(0, j, h), 2));
          h = next;
        });
        RnnCell<T> cell;
        cell.clip = 2;
        rnn<L>(data.run(rnn_scratch(batch, hidden)), cell);
        data.expect_near(false, tolerance);
      });
}

TEST(Recurrent, LstmMatchesTheEquations) {
  check_lstm<kWidest, float>(2e-6);
  check_lstm<4, float>(2e-6);
  check_lstm<1, float>(2e-6);
  check_lstm<1, double>(1e-14);
}

TEST(Recurrent, GruMatchesTheEquations) {
  check_gru<kWidest, float>(3e-6);
  check_gru<4, float>(3e-6);
  check_gru<1, float>(3e-6);
  check_gru<1, double>(1e-14);
}

TEST(Recurrent, RnnMatchesTheEquations) {
  check_rnn<kWidest, float>(3e-6);
  check_rnn<4, float>(3e-6);
  check_rnn<1, float>(3e-6);
  check_rnn<1, double>(1e-14);
}

TEST(Recurrent, LengthsOutsideTheSequenceAreLimited) {
  Case<float> data(1, 3, 2, 5, true, true, 4);
  data.lengths = {3, 0};
  data.evaluate([&](const float* x, std::vector<double>& h, std::vector<double>&) {
    std::vector<double> next(5);
    for (size_t j = 0; j < 5; ++j) next[j] = std::tanh(x[j] + data.product(0, j, h));
    h = next;
  });
  data.lengths = {1000, -5};
  rnn<kWidest>(data.run(rnn_scratch(2, 5)), RnnCell<float>());
  data.expect_near(false, 2e-6);
}

TEST(Recurrent, UnusedOutputsAndZeroStatesMayBeNull) {
  Case<float> data(4, 3, 2, 7, false, false, 9);
  data.h0.assign(data.h0.size(), 0);
  data.c0.assign(data.c0.size(), 0);
  evaluate_lstm(data, LstmCell<float>());
  auto run = data.run(lstm_scratch(2, 7));
  run.initial_h = run.initial_c = nullptr;
  run.last_c = run.y = nullptr;
  lstm<kWidest>(run, LstmCell<float>());
  for (size_t i = 0; i < data.last_h.size(); ++i) EXPECT_NEAR(data.last_h[i], data.want_h[i], 2e-6);
}

TEST(Recurrent, ActivationsAreTheStandardsOwn) {
  for (double x : {-30.0, -2.5, -0.4, 0.0, 0.3, 1.5, 40.0}) {
    EXPECT_NEAR(Relu()(x), std::max(x, 0.0), 1e-15);
    EXPECT_NEAR(LeakyRelu{0.25f}(x), x < 0 ? 0.25 * x : x, 1e-15);
    EXPECT_NEAR(ThresholdedRelu{0.5f}(x), x > 0.5 ? x : 0, 1e-15);
    EXPECT_NEAR((Affine{2, 0.5f}(x)), 2 * x + 0.5, 1e-13);
    EXPECT_NEAR((ScaledTanh{2, 0.5f}(x)), 2 * std::tanh(0.5 * x), 1e-14);
    EXPECT_NEAR((HardSigmoid{0.25f, 0.5f}(x)), std::min(1.0, std::max(0.0, 0.25 * x + 0.5)), 1e-15);
    EXPECT_NEAR(Elu{2}(x), x < 0 ? 2 * (std::exp(x) - 1) : x, 1e-14);
    EXPECT_NEAR(Softsign()(x), x / (1 + std::fabs(x)), 1e-15);
    EXPECT_NEAR(Softplus()(x), x > 30 ? x : std::log1p(std::exp(x)), 1e-14);
    float lanes[4];
    store<4>(lanes, Softplus()(broadcast<4>(float(x))));
    EXPECT_NEAR(lanes[3], std::log1p(std::exp(-std::fabs(x))) + std::max(x, 0.0), 4e-6);
  }
}

}  // namespace
}  // namespace onnxc

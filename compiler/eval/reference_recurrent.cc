// Recurrent layers step by step in double, as ONNX's equations say.
#include "compiler/eval/reference_recurrent.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

using Function = std::function<double(double)>;

// An activation object's text, e.g. `HardSigmoid{float(0.2), float(0.5)}`.
Function activation(const std::string& text) {
  const std::string name = text.substr(0, text.find('{'));
  std::vector<double> p;
  for (size_t at = text.find("float("); at != std::string::npos; at = text.find("float(", at + 1)) {
    p.push_back(static_cast<double>(static_cast<float>(std::stod(text.substr(at + 6)))));
  }
  p.resize(2);
  const double a = p[0], b = p[1];
  if (name == "Affine") return [=](double x) { return a * x + b; };
  if (name == "Elu") return [=](double x) { return x < 0 ? a * std::expm1(x) : x; };
  if (name == "HardSigmoid") return [=](double x) { return std::clamp(a * x + b, 0.0, 1.0); };
  if (name == "LeakyRelu") return [=](double x) { return x < 0 ? a * x : x; };
  if (name == "Relu") return [](double x) { return std::max(x, 0.0); };
  if (name == "ScaledTanh") return [=](double x) { return a * std::tanh(b * x); };
  if (name == "Sigmoid") return [](double x) { return 1 / (1 + std::exp(-x)); };
  if (name == "Softplus") {
    return [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); };
  }
  if (name == "Softsign") return [](double x) { return x / (1 + std::abs(x)); };
  if (name == "Tanh") return [](double x) { return std::tanh(x); };
  if (name == "ThresholdedRelu") return [=](double x) { return x > a ? x : 0.0; };
  throw InternalError(__FILE__, __LINE__, "activation " + text);
}

// The call's sizes, inputs and outputs.
class Layer {
 public:
  Layer(const KernelContext& context, int gate_count) : gates(gate_count) {
    const std::vector<int64_t> sizes = context.sizes();
    steps = sizes.at(0), batch = sizes.at(1), hidden = sizes.at(2), directions = sizes.at(3);
    reverse_ = sizes.at(4) != 0, batch_first_ = sizes.at(5) != 0;
    flag = sizes.size() > 6 && sizes[6] != 0;
    clip_ = context.numbers().at(0);
    for (const auto& a : context.call.arguments) {
      if (const auto* in = std::get_if<KernelCall::Input>(&a)) {
        inputs_.push_back(in->number < 0 ? nullptr : &context.inputs[in->number]);
      } else if (const auto* out = std::get_if<KernelCall::Output>(&a)) {
        outputs_.push_back(out->number);
      } else if (const auto* code = std::get_if<KernelCall::Code>(&a)) {
        if (code->text.find('{') != std::string::npos) functions_.push_back(activation(code->text));
      }
    }
    const int64_t b = batch, d = directions, h = hidden, s = steps;
    const std::vector<int64_t> y =
        batch_first_ ? std::vector<int64_t>{b, s, d, h} : std::vector<int64_t>{s, d, b, h};
    const std::vector<int64_t> state =
        batch_first_ ? std::vector<int64_t>{b, d, h} : std::vector<int64_t>{d, b, h};
    results_.resize(context.node.outputs.size());
    for (size_t k = 0; k < outputs_.size(); ++k) {
      if (outputs_[k] < 0) continue;
      results_[outputs_[k]] = Tensor(context.call.types.at(0), k == 0 ? y : state);
    }
  }

  int64_t steps, batch, hidden, directions;
  bool flag = false;  // input_forget, or linear_before_reset
  int gates;

  double clipped(double v) const { return std::clamp(v, -clip_, clip_); }
  const Function& function(int64_t d, int k) const {
    return functions_.at(d * functions_.size() / directions + k);
  }
  // Element `i` of the call's input `k`; 0 if it is left out.
  double at(size_t k, int64_t i) const { return inputs_.at(k) ? inputs_[k]->as_double(i) : 0; }

  int64_t length(int64_t row) const { return inputs_.at(2) ? inputs_[2]->as_int64(row) : steps; }
  int64_t time(int64_t d, int64_t row, int64_t step) const {
    return reverse_ || d == 1 ? length(row) - 1 - step : step;
  }
  double projected(int64_t d, int64_t row, int64_t step, int64_t gate, int64_t unit) const {
    const int64_t t = time(d, row, step);
    const int64_t line = batch_first_ ? row * steps + t : t * batch + row;
    return at(0, (line * directions + d) * gates * hidden + gate * hidden + unit);
  }
  // The state times the packed weights of one unit of a gate.
  double product(int64_t d, int64_t gate, int64_t unit, const std::vector<double>& state) const {
    const int64_t blocks = (hidden + 15) / 16;
    double sum = 0;
    for (int64_t k = 0; k < hidden; ++k) {
      const int64_t line = ((d * blocks + unit / 16) * hidden + k) * gates + gate;
      sum += state[k] * at(1, line * 16 + unit % 16);
    }
    return sum;
  }
  int64_t state_at(int64_t d, int64_t row) const {
    return (batch_first_ ? row * directions + d : d * batch + row) * hidden;
  }
  std::vector<double> initial(size_t k, int64_t d, int64_t row) const {
    std::vector<double> state(hidden);
    for (int64_t u = 0; u < hidden; ++u) state[u] = at(k, state_at(d, row) + u);
    return state;
  }
  void store(size_t k, int64_t first, const std::vector<double>& values) {
    if (outputs_.at(k) < 0) return;
    for (int64_t u = 0; u < hidden; ++u) results_[outputs_[k]].set(first + u, values[u]);
  }
  void store_step(int64_t d, int64_t row, int64_t step, const std::vector<double>& h) {
    const int64_t t = time(d, row, step);
    const int64_t line =
        batch_first_ ? (row * steps + t) * directions + d : (t * directions + d) * batch + row;
    store(0, line * hidden, h);
  }
  void store_state(size_t k, int64_t d, int64_t row, const std::vector<double>& state) {
    store(k, state_at(d, row), state);
  }
  std::vector<Tensor> take() { return std::move(results_); }

 private:
  bool reverse_, batch_first_;
  double clip_;
  std::vector<const Tensor*> inputs_;
  std::vector<int> outputs_;
  std::vector<Function> functions_;
  std::vector<Tensor> results_;
};

// The states of one row while its sequence runs.
struct States {
  std::vector<double> h, c;
};

template <class Step>
std::vector<Tensor> run(Layer& layer, bool has_memory, Step advance) {
  for (int64_t d = 0; d < layer.directions; ++d) {
    for (int64_t row = 0; row < layer.batch; ++row) {
      States s{layer.initial(3, d, row), {}};
      if (has_memory) s.c = layer.initial(4, d, row);
      for (int64_t step = 0; step < layer.length(row); ++step) {
        s = advance(d, row, step, s);
        layer.store_step(d, row, step, s.h);
      }
      layer.store_state(1, d, row, s.h);
      if (has_memory) layer.store_state(2, d, row, s.c);
    }
  }
  return layer.take();
}

}  // namespace

std::vector<Tensor> reference_lstm(const KernelContext& context) {
  Layer l(context, 4);
  return run(l, true, [&](int64_t d, int64_t row, int64_t step, const States& s) {
    States next{std::vector<double>(l.hidden), std::vector<double>(l.hidden)};
    for (int64_t u = 0; u < l.hidden; ++u) {
      const auto gate = [&](int g) {
        return l.projected(d, row, step, g, u) + l.product(d, g, u, s.h);
      };
      const auto peephole = [&](int p) { return l.at(5, (d * 3 + p) * l.hidden + u); };
      const Function &f = l.function(d, 0), &g = l.function(d, 1), &h = l.function(d, 2);
      const double input = f(l.clipped(gate(0) + peephole(0) * s.c[u]));
      const double forget = l.flag ? 1 - input : f(l.clipped(gate(2) + peephole(2) * s.c[u]));
      next.c[u] = forget * s.c[u] + input * g(l.clipped(gate(3)));
      next.h[u] = f(l.clipped(gate(1) + peephole(1) * next.c[u])) * h(next.c[u]);
    }
    return next;
  });
}

std::vector<Tensor> reference_gru(const KernelContext& context) {
  Layer l(context, 3);
  return run(l, false, [&](int64_t d, int64_t row, int64_t step, const States& s) {
    std::vector<double> update(l.hidden), reset(l.hidden), scaled(l.hidden);
    const Function &f = l.function(d, 0), &g = l.function(d, 1);
    for (int64_t u = 0; u < l.hidden; ++u) {
      update[u] = f(l.clipped(l.projected(d, row, step, 0, u) + l.product(d, 0, u, s.h)));
      reset[u] = f(l.clipped(l.projected(d, row, step, 1, u) + l.product(d, 1, u, s.h)));
      scaled[u] = reset[u] * s.h[u];
    }
    States next{std::vector<double>(l.hidden), {}};
    for (int64_t u = 0; u < l.hidden; ++u) {
      const double recurrent =
          l.flag ? reset[u] * (l.product(d, 2, u, s.h) + l.at(4, d * l.hidden + u))
                 : l.product(d, 2, u, scaled);
      const double fresh = g(l.clipped(l.projected(d, row, step, 2, u) + recurrent));
      next.h[u] = (1 - update[u]) * fresh + update[u] * s.h[u];
    }
    return next;
  });
}

std::vector<Tensor> reference_rnn(const KernelContext& context) {
  Layer l(context, 1);
  return run(l, false, [&](int64_t d, int64_t row, int64_t step, const States& s) {
    States next{std::vector<double>(l.hidden), {}};
    for (int64_t u = 0; u < l.hidden; ++u) {
      next.h[u] =
          l.function(d, 0)(l.clipped(l.projected(d, row, step, 0, u) + l.product(d, 0, u, s.h)));
    }
    return next;
  });
}

}  // namespace onnxc

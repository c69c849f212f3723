// Evaluations with rounding errors put in.
#include "tests/fuzz/noise.h"

#include <algorithm>
#include <cmath>

#include "compiler/support/diagnostics.h"

namespace onnxc::fuzz {
namespace {

// In units of the last place; products of bfloat16 parts in tiles leave more than float sums.
constexpr double kElementUlps = 8, kSumUlps = 100, kKernelUlps = 64;

double half_ulp(DType type) {
  switch (type) {
    case DType::kDouble:
      return 0x1p-53;
    case DType::kFloat:
      return 0x1p-24;
    case DType::kFloat16:
      return 0x1p-11;
    case DType::kBfloat16:
      return 0x1p-8;
    default:
      return 0x1p-4;
  }
}

// Rounding to a narrow type happens once for each step, computing is done in float.
double computing_half_ulp(DType type) { return type == DType::kDouble ? 0x1p-53 : 0x1p-24; }

double largest(const Tensor& t) {
  double most = 0;
  for (int64_t i = 0; i < t.size(); ++i) {
    const double v = std::fabs(t.as_double(i));
    if (std::isfinite(v)) most = std::max(most, v);
  }
  return most;
}

bool computes_floats(const E& x) {
  bool found = false;
  if (!x) return false;
  visit(x, [&](const Expr& e) {
    found |= e.kind == Expr::Kind::kCall && e.op != ScalarOp::kSelect && is_float(e.type);
  });
  return found;
}

class NoisyEvaluation {
 public:
  // direction 0: errors of both signs; otherwise all of that sign.
  NoisyEvaluation(uint64_t seed, double direction) : random_(seed), direction_(direction) {}

  std::vector<Tensor> operator()(const Node& node, const std::vector<Tensor>& inputs,
                                 const SymbolValues& symbols) {
    if (const Map* map = node.as<Map>()) return {noisy_map(*map, inputs, symbols)};
    if (const Conv* conv = node.as<Conv>()) {
      const Map meaning = meaning_of(*conv, node.inputs[0]->shape, node.inputs[1]->shape,
                                     node.inputs[0]->type, node.output()->shape);
      return {noisy_map(meaning, inputs, symbols)};
    }
    std::vector<Tensor> results = evaluate(node, inputs, symbols);
    if (node.as<KernelCall>()) {
      for (Tensor& t : results) add_kernel_noise(t, inputs);
    }
    return results;
  }

 private:
  Tensor noisy_map(const Map& map, const std::vector<Tensor>& inputs, const SymbolValues& symbols) {
    const bool sums = map.reduction == Reduction::kSum || map.reduction == Reduction::kProduct;
    if (!sums || !is_float(map.body.type())) {
      Tensor t = evaluate(map, inputs, symbols);
      if (computes_floats(map.body) || computes_floats(map.finish)) add_noise(t, 0);
      return t;
    }
    Map sum = map;
    sum.finish = E();
    Tensor total = evaluate(sum, inputs, symbols);
    Map sizes = sum;
    sizes.body = abs(sum.body);
    add_noise(total, largest(evaluate(sizes, inputs, symbols)) * computing_half_ulp(total.type()) *
                         kSumUlps);
    if (!map.finish) return total;
    Map finish;
    finish.space = map.space;
    const int number = static_cast<int>(inputs.size());
    finish.body = rewrite(map.finish, [&](const Expr& e) -> std::optional<E> {
      if (e.kind != Expr::Kind::kAccumulator) return std::nullopt;
      return load(number, e.type, identity_index(map.space));
    });
    std::vector<Tensor> operands = inputs;
    operands.push_back(total);
    Tensor t = evaluate(finish, operands, symbols);
    if (computes_floats(map.finish)) add_noise(t, 0);
    return t;
  }

  void add_kernel_noise(Tensor& t, const std::vector<Tensor>& inputs) {
    if (!is_float(t.type())) return;
    double most = largest(t);
    for (const Tensor& input : inputs) {
      if (is_float(input.type())) most = std::max(most, largest(input));
    }
    add_noise(t, most * computing_half_ulp(t.type()) * kKernelUlps);
  }

  void add_noise(Tensor& t, double absolute) {
    if (!is_float(t.type())) return;
    const double scale = largest(t) * computing_half_ulp(t.type());
    const double relative = computing_half_ulp(t.type()) * kElementUlps +
                            (byte_size(t.type()) < 4 ? half_ulp(t.type()) : 0);
    for (int64_t i = 0; i < t.size(); ++i) {
      const double v = t.as_double(i);
      if (!std::isfinite(v) || (v == 0 && absolute == 0)) continue;
      const double share = direction_ != 0 ? direction_ : 2 * random_.unit() - 1;
      t.set(i, v + share * (absolute + scale + relative * std::fabs(v)));
    }
  }

  Random random_;
  double direction_;
};

// Takes the other evaluation into account.
void widen(Expected& expected, const Tensor& other) {
  const Tensor& value = expected.value;
  if (other.dims() != value.dims()) {
    expected.depends_on_rounding = true;
    return;
  }
  if (value.type() == DType::kString) return;
  for (int64_t i = 0; i < value.size(); ++i) {
    if (!is_float(value.type())) {
      expected.depends_on_rounding |= value.as_int64(i) != other.as_int64(i);
      continue;
    }
    const double a = value.as_double(i), b = other.as_double(i);
    if (a == b || (std::isnan(a) && std::isnan(b))) continue;
    const double apart = std::fabs(a - b);
    if (std::isfinite(apart)) {
      expected.tolerance = std::max(expected.tolerance, 2 * apart);
    } else {
      expected.depends_on_rounding = true;
    }
  }
}

}  // namespace

std::vector<Expected> expected_outputs(const Graph& graph, const std::vector<Tensor>& inputs,
                                       int samples) {
  std::vector<Expected> all;
  for (Tensor& t : evaluate(graph, inputs)) {
    const double floor = is_float(t.type()) ? 2 * half_ulp(t.type()) * largest(t) : 0;
    all.push_back({std::move(t), floor, false});
  }
  for (int k = 0; k < samples; ++k) {
    const double direction = k == 0 ? 1 : k == 1 ? -1 : 0;
    const auto others =
        evaluate(graph, inputs, NoisyEvaluation(static_cast<uint64_t>(k) + 1, direction));
    for (size_t i = 0; i < all.size(); ++i) widen(all[i], others[i]);
  }
  return all;
}

}  // namespace onnxc::fuzz

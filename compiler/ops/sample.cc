// Interpolation between the elements around a fractional position.
#include "compiler/ops/sample.h"

namespace onnxc {
namespace {

struct Tap {
  Dim at;
  E weight;
};

std::vector<Tap> linear_taps(const E& position) {
  const Dim base = whole_index(position);
  const E f = position - floor(position);
  return {{base, 1.0 - f}, {base + 1, f}};
}

std::vector<Tap> cubic_taps(const E& position) {
  constexpr double a = -0.75;
  const Dim base = whole_index(position);
  const E f = position - floor(position);
  const auto near = [&](const E& d) { return ((a + 2) * d - (a + 3)) * d * d + 1.0; };
  const auto far = [&](const E& d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };
  return {{base - 1, far(f + 1.0)},
          {base, near(f)},
          {base + 1, near(1.0 - f)},
          {base + 2, far(2.0 - f)}};
}

// Sum over the taps of axis `axis` and all later ones.
E blend(const std::vector<std::vector<Tap>>& taps, size_t axis, std::vector<Dim>& at,
        const std::function<E(const std::vector<Dim>&)>& fetch) {
  if (axis == taps.size()) return fetch(at);
  E sum;
  for (const Tap& t : taps[axis]) {
    at[axis] = t.at;
    const E term = blend(taps, axis + 1, at, fetch) * t.weight;
    sum = sum ? sum + term : term;
  }
  return sum;
}

}  // namespace

Dim whole_index(const E& x) {
  constexpr int64_t kFar = int64_t{1} << 40;
  return as_index(cast(DType::kInt64, floor(x)), {-kFar, kFar});
}

E sample(SampleMode mode, const std::vector<E>& positions,
         const std::function<E(const std::vector<Dim>&)>& fetch) {
  std::vector<Dim> at(positions.size());
  if (mode == SampleMode::kNearest) {
    for (size_t i = 0; i < positions.size(); ++i) {
      at[i] = whole_index(call(ScalarOp::kRoundEven, {positions[i]}));
    }
    return fetch(at);
  }
  std::vector<std::vector<Tap>> taps;
  for (const E& p : positions) {
    taps.push_back(mode == SampleMode::kLinear ? linear_taps(p) : cubic_taps(p));
  }
  return blend(taps, 0, at, fetch);
}

}  // namespace onnxc

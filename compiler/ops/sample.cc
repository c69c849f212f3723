// Interpolation between the elements around a fractional position.
#include "compiler/ops/sample.h"

#include "compiler/ops/window.h"

namespace onnxc {

Dim whole_index(const E& x) {
  constexpr int64_t kFar = int64_t{1} << 40;
  return as_index(cast(DType::kInt64, floor(x)), {-kFar, kFar});
}

E interpolate_zero_outside(const std::vector<E>& positions, const Shape& sizes,
                           const std::function<E(const std::vector<Dim>&)>& load) {
  const size_t rank = positions.size();
  std::vector<Dim> base;
  std::vector<E> fraction;
  for (const E& p : positions) {
    base.push_back(whole_index(p));
    fraction.push_back(p - floor(p));
  }
  E sum;
  for (size_t corner = 0; corner < size_t{1} << rank; ++corner) {
    std::vector<Dim> at;
    E weight, within = constant_integer(DType::kBool, 1);
    for (size_t i = 0; i < rank; ++i) {
      const bool upper = corner >> (rank - 1 - i) & 1;
      at.push_back(upper ? base[i] + 1 : base[i]);
      within = within && inside(at.back(), sizes[i]);
      const E w = upper ? fraction[i] : 1.0 - fraction[i];
      weight = weight ? weight * w : w;
    }
    const E term = select(within, load(at), 0.0) * weight;
    sum = sum ? sum + term : term;
  }
  return sum;
}

}  // namespace onnxc

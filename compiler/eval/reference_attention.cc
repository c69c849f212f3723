// Element by element in double.
#include "compiler/eval/reference_attention.h"

#include <cmath>
#include <string>

namespace onnxc {

std::vector<Tensor> reference_linear_attention(const KernelContext &context) {
  const std::vector<int64_t> s = context.sizes();
  const int64_t batch = s[0], length = s[1], query_heads = s[2], heads = s[3], keys = s[4],
                values = s[5], decays = s[6], betas = s[7];
  const bool corrects = s[8] != 0;
  const double scale = std::stod(context.codes().at(1));
  const Tensor &q = *context.input(0), &k = *context.input(1), &v = *context.input(2);
  const Tensor *past = context.input(3), *decay = context.input(4), *beta = context.input(5);
  Tensor y(DType::kFloat, {batch, length, query_heads * values});
  Tensor final_state(DType::kFloat, {batch, heads, keys, values});
  for (int64_t b = 0; b < batch; ++b) {
    for (int64_t h = 0; h < heads; ++h) {
      const int64_t cells = keys * values, first = (b * heads + h) * cells;
      std::vector<double> state(static_cast<size_t>(cells));
      for (int64_t c = 0; c < cells; ++c) state[c] = past ? past->as_double(first + c) : 0;
      for (int64_t t = 0; t < length; ++t) {
        const int64_t place = (b * length + t) * heads + h;
        const auto key = [&](int64_t i) { return k.as_double(place * keys + i); };
        for (int64_t i = 0; i < keys && decays > 0; ++i) {
          const double d = decay->as_double(place * decays + (decays == 1 ? 0 : i));
          for (int64_t j = 0; j < values; ++j) state[i * values + j] *= std::exp(d);
        }
        for (int64_t j = 0; j < values; ++j) {
          double known = 0;
          for (int64_t i = 0; i < keys; ++i) known += state[i * values + j] * key(i);
          const double strength =
              betas ? beta->as_double((b * length + t) * betas + (betas == 1 ? 0 : h)) : 1;
          const double given = v.as_double(place * values + j);
          const double fresh = corrects ? strength * (given - known) : given;
          for (int64_t i = 0; i < keys; ++i) state[i * values + j] += key(i) * fresh;
        }
        const int64_t group = query_heads / heads;
        for (int64_t g = h * group; g < (h + 1) * group; ++g) {
          const int64_t row = (b * length + t) * query_heads + g;
          for (int64_t j = 0; j < values; ++j) {
            double sum = 0;
            for (int64_t i = 0; i < keys; ++i)
              sum += state[i * values + j] * q.as_double(row * keys + i);
            y.set(row * values + j, sum * scale);
          }
        }
      }
      for (int64_t c = 0; c < cells; ++c) final_state.set(first + c, state[c]);
    }
  }
  return context.outputs({y, final_state});
}

}  // namespace onnxc

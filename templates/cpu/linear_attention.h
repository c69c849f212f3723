// Attention with a state in place of a cache: each position decays it, writes to it and reads it.
#pragma once

#include "templates/cpu/lanes.h"
#include "templates/cpu/math.h"
#include "templates/cpu/size.h"

namespace onnxc {

struct LinearAttentionSizes {
  int64_t batch, length, query_heads, heads, key, value;
  int64_t decays;  // a head: 0, 1 or `key`
  int64_t betas;   // a position: 0, 1 or `heads`
};

namespace linear_attention_detail {

// One position of one head. With `corrects`, what the key already retrieves is taken off the value
// before it is written.
template <int L>
inline void write_state(float* state, float* row, const float* k, const float* v,
                        const float* decay, int64_t decays, float beta, bool corrects, int64_t keys,
                        int64_t values) {
  for (int64_t i = 0; i < keys && decays > 0; ++i) {
    const float factor = exp(decay[decays == 1 ? 0 : i]);
    for_lanes<L>(size_t(values), [&](auto lanes, size_t j) ONNXC_LAMBDA {
      float* at = state + i * values + j;
      lanes.store(at, lanes.load(at) * factor);
    });
  }
  for_lanes<L>(size_t(values), [&](auto lanes, size_t j) ONNXC_LAMBDA {
    auto fresh = lanes.load(v + j);
    if (corrects) {
      auto known = lanes.broadcast(0.0f);
      for (int64_t i = 0; i < keys; ++i) known = known + lanes.load(state + i * values + j) * k[i];
      fresh = (fresh - known) * beta;
    }
    lanes.store(row + j, fresh);
  });
  for (int64_t i = 0; i < keys; ++i) {
    for_lanes<L>(size_t(values), [&](auto lanes, size_t j) ONNXC_LAMBDA {
      float* at = state + i * values + j;
      lanes.store(at, lanes.load(at) + lanes.load(row + j) * k[i]);
    });
  }
}

}  // namespace linear_attention_detail

// q [batch, length, query_heads, key], k [batch, length, heads, key], v [batch, length, heads,
// value], past and state [batch, heads, key, value], decay [batch, length, heads, decays], beta
// [batch, length, betas], y as q with value for key. Null: a past of zeros, no decay, beta of 1.
// With `corrects` what the state holds for a key is replaced, not added to. `row` has room for
// `value` floats.
template <size_t L>
inline void linear_attention(Fixed<L>, const float* q, const float* k, const float* v,
                             const float* past, const float* decay, const float* beta, float* y,
                             float* state, void* row, int64_t batch, int64_t length,
                             int64_t query_heads, int64_t heads, int64_t key, int64_t value,
                             int64_t decays, int64_t betas, int64_t corrects, double scale) {
  const LinearAttentionSizes s = {batch, length, query_heads, heads, key, value, decays, betas};
  const int64_t group = s.query_heads / s.heads, cells = s.key * s.value;
  float* fresh = static_cast<float*>(row);
  for (int64_t b = 0; b < s.batch; ++b) {
    for (int64_t h = 0; h < s.heads; ++h) {
      float* own = state + (b * s.heads + h) * cells;
      for (int64_t i = 0; i < cells; ++i) own[i] = past ? past[(b * s.heads + h) * cells + i] : 0;
      for (int64_t t = 0; t < s.length; ++t) {
        const int64_t at = b * s.length + t, place = at * s.heads + h;
        const float strength = s.betas ? beta[at * s.betas + (s.betas == 1 ? 0 : h)] : 1.0f;
        linear_attention_detail::write_state<int(L)>(
            own, fresh, k + place * s.key, v + place * s.value, decay + place * s.decays, s.decays,
            strength, corrects != 0, s.key, s.value);
        for (int64_t g = h * group; g < (h + 1) * group; ++g) {
          const float* query = q + (at * s.query_heads + g) * s.key;
          float* out = y + (at * s.query_heads + g) * s.value;
          for_lanes<int(L)>(size_t(s.value), [&](auto lanes, size_t j) ONNXC_LAMBDA {
            auto sum = lanes.broadcast(0.0f);
            for (int64_t i = 0; i < s.key; ++i)
              sum = sum + lanes.load(own + i * s.value + j) * query[i];
            lanes.store(out + j, sum * float(scale));
          });
        }
      }
    }
  }
}

}  // namespace onnxc

// Activation functions as objects: of recurrent cells, and of whatever takes an element-wise step
// as an argument.
#pragma once

#include "templates/cpu/math.h"

namespace onnxc {

struct Sigmoid {
  template <class V>
  ONNXC_INLINE V operator()(V x) const {
    return sigmoid(x);
  }
};

struct Tanh {
  template <class V>
  ONNXC_INLINE V operator()(V x) const {
    return tanh(x);
  }
};

struct Relu {
  template <class V>
  ONNXC_INLINE V operator()(V x) const {
    return max(x, V{});
  }
};

struct LeakyRelu {
  float alpha;

  template <class V>
  ONNXC_INLINE V operator()(V x) const {
    return x < V{} ? V(x * splat<V>(alpha)) : x;
  }
};

// x above alpha, else 0.
struct ThresholdedRelu {
  float alpha;

  template <class V>
  ONNXC_INLINE V operator()(V x) const {
    return x > splat<V>(alpha) ? x : V{};
  }
};

// alpha * x + beta.
struct Affine {
  float alpha;
  float beta;

  template <class V>
  ONNXC_INLINE V operator()(V x) const {
    return mul_add(x, splat<V>(alpha), splat<V>(beta));
  }
};

// alpha * tanh(beta * x).
struct ScaledTanh {
  float alpha;
  float beta;

  template <class V>
  ONNXC_INLINE V operator()(V x) const {
    return splat<V>(alpha) * tanh(V(x * splat<V>(beta)));
  }
};

// alpha * x + beta limited to 0..1.
struct HardSigmoid {
  float alpha;
  float beta;

  template <class V>
  ONNXC_INLINE V operator()(V x) const {
    return limit(mul_add(x, splat<V>(alpha), splat<V>(beta)), 0, 1);
  }
};

// alpha * (exp(x) - 1) below 0, else x.
struct Elu {
  float alpha;

  template <class V>
  ONNXC_INLINE V operator()(V x) const {
    const V grown = splat<V>(alpha) * (exp(smaller(V{}, x)) - splat<V>(1));
    return x < V{} ? grown : x;
  }
};

// x / (1 + |x|).
struct Softsign {
  template <class V>
  ONNXC_INLINE V operator()(V x) const {
    return x / (splat<V>(1) + abs(x));
  }
};

// log(1 + exp(x)), without overflow.
struct Softplus {
  template <class V>
  ONNXC_INLINE V operator()(V x) const {
    return max(x, V{}) + log1p(exp(V(-abs(x))));
  }
};

}  // namespace onnxc

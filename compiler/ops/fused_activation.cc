// Activations by name, with their parameters.
#include "compiler/ops/fused_activation.h"

#include <string>
#include <vector>

namespace onnxc {

std::function<E(E)> fused_activation(const Lowering& x) {
  const std::string name = x.attribute_string("activation", "");
  const std::vector<float> params = x.attribute_floats("activation_params", {});
  const auto parameter = [&](size_t i, const std::string& attribute, double fallback) {
    if (i < params.size()) return static_cast<double>(params[i]);
    return x.has_attribute(attribute) ? static_cast<double>(x.attribute_float(attribute, 0))
                                      : fallback;
  };
  if (name.empty()) return [](E v) { return v; };
  if (name == "Relu") return [](E v) { return max(v, 0.0); };
  if (name == "Tanh") return [](E v) { return tanh(v); };
  if (name == "Sigmoid") return [](E v) { return sigmoid(v); };
  if (name == "LeakyRelu") {
    const double alpha = parameter(0, "activation_alpha", 0.01);
    return [=](E v) { return select(v < 0.0, v * alpha, v); };
  }
  if (name == "Clip") {
    const double low = parameter(0, "activation_min", -3.4028234663852886e38);
    const double high = parameter(1, "activation_max", 3.4028234663852886e38);
    return [=](E v) { return min(max(v, low), high); };
  }
  if (name == "HardSigmoid") {
    const double alpha = parameter(0, "activation_alpha", 0.2);
    const double beta = parameter(1, "activation_beta", 0.5);
    return [=](E v) { return min(max(v * alpha + beta, 0.0), 1.0); };
  }
  throw x.error("activation \"{}\" is not known", name);
}

}  // namespace onnxc

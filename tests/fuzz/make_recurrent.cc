// Recurrent layers.
#include "tests/fuzz/builder.h"

namespace onnxc::fuzz {
namespace {

using enum DType;

bool make_recurrent(Builder& b) {
  struct Layer {
    const char* op_type;
    int64_t gates;
  };
  const Layer layer = b.random().one_of<Layer>({{"LSTM", 4}, {"GRU", 3}, {"RNN", 1}});
  const DType type = b.float_type() == kDouble ? kDouble : kFloat;
  const Operand x = b.some({type}, 3, 3);
  const int64_t length = x.dims()[0], batch = x.dims()[1], in = x.dims()[2];
  const int64_t hidden = b.random().one_of<int64_t>({1, 3, 4, 8, 15, 16, 17, 33});
  if (x.value.size() == 0 || length > 40 || in > 300 || batch > 40) return false;
  const std::string direction = b.random().one_of({"forward", "reverse", "bidirectional"});
  const int64_t directions = direction == "bidirectional" ? 2 : 1;
  const Operand none;
  const auto weight = [&](const Dims& dims) { return b.fresh(type, dims, b.fill(-0.6, 0.6)); };
  std::vector<Operand> inputs = {x, weight({directions, layer.gates * hidden, in}),
                                 weight({directions, layer.gates * hidden, hidden})};
  const bool lstm = layer.gates == 4;
  inputs.push_back(b.random().chance(0.7) ? weight({directions, 2 * layer.gates * hidden}) : none);
  inputs.push_back(b.random().chance(0.3)
                       ? b.fresh(kInt32, {batch}, b.fill(1, static_cast<double>(length)))
                       : none);
  inputs.push_back(b.random().chance(0.4) ? weight({directions, batch, hidden}) : none);
  if (lstm) {
    inputs.push_back(b.random().chance(0.4) ? weight({directions, batch, hidden}) : none);
    inputs.push_back(b.random().chance(0.2) ? weight({directions, 3 * hidden}) : none);
  }
  Attributes attributes = {{"hidden_size", hidden}, {"direction", direction}};
  if (layer.gates == 3) attributes["linear_before_reset"] = b.random().between(0, 1);
  if (b.random().chance(0.2)) attributes["clip"] = 0.75F;
  return b.add(layer.op_type, inputs, attributes, lstm ? 3 : 2);
}

}  // namespace

const std::vector<Maker>& recurrent_makers() {
  static const std::vector<Maker> makers = {{"recurrent layer", 1.5, make_recurrent}};
  return makers;
}

}  // namespace onnxc::fuzz

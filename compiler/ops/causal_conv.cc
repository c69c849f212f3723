// CausalConvWithState: a depthwise convolution over the past, which carries its last inputs along.
#include "compiler/ops/conv.h"
#include "compiler/ops/op.h"

namespace onnxc {
namespace {

// The last `count` positions of the past followed by the input.
Value* last_positions(Lowering& x, Value* past, const Dim& count) {
  Value* input = x.input(0);
  const Shape& shape = input->shape;
  MapBuilder map(x, {shape[0], shape[1], count});
  const Dim n = map.index(0), c = map.index(1);
  const Dim at = map.index(2) + shape[2];  // among both
  E before = constant(compute_type(input->type), 0);
  if (past) before = map.load(past, {n, c, at});
  return map.build(
      select(integer(at) < integer(count), before, map.load(input, {n, c, at - count})),
      input->type, "state");
}

void causal_conv_with_state(Lowering& x) {
  Value *input = x.input(0), *weight = x.input(1);
  const Shape &shape = input->shape, &taps = weight->shape;
  if (shape.size() != 3 || taps.size() != 3 || !shape[1].is_constant()) {
    throw x.error(
        "input {} and weight {}, expected [batch, channels, length] and [channels, 1, "
        "taps]",
        text(shape), text(taps));
  }
  const int64_t kernel = kernel_of(x, taps)[0];
  const Dim history = kernel - 1;
  Value* past = x.has_input(3) ? x.input(3) : nullptr;
  const DType wide = compute_type(input->type);
  Value* image = input;
  if (past) {
    image = x.add(Concat{2}, {past, input}, input->type, {shape[0], shape[1], shape[2] + history},
                  "padded");
  }
  const Window window{{kernel}, {1}, {1}, {past ? Dim(0) : history}, {0}, {shape[2]}};
  ConvBuilder conv(x, x.cast_to(image, wide), x.cast_to(weight, wide), window, shape[1].value());
  E y = conv.sum_with_bias(bias_input(x, 2, taps[0]));
  const std::string activation = x.attribute_string("activation", "none");
  if (activation == "silu" || activation == "swish") {
    y = y * sigmoid(y);
  } else if (activation != "none" && !activation.empty()) {
    throw x.error("activation \"{}\" is neither none nor silu", activation);
  }
  x.output(0, conv.build(y, input->type));
  if (x.wants_output(1)) x.output(1, last_positions(x, past, history));
}

}  // namespace

OPS_TABLE(causal_conv){
    {"CausalConvWithState", 27, "float", causal_conv_with_state},
};
OPS_END(causal_conv)

}  // namespace onnxc

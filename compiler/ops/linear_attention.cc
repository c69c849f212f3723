// LinearAttention: a state that every position decays, writes and reads.
#include <cmath>

#include "compiler/ops/kernel_step.h"
#include "compiler/ops/op.h"

namespace onnxc {
namespace {

Dim per_head(Lowering& x, const Dim& width, int64_t heads, const char* what) {
  if (heads < 1 || !floor_mod(width, Dim(heads)).is(0))
    throw x.error("{} has {} columns, which {} heads do not share", what, width.text(), heads);
  return floor_div(width, heads);
}

Value* float_input(Lowering& x, size_t i) {
  return x.has_input(i) ? x.cast_to(x.input(i), DType::kFloat) : nullptr;
}

struct Rule {
  bool decays, corrects;
};

Rule read_rule(Lowering& x) {
  const std::string name = x.attribute_string("update_rule", "gated_delta");
  if (name == "linear") return {false, false};
  if (name == "gated") return {true, false};
  if (name == "delta") return {false, true};
  if (name == "gated_delta") return {true, true};
  throw x.error(
      "attribute \"update_rule\" is \"{}\", which is none of linear, gated, delta and gated_delta",
      name);
}

void linear_attention(Lowering& x) {
  const Rule rule = read_rule(x);
  const int64_t query_heads = x.attribute_int("q_num_heads", 0);
  const int64_t heads = x.attribute_int("kv_num_heads", 0);
  if (x.rank(0) != 3 || x.rank(1) != 3 || x.rank(2) != 3)
    throw x.error("queries {}, keys {} and values {} must have three axes", text(x.shape(0)),
                  text(x.shape(1)), text(x.shape(2)));
  const Dim batch = x.shape(0)[0], length = x.shape(0)[1];
  const Dim key = per_head(x, x.shape(1)[2], heads, "the keys' input");
  const Dim value = per_head(x, x.shape(2)[2], heads, "the values' input");
  if (heads < 1 || query_heads % heads != 0 || proves_ne(x.shape(0)[2], key * query_heads))
    throw x.error("queries {} and keys {} do not fit {} and {} heads", text(x.shape(0)),
                  text(x.shape(1)), query_heads, heads);
  double scale = x.attribute_float("scale", 0);
  if (scale == 0) {
    if (!key.is_constant())
      throw x.error("the scale is not given and the size of a head not fixed");
    scale = 1 / std::sqrt(static_cast<double>(key.value()));
  }
  const bool decays = rule.decays && x.has_input(4), betas = rule.corrects && x.has_input(5);
  Value* past = float_input(x, 3);
  const auto results =
      KernelStep(x, "linear_attention", "templates/cpu/linear_attention.h", {})
          .code("fixed<kWidth>")
          .input(float_input(x, 0))
          .input(float_input(x, 1))
          .input(float_input(x, 2))
          .input(past)
          .input(decays ? float_input(x, 4) : nullptr)
          .input(betas ? float_input(x, 5) : nullptr)
          .temporary("read", DType::kFloat, {batch, length, value * query_heads})
          .temporary("state", DType::kFloat, {batch, heads, key, value})
          .scratch(value * 4)
          .size(batch)
          .size(length)
          .size(query_heads)
          .size(heads)
          .size(key)
          .size(value)
          .size(decays ? per_head(x, x.shape(4)[2], heads, "the decay's input") : Dim(0))
          .size(betas ? x.shape(5)[2] : Dim(0))
          .size(rule.corrects ? 1 : 0)
          .code(fmt::format("{:.17g}", scale))
          .build();
  x.output(0, x.cast_to(results[0], x.type(0)));
  if (x.wants_output(1)) x.output(1, x.cast_to(results[1], past ? x.type(3) : x.type(0)));
}

}  // namespace

OPS_TABLE(linear_attention){
    {"LinearAttention", 27, "float", linear_attention},
};
OPS_END(linear_attention)

}  // namespace onnxc

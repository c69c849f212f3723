// Conversions between element types.
#include <limits>

#include "compiler/ops/kernel_step.h"
#include "compiler/ops/op.h"
#include "compiler/ops/quantized.h"
#include "compiler/ops/strings.h"

namespace onnxc {
namespace {

// Opset 1 spelled the target type out, e.g. "FLOAT16".
DType named_type(Lowering& x, const std::string& text) {
  std::string lower = text;
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  for (int number = 1; number <= 13; ++number) {
    const auto type = dtype_of(number);
    if (type && name(*type) == lower) return *type;
  }
  throw x.error("attribute \"to\" is \"{}\", which is no element type", text);
}

DType target_type(Lowering& x) {
  if (x.opset() < 6) return named_type(x, x.attribute_string("to", ""));
  const int64_t number = x.attribute_int("to", 0);
  const auto type = dtype_of(static_cast<int>(number));
  if (!type || *type == DType::kUndefined)
    throw x.error("attribute \"to\" is {}, which is no element type", number);
  return *type;
}

// Scales v so that rounding to the nearest power of two, the larger one from 1.5 on, rounds it up
// or down.
E scaled_for_rounding(Lowering& x, E v) {
  const std::string mode = x.attribute_string("round_mode", "up");
  if (mode == "up") return v * 0x1.7ffffep0;
  if (mode == "down") return v * 0.75;
  if (mode == "nearest") return v;
  throw x.error("attribute \"round_mode\" is \"{}\", which is none of up, down and nearest", mode);
}

// Beyond the largest power of two, 2^127: that power, or NaN without saturation.
E to_power_of_two(Lowering& x, E v) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  v = cast(DType::kFloat, v);
  const E scaled = scaled_for_rounding(x, v);
  if (x.attribute_int("saturate", 1) == 0) return select(scaled >= 0x1.8p127, nan, scaled);
  return select(call(ScalarOp::kIsInf, {v}), nan, min(scaled, 0x1p127));
}

void convert(Lowering& x, DType to) {
  const DType from = x.type(0);
  if (from == to) {
    x.output(0, x.input(0));
    return;
  }
  if (from == DType::kString || to == DType::kString) return cast_strings(x, to);
  MapBuilder map(x, x.shape(0));
  E v = map.load(x.input(0));
  if (to == DType::kFloat8E8M0) {
    v = to_power_of_two(x, v);
  } else if (is_float(to) && byte_size(to) == 1) {
    v = x.attribute_int("saturate", 1) != 0 ? saturated(v, to) : unsaturated(v, to);
  }
  x.output(0, map.build(v, to));
}

void cast(Lowering& x) { convert(x, target_type(x)); }
void cast_like(Lowering& x) { convert(x, x.type(1)); }

// The same bits as another type of the same width.
void bit_cast(Lowering& x) {
  const DType to = target_type(x);
  if (byte_size(to) != byte_size(x.type(0)) || file_bits(to) != file_bits(x.type(0)))
    throw x.error("{} and {} differ in width", name(x.type(0)), name(to));
  const Dim bytes = product(x.shape(0)) * static_cast<int64_t>(byte_size(to));
  KernelStep(x, "copy_rows", "templates/common/copy_rows.h", {})
      .output(0, to, x.shape(0))
      .size(0)
      .size(bytes)
      .input(x.input(0))
      .size(bytes)
      .size(1)
      .build();
}

}  // namespace

OPS_TABLE(cast){
    {"BitCast", 26, "numbers, bool", bit_cast},
    {"Cast", 1, "any", cast},
    {"CastLike", 15, "any", cast_like},
};
OPS_END(cast)

}  // namespace onnxc

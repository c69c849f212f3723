// Conversions between element types.
#include <cmath>
#include <limits>

#include "compiler/ops/kernel_step.h"
#include "compiler/ops/op.h"

namespace onnxc {
namespace {

// The magnitude from which on a value rounds beyond the largest finite one, where the type has a
// NaN to say so.
std::optional<double> overflow_threshold(DType type) {
  switch (type) {
    case DType::kFloat8E4M3FN:
      return std::nextafter(464.0F, 1000.0F);
    case DType::kFloat8E4M3FNUZ:
      return 248;
    case DType::kFloat8E5M2FNUZ:
      return 61440;
    default:
      return std::nullopt;
  }
}

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

void convert(Lowering& x, DType to) {
  const DType from = x.type(0);
  if (from == to) {
    x.output(0, x.input(0));
    return;
  }
  if (from == DType::kString || to == DType::kString)
    throw x.error("strings are not converted: from {} to {}", name(from), name(to));
  MapBuilder map(x, x.shape(0));
  E v = map.load(x.input(0));
  if (x.attribute_int("saturate", 1) == 0) {
    if (to == DType::kFloat8E5M2)
      throw x.error("attribute \"saturate\" must be 1 for {}", name(to));
    if (const auto threshold = overflow_threshold(to)) {
      v = cast(DType::kFloat, v);
      v = select(abs(v) >= *threshold, std::numeric_limits<double>::quiet_NaN(), v);
    }
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
    {"Cast", 1, "numbers, bool", cast},
    {"CastLike", 15, "numbers, bool", cast_like},
};
OPS_END(cast)

}  // namespace onnxc

// What quantised operators share: zero points, multipliers, rounding and saturation.
#pragma once

#include <functional>
#include <vector>

#include "compiler/ops/lowering.h"

namespace onnxc {

// `value` rounded as `type` stores it: halves to even and limited for integers, ONNX's
// saturating conversion for narrow floats.
E saturated(E value, DType type);
// `value` as a narrow float; what does not fit becomes infinite, or NaN where the type has no
// infinity.
E unsaturated(E value, DType type);
// round(value) + zero_point, limited to `type`; both float.
E quantized(E value, E zero_point, DType type);

// `value` less its zero point as int32; `zero_at` gives the zero point's index, null: no zero
// point.
Value* less_zero_point(Lowering& x, Value* value, Value* zero_point,
                       const std::function<std::vector<Dim>(const MapBuilder&)>& zero_at,
                       const std::string& part);

// A float tensor as uint8, the range of its elements and 0 being 0..255; scale and zero point are
// scalars.
struct Dynamic {
  Value *value, *scale, *zero_point;
};
Dynamic quantized_dynamically(Lowering& x, Value* input);

// Index of an operand that is a scalar, or has one entry for each position on `axis` of the map.
std::vector<Dim> scalar_or_along(const Value* operand, const Dim& at_axis);

// a * b / c of scales, each scalar or with one entry an output channel: computed in double and
// rounded to float once. A scalar [1] or a vector.
Value* multiplier(Lowering& x, Value* a, Value* b, Value* c);

// The element of a multiplier for output channel `channel`.
E multiplier_at(MapBuilder& map, Value* multiplier, const Dim& channel);

}  // namespace onnxc

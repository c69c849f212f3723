// Rounding a double once to a narrow floating-point type; see tensor.h for the float forms.
#pragma once

#include <cstdint>

#include "compiler/ir/dtype.h"

namespace onnxc {

// As encode_narrow, without the intermediate rounding to float.
uint32_t encode_narrow_double(DType type, double value);

}  // namespace onnxc

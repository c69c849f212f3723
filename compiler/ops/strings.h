// What operators that make strings share: room for their bytes.
#pragma once

#include "compiler/ops/kernel_step.h"

namespace onnxc {

// Bytes of workspace kept for each string that an operator makes, on average over its result.
constexpr int64_t kStringRoom = 256;

// Adds a result of bytes to a step whose strings point into it; it lives until the program ends.
// Steps that make strings return a negative number where their room is too small.
KernelStep& string_bytes(KernelStep& step, const Dim& bytes);

// Conversion of input 0 to and from strings.
void cast_strings(Lowering& x, DType to);

}  // namespace onnxc

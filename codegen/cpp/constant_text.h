// Constants as text of the source: typed arrays for flash, or the whole blob as one literal.
#pragma once

#include <string>

#include "compiler/plan/program.h"

namespace onnxc {

// `alignas(64) const float k_NAME[] = {...};`
std::string constant_array(const Value& value, const std::string& name);
// `alignas(64) const char kBlob[] = "...";` with the bytes of the weights blob.
std::string blob_literal(const Program& program, const std::string& model_sha256);

// The most bytes of weights that are written as typed arrays.
inline constexpr int64_t kLargestSourceBytes = int64_t{64} << 20;

}  // namespace onnxc

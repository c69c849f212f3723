// Copies of a tensor's elements along strides: transposes, slices, broadcasts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace onnxc {

// to[i] = from[base + sum of strides[k] * index k], for all points i of `extents` in row-major
// order; elements of `element_bytes` = 1, 2, 4 or 8. Everything read must lie in `from`.
void strided_copy(std::byte* to, const std::byte* from, size_t element_bytes, int64_t base,
                  const std::vector<int64_t>& extents, const std::vector<int64_t>& strides);

}  // namespace onnxc

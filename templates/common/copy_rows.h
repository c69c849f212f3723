// Copying rows of bytes between tensors whose rows have different lengths.
#pragma once

#include <stdint.h>
#include <string.h>

namespace onnxc {

// Copies `rows` rows of `bytes` bytes each from `from`, where they are dense, to `to` + `offset`,
// where a row starts every `stride` bytes.
[[maybe_unused]] inline void copy_rows(void* to, int64_t offset, int64_t stride, const void* from,
                                       int64_t bytes, int64_t rows) {
  unsigned char* target = static_cast<unsigned char*>(to) + offset;
  const unsigned char* source = static_cast<const unsigned char*>(from);
  for (int64_t i = 0; i < rows; ++i) memcpy(target + i * stride, source + i * bytes, size_t(bytes));
}

}  // namespace onnxc

// What a generated function checks before it computes.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

namespace onnxc {

// Whether `count` shapes, each of its rank, equal the sizes that stand one after another in
// `expected`. No shapes at all match when all sizes are fixed, which the caller has made sure of.
[[maybe_unused]] inline bool shapes_match(const int64_t* const* shapes, int count, const int* ranks,
                                          const int64_t* expected) {
  if (!shapes) return true;
  for (int i = 0; i < count; ++i) {
    if (ranks[i] > 0 && !shapes[i]) return false;
    for (int k = 0; k < ranks[i]; ++k) {
      if (shapes[i][k] != *expected++) return false;
    }
  }
  return true;
}

[[maybe_unused]] inline bool bytes_equal(const void* a, const void* b, size_t size) {
  const unsigned char* x = static_cast<const unsigned char*>(a);
  const unsigned char* y = static_cast<const unsigned char*>(b);
  for (size_t i = 0; i < size; ++i) {
    if (x[i] != y[i]) return false;
  }
  return true;
}

// Compares a weights blob's header with what the code was generated for: 0, or error code 1 (no
// blob), 2 (cut short) or 3 (of another model or layout).
[[maybe_unused]] inline int check_weights(const void* blob, size_t size, uint64_t expected_size,
                                          const unsigned char* model, uint64_t layout) {
  if (!blob) return 6;
  if (size < 64 || !bytes_equal(blob, "ONNXCW01", 8)) return 1;
  const unsigned char* header = static_cast<const unsigned char*>(blob);
  uint64_t stated_size, stated_layout;
  memcpy(&stated_size, header + 8, 8);
  memcpy(&stated_layout, header + 56, 8);
  if (!bytes_equal(header + 16, model, 32) || stated_layout != layout) return 3;
  if (stated_size != expected_size || size < expected_size) return 2;
  return 0;
}

}  // namespace onnxc

// Conversion between numbers: every scalar type to every other, float and int32 vectors to each
// other.
#pragma once

#include "templates/cpu/math_basic.h"

namespace onnxc {
namespace math {

// Towards zero; the least int64 where x does not fit or is NaN.
template <class T>
ONNXC_INLINE int64_t float_to_int64(T x) {
  return x >= T(-0x1p63) && x < T(0x1p63) ? int64_t(x) : -0x7fffffffffffffff - 1;
}

}  // namespace math

// x as a To. Floats go to integers towards zero, then keep the low bits (so -1.0 is 255 as uint8),
// whatever they were if out of int64's range; numbers are true as bool unless 0.
template <class To, class V>
ONNXC_INLINE auto convert(V x) {
  using From = Element<V>;
  if constexpr (kLaneCount < V >> 1) {
    using Result = Vec<To, kLaneCount<V>>;
    if constexpr (kSame<To, From>) {
      return x;
    } else {
      return __builtin_convertvector(x, Result);
    }
  } else if constexpr (kSame<To, bool>) {
    return x != From(0);
  } else if constexpr (kIsFloat<From> && !kIsFloat<To>) {
    if constexpr (kSame<To, uint64_t>) {
      if (x >= From(0x1p63) && x < From(0x1p64)) return uint64_t(x);
    }
    if constexpr (kSame<To, int32_t>) {
      return x >= From(-0x1p31) && x < From(0x1p31) ? int32_t(x) : -0x7fffffff - 1;
    } else {
      return To(math::float_to_int64(x));
    }
  } else {
    return To(x);
  }
}

}  // namespace onnxc

// The least and greatest value of a type: where a maximum or minimum starts.
#pragma once

#include <stdint.h>

namespace onnxc {

// Minus infinity for floats.
template <class T>
constexpr T lowest() {
  if constexpr (T(0.5) != T(0) && T(2) != T(1)) {
    return T(-__builtin_inff());
  } else if constexpr (T(-1) > T(0)) {
    return T(0);
  } else {
    return T(uint64_t(1) << (8 * sizeof(T) - 1));
  }
}

// Plus infinity for floats.
template <class T>
constexpr T highest() {
  if constexpr (T(0.5) != T(0) && T(2) != T(1)) {
    return T(__builtin_inff());
  } else if constexpr (T(-1) > T(0)) {
    return T(-1);
  } else {
    return T((uint64_t(1) << (8 * sizeof(T) - 1)) - 1);
  }
}

}  // namespace onnxc

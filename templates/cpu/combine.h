// How a value joins the one that is already there: the reductions of scatters and running sums.
// Integers wrap.
#pragma once

#include "templates/common/narrow_float.h"
#include "templates/cpu/math_integer.h"

namespace onnxc {

// combine(old, fresh) for any element type; 16-bit floats are combined as floats and rounded.
template <class T, class F>
ONNXC_INLINE T combine_with(T old, T fresh, const F& f) {
  if constexpr (kSame<T, Float16> || kSame<T, BFloat16>) {
    return from_float<T>(f(to_float(old), to_float(fresh)));
  } else {
    return f(old, fresh);
  }
}

struct Overwrite {
  template <class T>
  ONNXC_INLINE T operator()(T, T fresh) const {
    return fresh;
  }
};

struct Sum {
  template <class T>
  ONNXC_INLINE T operator()(T old, T fresh) const {
    if constexpr (kSame<T, bool>) {
      return old || fresh;
    } else {
      return add(old, fresh);
    }
  }
};

struct Product {
  template <class T>
  ONNXC_INLINE T operator()(T old, T fresh) const {
    if constexpr (kSame<T, bool>) {
      return old && fresh;
    } else {
      return mul(old, fresh);
    }
  }
};

struct Minimum {
  template <class T>
  ONNXC_INLINE T operator()(T old, T fresh) const {
    return min(old, fresh);
  }
};

struct Maximum {
  template <class T>
  ONNXC_INLINE T operator()(T old, T fresh) const {
    return max(old, fresh);
  }
};

}  // namespace onnxc

// Inverse trigonometric functions in double precision, free of branches: scalars, or vectors for
// the floats' own use.
#pragma once

#include "templates/cpu/math_sqrt.h"

namespace onnxc {
namespace math {

// asin of size in 0..1 in two parts: asin(size) = near_one ? pi/2 - 2 * root : root.
template <class V>
struct ArcParts {
  Mask<V> near_one;
  V root;
};

template <class V>
ONNXC_INLINE ArcParts<V> arc_parts(V size) {
  const V half = splat<V>(0.5);
  const Mask<V> near_one = size > half;
  const V z = near_one ? V((splat<V>(1.0) - size) * half) : V(size * size);
  const V s = near_one ? sqrt(z) : size;
  const V tail = polynomial(z, 0x1.5555555555578p-3, 0x1.333333332df17p-4, 0x1.6db6db722b567p-5,
                            0x1.f1c71a8ba1ce8p-6, 0x1.6e8bdfe60ebddp-6, 0x1.1c49de0ac7b2bp-6,
                            0x1.ca2143731391bp-7, 0x1.757793ff8fe92p-7, 0x1.618a93e002d09p-7,
                            0x1.e15d93eb5fc80p-9, 0x1.65014932baeb7p-6, -0x1.59f5792ea0c39p-6,
                            0x1.0be411454c888p-5);
  return {near_one, mul_add(V(s * z), tail, s)};
}

template <class V>
ONNXC_INLINE V asin_double(V x) {
  const ArcParts<V> parts = arc_parts(abs(x));
  const V twice = parts.root + parts.root;
  const V folded = splat<V>(0x1.921fb54442d18p+0) - (twice - splat<V>(0x1.1a62633145c07p-54));
  return copy_sign(parts.near_one ? folded : parts.root, x);
}

template <class V>
ONNXC_INLINE V acos_double(V x) {
  const ArcParts<V> parts = arc_parts(abs(x));
  const V twice = parts.root + parts.root;
  const V beyond = splat<V>(0x1.921fb54442d18p+1) - (twice - splat<V>(0x1.1a62633145c07p-53));
  const V middle =
      splat<V>(0x1.921fb54442d18p+0) - (copy_sign(parts.root, x) - splat<V>(0x1.1a62633145c07p-54));
  const V outer = x < V{} ? beyond : twice;
  return parts.near_one ? outer : middle;
}

template <class V>
ONNXC_INLINE V atan_double(V x) {
  const V size = abs(x), one = splat<V>(1.0);
  const Mask<V> middle = size > splat<V>(0x1.a827999fcef32p-2);
  const Mask<V> large = size > splat<V>(0x1.3504f333f9de6p+1);
  const V above = middle ? V(size - one) : size;
  const V below = middle ? V(size + one) : one;
  const V t = (large ? V(-one) : above) / (large ? size : below);
  const V near_base = middle ? splat<V>(0x1.921fb54442d18p-1) : V{};
  const V near_rest = middle ? splat<V>(0x1.1a62633145c07p-55) : V{};
  const V base = large ? splat<V>(0x1.921fb54442d18p+0) : near_base;
  const V rest = large ? splat<V>(0x1.1a62633145c07p-54) : near_rest;
  const V z = t * t;
  const V tail = polynomial(z, -0x1.5555555555554p-2, 0x1.9999999999583p-3, -0x1.249249246f495p-3,
                            0x1.c71c71b44dfe5p-4, -0x1.745d144e5d890p-4, 0x1.3b1364bd8d972p-4,
                            -0x1.110be83431132p-4, 0x1.e167763cadbffp-5, -0x1.ab3a1c1065887p-5,
                            0x1.6fdd2154afc61p-5, -0x1.0fc2a1a15f0f2p-5, 0x1.e7ff6f4f2ec37p-7);
  return copy_sign(V(base + (t + mul_add(V(t * z), tail, rest))), x);
}

}  // namespace math
}  // namespace onnxc

// Reduction of angles to a quarter turn, and sine, cosine, tangent.
#pragma once

#include "templates/cpu/math_basic.h"
#include "templates/cpu/math_wide.h"

namespace onnxc {
namespace math {

// x = quadrant * pi/2 + high + low, |high| below pi/4; only the quadrant's lowest two bits count.
template <class V>
struct Angle {
  V high;
  V low;
  IntLike<V> quadrant;
};

[[maybe_unused]] constexpr double kQuickAngle = 0x1p20;

// 2/pi in words of 32 bits, the first just below the point.
[[maybe_unused]] constexpr uint32_t kTwoOverPi[40] = {
    0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab, 0xdebbc561,
    0xb7246e3a, 0x424dd2e0, 0x06492eea, 0x09d1921c, 0xfe1deb1c, 0xb129a73e, 0xe88235f5, 0x2ebb4484,
    0xe99c7026, 0xb45f7e41, 0x3991d639, 0x835339f4, 0x9c845f8b, 0xbdf9283b, 0x1ff897ff, 0xde05980f,
    0xef2f118b, 0x5a0a6d1f, 0x6d367ecf, 0x27cb09b7, 0x4f463f66, 0x9e5fea2d, 0x7527bac7, 0xebe5f17b,
    0x3d0739f7, 0x8a5292ea, 0x6bfb5fb1, 0x1f8d5d08, 0x56033046, 0xfc7b6bab, 0xf0cfbc20, 0x9af4361d};

// 32 bits of a product of kAngleWords + 2 words, from that bit up.
[[maybe_unused]] constexpr int kAngleWords = 7;
ONNXC_INLINE uint32_t angle_word(const uint32_t* product, int bit) {
  const int index = bit >> 5, shift = bit & 31;
  const uint64_t above = index + 1 < kAngleWords + 2 ? product[index + 1] : 0;
  return uint32_t((above << 32 | product[index]) >> shift);
}

// The angle of any finite |x| >= 2^20: the few words of x * 2/pi that matter (the method of Payne
// and Hanek).
ONNXC_NOINLINE Angle<double> reduce_huge_angle(double x) {
  const uint64_t bits = bits_as<uint64_t>(x);
  const int exponent = int(bits >> 52 & 2047) - 1075;
  if (exponent == 2047 - 1075) return {x - x, 0, 0};
  const uint64_t mantissa = (bits & 0xfffffffffffffu) | 0x10000000000000u;
  constexpr int kWords = kAngleWords;
  const int first = exponent >= 2 ? (exponent - 2) / 32 : 0;
  uint32_t product[kWords + 2];
  uint64_t carry_low = 0, carry_high = 0;
  const uint64_t low = mantissa & 0xffffffffu, high = mantissa >> 32;
  uint64_t before = 0;
  for (int i = 0; i < kWords; ++i) {
    const uint64_t word = kTwoOverPi[first + kWords - 1 - i];
    carry_low += word * low;
    carry_high += before * high;
    const uint64_t sum = (carry_low & 0xffffffffu) + (carry_high & 0xffffffffu);
    product[i] = uint32_t(sum);
    carry_low = (carry_low >> 32) + (sum >> 32);
    carry_high >>= 32;
    before = word;
  }
  carry_high += before * high + carry_low;
  product[kWords] = uint32_t(carry_high);
  product[kWords + 1] = uint32_t(carry_high >> 32);

  const int point = 32 * (first + kWords) - exponent;
  int quadrant = int(angle_word(product, point) & 3);
  const bool round_up = (angle_word(product, point - 32) >> 31) != 0;
  double sum = 0, rest = 0, unit = 0x1p-32;
  for (int i = 1; i <= 5; ++i, unit *= 0x1p-32) {
    const uint32_t word = angle_word(product, point - 32 * i);
    const double term = double(round_up ? ~word : word) * unit;
    const double total = sum + term;
    rest += (sum - total) + term;
    sum = total;
  }
  quadrant += round_up ? 1 : 0;
  const double sign = (round_up ? -1.0 : 1.0) * (x < 0 ? -1.0 : 1.0);
  const Pair<double> turn = two_sum(sum, rest);
  Pair<double> angle = two_product(turn.high, 0x1.921fb54442d18p+0);
  angle.low += turn.high * 0x1.1a62633145c07p-54 + turn.low * 0x1.921fb54442d18p+0;
  angle = two_sum(angle.high, angle.low);
  return {sign * angle.high, sign * angle.low, x < 0 ? -quadrant : quadrant};
}

template <class V>
ONNXC_INLINE Angle<V> reduce_angle(V x) {
  const V magic = splat<V>(0x1.8p52);
  const V turned = mul_add(x, splat<V>(0x1.45f306dc9c883p-1), magic);
  const V count = turned - magic;
  const V first = mul_add(count, splat<V>(-0x1.921fb544p+0), x);
  const V second = count * splat<V>(-0x1.0b4611a6p-34);
  const V third = count * splat<V>(-0x1.3198a2ep-69);
  const V fourth = count * splat<V>(-0x1.b839a252049c1p-104);
  const Pair<V> a = two_sum(first, second);
  const Pair<V> b = two_sum(a.high, third);
  const Pair<V> c = two_sum(b.high, V((a.low + b.low) + fourth));
  Angle<V> angle = {c.high, c.low, bits_as<IntLike<V>>(turned)};
  const Mask<V> huge = not_(abs(x) < splat<V>(kQuickAngle));
  if (__builtin_expect(any(huge), 0)) {
    if constexpr (kLaneCount<V> == 1) {
      angle = reduce_huge_angle(x);
    } else {
      for (int lane = 0; lane < kLaneCount<V>; ++lane) {
        if (!huge[lane]) continue;
        const Angle<double> one = reduce_huge_angle(x[lane]);
        angle.high[lane] = one.high;
        angle.low[lane] = one.low;
        angle.quadrant[lane] = one.quadrant;
      }
    }
  }
  return angle;
}

template <class V>
ONNXC_INLINE V sin_kernel_double(V high, V low) {
  const V z = high * high;
  const V tail = polynomial(z, -0x1.5555555555548p-3, 0x1.111111110f730p-7, -0x1.a01a019be9217p-13,
                            0x1.71de35552b553p-19, -0x1.ae5e4b83e88d1p-26, 0x1.5d8b5596396a3p-33);
  const V shift = mul_add(V(low * z), splat<V>(-0.5), low);
  return high + mul_add(V(high * z), tail, shift);
}

template <class V>
ONNXC_INLINE V cos_kernel_double(V high, V low) {
  const V z = high * high, one = splat<V>(1.0), half = splat<V>(0.5) * z;
  const V tail = polynomial(z, 0x1.555555555554bp-5, -0x1.6c16c16c15013p-10, 0x1.a01a019c8ed07p-16,
                            -0x1.27e4f7f1410f7p-22, 0x1.1ee9db8e3250dp-29, -0x1.8fa65e944a67dp-37);
  const V near = one - half;
  return near + (((one - near) - half) + (mul_add(V(z * z), tail, V(-(high * low)))));
}

// Lanes where the bit of the quadrant is set.
template <class V>
ONNXC_INLINE Mask<V> has_bit(IntLike<V> quadrant, int bit) {
  using I = IntLike<V>;
  return I(quadrant & splat<I>(bit)) != I{};
}

// sin(x + turns * pi/2).
template <class V>
ONNXC_INLINE V sin_turned_double(V x, int turns) {
  using I = IntLike<V>;
  const Angle<V> angle = reduce_angle(x);
  const I quadrant = angle.quadrant + splat<I>(turns);
  const V sine = sin_kernel_double(angle.high, angle.low);
  const V cosine = cos_kernel_double(angle.high, angle.low);
  const V size = has_bit<V>(quadrant, 1) ? cosine : sine;
  return has_bit<V>(quadrant, 2) ? V(-size) : size;
}

template <class V>
ONNXC_INLINE V tan_double(V x) {
  const Angle<V> angle = reduce_angle(x);
  const V sine = sin_kernel_double(angle.high, angle.low);
  const V cosine = cos_kernel_double(angle.high, angle.low);
  const Mask<V> odd = has_bit<V>(angle.quadrant, 1);
  const V result = (odd ? V(-cosine) : sine) / (odd ? sine : cosine);
  return x == V{} ? x : result;
}

// The reduced angle as it suits floats, whose double has room to spare.
template <class V>
ONNXC_INLINE Angle<V> reduce_angle_of_float(V x) {
  const V magic = splat<V>(0x1.8p52);
  const V turned = mul_add(x, splat<V>(0x1.45f306dc9c883p-1), magic);
  const V count = turned - magic;
  const V first = mul_add(count, splat<V>(-0x1.921fb544p+0), x);
  const V high = mul_add(count, splat<V>(-0x1.0b4611a626331p-34), first);
  Angle<V> angle = {high, V{}, bits_as<IntLike<V>>(turned)};
  const Mask<V> huge = not_(abs(x) < splat<V>(kQuickAngle));
  if (__builtin_expect(any(huge), 0)) angle = reduce_angle(x);
  return angle;
}

// sin(x + turns * pi/2) for floats: the angle is reduced in double, the rest is float.
template <class V>
ONNXC_INLINE V sin_turned_float(V x, int turns) {
  using I = IntLike<V>;
  V r;
  I quadrant;
  if constexpr (kLaneCount<V> == 1) {
    const Angle<double> angle = reduce_angle_of_float(double(x));
    r = float(angle.high);
    quadrant = I(angle.quadrant);
  } else {
    const auto low = reduce_angle_of_float(widen_low(x));
    const auto high = reduce_angle_of_float(widen_high(x));
    r = narrow<V>(low.high, high.high);
    quadrant = narrow<I>(low.quadrant, high.quadrant);
  }
  quadrant += splat<I>(turns);
  const V z = r * r;
  const V sine_tail =
      polynomial(z, -0x1.555556p-3f, 0x1.111174p-7f, -0x1.a05954p-13f, 0x1.7c2c4ep-19f);
  const V sine = mul_add(V(r * z), sine_tail, r);
  const V cosine_tail = polynomial(z, -0.5f, 0x1.55554ap-5f, -0x1.6c0c28p-10f, 0x1.99e80cp-16f);
  const V cosine = mul_add(z, cosine_tail, splat<V>(1.0f));
  const V size = has_bit<V>(quadrant, 1) ? cosine : sine;
  return has_bit<V>(quadrant, 2) ? V(-size) : size;
}

}  // namespace math
}  // namespace onnxc

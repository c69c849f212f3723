// Floating-point types of 16 bits and fewer: their bit patterns to and from wider types.
#include "compiler/ir/narrow_float.h"

#include <bit>
#include <cmath>
#include <limits>

#include "compiler/ir/tensor.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

struct Format {
  int mantissa_bits;
  int bias;
  uint32_t largest;   // pattern of the largest finite value
  uint32_t overflow;  // pattern that larger values become; infinity too where the type has none
  uint32_t infinity;  // 0: the type has none
  uint32_t nan;       // pattern written for NaN
  uint32_t sign;
  bool has_negative_zero;
};

constexpr Format kFloat16{10, 15, 0x7bff, 0x7c00, 0x7c00, 0x7e00, 0x8000, true};
constexpr Format kBfloat16{7, 127, 0x7f7f, 0x7f80, 0x7f80, 0x7fc0, 0x8000, true};
constexpr Format kE4M3FN{3, 7, 0x7e, 0x7e, 0, 0x7f, 0x80, true};
constexpr Format kE4M3FNUZ{3, 8, 0x7f, 0x7f, 0, 0x80, 0x80, false};
constexpr Format kE5M2{2, 15, 0x7b, 0x7b, 0x7c, 0x7f, 0x80, true};
constexpr Format kE5M2FNUZ{2, 16, 0x7f, 0x7f, 0, 0x80, 0x80, false};
constexpr Format kE2M1{1, 1, 0x7, 0x7, 0, 0x8, 0x8, true};

const Format& format_of(DType type) {
  switch (type) {
    case DType::kFloat16:
      return kFloat16;
    case DType::kBfloat16:
      return kBfloat16;
    case DType::kFloat8E4M3FN:
      return kE4M3FN;
    case DType::kFloat8E4M3FNUZ:
      return kE4M3FNUZ;
    case DType::kFloat8E5M2:
      return kE5M2;
    case DType::kFloat8E5M2FNUZ:
      return kE5M2FNUZ;
    case DType::kFloat4E2M1:
      return kE2M1;
    default:
      break;
  }
  throw InternalError(__FILE__, __LINE__, fmt::format("{} is not a narrow float", name(type)));
}

// Powers of two only: 2^(bits - 127), 255 is NaN.
float decode_e8m0(uint32_t bits) {
  if ((bits & 0xff) == 0xff) return std::numeric_limits<float>::quiet_NaN();
  return std::ldexp(1.0f, static_cast<int>(bits & 0xff) - 127);
}

uint32_t encode_e8m0(double value) {
  if (std::isnan(value) || std::isinf(value) || value < 0) return 0xff;
  if (value == 0) return 0;
  int exponent = 0;
  const double mantissa = 2 * std::frexp(value, &exponent);
  const int bits = exponent - 1 + 127 + (mantissa >= 1.5 ? 1 : 0);
  return static_cast<uint32_t>(bits < 0 ? 0 : bits > 0xfe ? 0xfe : bits);
}

float decode(const Format& format, uint32_t bits) {
  const uint32_t magnitude = bits & (format.sign - 1);
  const bool negative = (bits & format.sign) != 0;
  const bool is_nan = format.has_negative_zero
                          ? magnitude > (format.infinity ? format.infinity : format.largest)
                          : bits == format.nan;
  if (is_nan) return std::numeric_limits<float>::quiet_NaN();
  if (format.infinity && magnitude == format.infinity) {
    return negative ? -std::numeric_limits<float>::infinity()
                    : std::numeric_limits<float>::infinity();
  }
  const uint32_t fraction = magnitude & ((1u << format.mantissa_bits) - 1);
  const int exponent = static_cast<int>(magnitude >> format.mantissa_bits);
  const float value =
      exponent == 0
          ? std::ldexp(static_cast<float>(fraction), 1 - format.bias - format.mantissa_bits)
          : std::ldexp(static_cast<float>(fraction + (1u << format.mantissa_bits)),
                       exponent - format.bias - format.mantissa_bits);
  return negative ? -value : value;
}

uint32_t encode(const Format& format, double value) {
  if (std::isnan(value)) return format.nan;
  const uint32_t sign = std::signbit(value) ? format.sign : 0;
  const double size = std::fabs(value);
  if (std::isinf(size)) return sign | (format.infinity ? format.infinity : format.overflow);
  if (size == 0) return format.has_negative_zero ? sign : 0;
  const int exponent = std::max(std::ilogb(size), 1 - format.bias);
  const double scaled = std::nearbyint(std::ldexp(size, format.mantissa_bits - exponent));
  const int64_t steps = static_cast<int64_t>(exponent + format.bias - 1);
  const int64_t magnitude = (steps << format.mantissa_bits) + static_cast<int64_t>(scaled);
  if (magnitude == 0) return format.has_negative_zero ? sign : 0;
  if (magnitude > format.largest) return sign | format.overflow;
  return sign | static_cast<uint32_t>(magnitude);
}

}  // namespace

float decode_narrow(DType type, uint32_t bits) {
  if (type == DType::kBfloat16) return std::bit_cast<float>(bits << 16);
  if (type == DType::kFloat8E8M0) return decode_e8m0(bits);
  return decode(format_of(type), bits);
}

uint32_t encode_narrow_double(DType type, double value) {
  if (type == DType::kFloat8E8M0) return encode_e8m0(value);
  return encode(format_of(type), value);
}

uint32_t encode_narrow(DType type, float value) { return encode_narrow_double(type, value); }

}  // namespace onnxc

// Narrow floating-point storage to and from float lanes, fast for the common types.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <type_traits>

#include "compiler/ir/dtype.h"
#include "compiler/ir/tensor.h"

namespace onnxc {

inline bool is_narrow(DType type) {
  return is_float(type) && type != DType::kFloat && type != DType::kDouble;
}

template <DType kNarrow>
struct Narrow {
  static constexpr DType kType = kNarrow;
  static constexpr bool kTwoBytes = kType == DType::kFloat16 || kType == DType::kBfloat16;
  using Stored = std::conditional_t<kTwoBytes, uint16_t, uint8_t>;
  using Lane = float;

  static float lane(Stored bits) {
    if constexpr (kType == DType::kBfloat16) {
      return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
    } else {
      static const auto table = [] {
        std::array<float, size_t{1} << (8 * sizeof(Stored))> values;
        for (size_t i = 0; i < values.size(); ++i)
          values[i] = decode_narrow(kType, static_cast<uint32_t>(i));
        return values;
      }();
      return table[bits];
    }
  }

  static Stored stored(float x) {
    const auto bits = std::bit_cast<uint32_t>(x);
    const uint32_t size = bits & 0x7fffffff, sign = (bits >> 16) & 0x8000;
    if constexpr (kType == DType::kBfloat16) {
      if (size > 0x7f800000) return 0x7fc0;
      return static_cast<Stored>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    } else if constexpr (kType == DType::kFloat16) {
      if (size > 0x7f800000) return 0x7e00;
      if (size >= 0x47800000) return static_cast<Stored>(sign | 0x7c00);
      if (size < 0x38800000) {  // subnormal: the addition rounds to multiples of 2^-24
        const float shifted = std::bit_cast<float>(size) + 0.5f;
        return static_cast<Stored>(sign | (std::bit_cast<uint32_t>(shifted) - 0x3f000000));
      }
      const uint32_t odd = (size >> 13) & 1;
      return static_cast<Stored>(sign | ((size - 0x38000000 + 0xfff + odd) >> 13));
    } else {
      return static_cast<Stored>(encode_narrow(kType, x));
    }
  }
};

// Calls `visit` with the Narrow of a narrow type.
template <class Visit>
auto with_narrow(DType type, Visit&& visit) {
  switch (type) {
    case DType::kFloat16:
      return visit(Narrow<DType::kFloat16>{});
    case DType::kBfloat16:
      return visit(Narrow<DType::kBfloat16>{});
    case DType::kFloat8E4M3FN:
      return visit(Narrow<DType::kFloat8E4M3FN>{});
    case DType::kFloat8E4M3FNUZ:
      return visit(Narrow<DType::kFloat8E4M3FNUZ>{});
    case DType::kFloat8E5M2:
      return visit(Narrow<DType::kFloat8E5M2>{});
    case DType::kFloat8E5M2FNUZ:
      return visit(Narrow<DType::kFloat8E5M2FNUZ>{});
    case DType::kFloat4E2M1:
      return visit(Narrow<DType::kFloat4E2M1>{});
    default:
      return visit(Narrow<DType::kFloat8E8M0>{});
  }
}

}  // namespace onnxc

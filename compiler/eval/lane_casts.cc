// Conversions of lanes between element types, and storing lanes as elements.
#include <cstring>

#include "compiler/eval/lane_operations.h"
#include "compiler/eval/narrow_lanes.h"
#include "compiler/ir/narrow_float.h"

namespace onnxc {
namespace {

// Towards zero, then the low bits; the least int64 (int32 for int32) where it does not fit.
template <class To, class From>
To truncated(From x) {
  if constexpr (std::is_same_v<To, uint64_t>) {
    if (x >= From(0x1p63) && x < From(0x1p64)) return static_cast<uint64_t>(x);
  }
  if constexpr (std::is_same_v<To, int32_t>) {
    if (!(x >= From(-0x1p31) && x < From(0x1p31))) return INT32_MIN;
  }
  const bool fits = x >= From(-0x1p63) && x < From(0x1p63);
  return static_cast<To>(fits ? static_cast<int64_t>(x) : INT64_MIN);
}

template <class To, class From>
To converted(From x) {
  if constexpr (std::is_same_v<To, bool>) {
    return x != From{0};
  } else if constexpr (std::is_floating_point_v<From> && !std::is_floating_point_v<To>) {
    return truncated<To>(x);
  } else {
    return static_cast<To>(x);
  }
}

template <class From>
LaneRun to_narrow(DType to) {
  return with_narrow(to, [](auto narrow) -> LaneRun {
    using N = decltype(narrow);
    return one_operand<From>([](From x) {
      if constexpr (std::is_same_v<From, float>) return N::lane(N::stored(x));
      const uint32_t bits = encode_narrow_double(N::kType, static_cast<double>(x));
      return N::lane(static_cast<typename N::Stored>(bits));
    });
  });
}

template <class From, int kBits, bool kSigned>
LaneRun to_few_bits() {
  return one_operand<From>([](From x) {
    const int64_t low = converted<int64_t>(x) & ((1 << kBits) - 1);
    const bool negative = kSigned && (low >> (kBits - 1)) != 0;
    return negative ? low - (1 << kBits) : low;
  });
}

template <class From>
LaneRun cast_from(DType to) {
  if (is_narrow(to)) return to_narrow<From>(to);
  if (to == DType::kUint4) return to_few_bits<From, 4, false>();
  if (to == DType::kInt4) return to_few_bits<From, 4, true>();
  if (to == DType::kUint2) return to_few_bits<From, 2, false>();
  if (to == DType::kInt2) return to_few_bits<From, 2, true>();
  return with_lane_type(to, [](auto zero) -> LaneRun {
    using To = decltype(zero);
    return one_operand<From>([](From x) { return converted<To>(x); });
  });
}

template <class T>
void store_as(const LaneRegister& lanes, int count, std::byte* bytes) {
  const auto* from = reinterpret_cast<const LaneOf<T>*>(lanes.bytes.data());
  for (int i = 0; i < count; ++i) {
    const T value = static_cast<T>(from[i]);
    std::memcpy(bytes + static_cast<size_t>(i) * sizeof(T), &value, sizeof(T));
  }
}

template <class N>
void store_narrow(const LaneRegister& lanes, int count, std::byte* bytes) {
  const auto* from = reinterpret_cast<const float*>(lanes.bytes.data());
  for (int i = 0; i < count; ++i) {
    const typename N::Stored value = N::stored(from[i]);
    std::memcpy(bytes + static_cast<size_t>(i) * sizeof(value), &value, sizeof(value));
  }
}

}  // namespace

LaneRun lane_cast(DType from, DType to) {
  if (from == DType::kString || to == DType::kString) return nullptr;
  return with_lane_type(from, [&](auto zero) -> LaneRun { return cast_from<decltype(zero)>(to); });
}

void store_lanes(DType type, const LaneRegister& lanes, int count, std::byte* bytes,
                 int64_t first) {
  bytes += static_cast<size_t>(first) * byte_size(type);
  if (is_narrow(type)) {
    return with_narrow(type,
                       [&](auto narrow) { store_narrow<decltype(narrow)>(lanes, count, bytes); });
  }
  with_lane_type(type, [&](auto zero) { store_as<decltype(zero)>(lanes, count, bytes); });
}

}  // namespace onnxc

// Lane operations of two operands: arithmetic, comparisons, logic, bits.
#include <cmath>
#include <type_traits>

#include "compiler/eval/lane_operations.h"

namespace onnxc {
namespace {

template <class T>
constexpr bool kFloating = std::is_floating_point_v<T>;
// Unsigned arithmetic of at least 32 bits wraps without overflow.
template <class T>
using Wrapping = uint64_t;

template <class T>
T power(T x, T y) {
  if constexpr (kFloating<T>) {
    return static_cast<T>(std::pow(static_cast<double>(x), static_cast<double>(y)));
  } else {
    if constexpr (std::is_signed_v<T>) {
      if (y < 0) return x == 1 ? T{1} : x != T(-1) ? T{0} : (y & 1) ? T(-1) : T{1};
    }
    uint64_t result = 1, base = static_cast<uint64_t>(x);
    for (auto rest = static_cast<uint64_t>(y); rest != 0; rest >>= 1, base *= base) {
      if (rest & 1) result *= base;
    }
    return static_cast<T>(result);
  }
}

template <class T>
T quotient(T x, T y) {
  if constexpr (kFloating<T>) {
    return x / y;
  } else {
    if (y == 0) return 0;
    if constexpr (std::is_signed_v<T>) {
      if (y == T(-1)) return static_cast<T>(0 - static_cast<uint64_t>(x));
    }
    return static_cast<T>(x / y);
  }
}

template <class T>
T remainder_of_first_sign(T x, T y) {
  if constexpr (kFloating<T>) {
    return std::fmod(x, y);
  } else {
    if (y == 0) return 0;
    if constexpr (std::is_signed_v<T>) {
      if (y == T(-1)) return 0;
    }
    return static_cast<T>(x % y);
  }
}

template <class T>
T remainder_of_second_sign(T x, T y) {
  const T rest = remainder_of_first_sign(x, y);
  if constexpr (kFloating<T>) {
    if (rest == 0) return std::copysign(rest, y);
    return (rest < 0) != (y < 0) ? rest + y : rest;
  } else if constexpr (std::is_signed_v<T>) {
    return rest != 0 && (rest < 0) != (y < 0) ? static_cast<T>(rest + y) : rest;
  } else {
    return rest;
  }
}

template <class T>
T shifted_left(T x, T by) {
  constexpr uint64_t kBits = 8 * sizeof(T);
  const auto n = static_cast<uint64_t>(by);
  return n >= kBits ? T{0} : static_cast<T>(static_cast<uint64_t>(x) << n);
}

template <class T>
T shifted_right(T x, T by) {
  constexpr uint64_t kBits = 8 * sizeof(T);
  const auto n = static_cast<uint64_t>(by);
  if (n >= kBits) return std::is_signed_v<T> && x < T{0} ? static_cast<T>(-1) : T{0};
  return static_cast<T>(x >> n);
}

template <class T>
LaneRun arithmetic(ScalarOp op) {
  switch (op) {
    case ScalarOp::kAdd:
      return two_operands<T>([](T x, T y) {
        if constexpr (kFloating<T>) return x + y;
        return static_cast<T>(static_cast<Wrapping<T>>(x) + static_cast<Wrapping<T>>(y));
      });
    case ScalarOp::kSub:
      return two_operands<T>([](T x, T y) {
        if constexpr (kFloating<T>) return x - y;
        return static_cast<T>(static_cast<Wrapping<T>>(x) - static_cast<Wrapping<T>>(y));
      });
    case ScalarOp::kMul:
      return two_operands<T>([](T x, T y) {
        if constexpr (kFloating<T>) return x * y;
        return static_cast<T>(static_cast<Wrapping<T>>(x) * static_cast<Wrapping<T>>(y));
      });
    case ScalarOp::kDiv:
      return two_operands<T>([](T x, T y) { return quotient(x, y); });
    case ScalarOp::kMod:
      return two_operands<T>([](T x, T y) { return remainder_of_second_sign(x, y); });
    case ScalarOp::kFmod:
      return two_operands<T>([](T x, T y) { return remainder_of_first_sign(x, y); });
    case ScalarOp::kPow:
      return two_operands<T>([](T x, T y) { return power(x, y); });
    case ScalarOp::kMin:
      return two_operands<T>([](T x, T y) { return x != x ? x : x < y ? x : y; });
    case ScalarOp::kMax:
      return two_operands<T>([](T x, T y) { return x != x ? x : x > y ? x : y; });
    case ScalarOp::kEq:
      return two_operands<T>([](T x, T y) { return x == y; });
    case ScalarOp::kNe:
      return two_operands<T>([](T x, T y) { return x != y; });
    case ScalarOp::kLt:
      return two_operands<T>([](T x, T y) { return x < y; });
    case ScalarOp::kLe:
      return two_operands<T>([](T x, T y) { return x <= y; });
    case ScalarOp::kGt:
      return two_operands<T>([](T x, T y) { return x > y; });
    case ScalarOp::kGe:
      return two_operands<T>([](T x, T y) { return x >= y; });
    default:
      return nullptr;
  }
}

template <class T>
LaneRun bitwise(ScalarOp op) {
  switch (op) {
    case ScalarOp::kAnd:
    case ScalarOp::kBitAnd:
      return two_operands<T>([](T x, T y) { return static_cast<T>(x & y); });
    case ScalarOp::kOr:
    case ScalarOp::kBitOr:
      return two_operands<T>([](T x, T y) { return static_cast<T>(x | y); });
    case ScalarOp::kXor:
    case ScalarOp::kBitXor:
      return two_operands<T>([](T x, T y) { return static_cast<T>(x ^ y); });
    case ScalarOp::kShiftLeft:
      return two_operands<T>([](T x, T y) { return shifted_left(x, y); });
    case ScalarOp::kShiftRight:
      return two_operands<T>([](T x, T y) { return shifted_right(x, y); });
    default:
      return nullptr;
  }
}

}  // namespace

LaneRun lane_binary(ScalarOp op, DType type) {
  return with_lane_type(type, [&](auto zero) -> LaneRun {
    using T = decltype(zero);
    if (const LaneRun run = arithmetic<T>(op)) return run;
    if constexpr (kFloating<T>) {
      return nullptr;
    } else {
      return bitwise<T>(op);
    }
  });
}

LaneRun lane_add() { return lane_binary(ScalarOp::kAdd, DType::kInt64); }
LaneRun lane_multiply() { return lane_binary(ScalarOp::kMul, DType::kInt64); }
LaneRun lane_min() { return lane_binary(ScalarOp::kMin, DType::kInt64); }
LaneRun lane_max() { return lane_binary(ScalarOp::kMax, DType::kInt64); }
LaneRun lane_and() { return lane_binary(ScalarOp::kBitAnd, DType::kInt64); }

LaneRun lane_and_not() {
  return two_operands<int64_t>([](int64_t x, int64_t y) { return x & ~y & 1; });
}

}  // namespace onnxc

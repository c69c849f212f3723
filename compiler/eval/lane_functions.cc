// Lane operations of one operand: signs, rounding, elementary functions, logic; and select.
#include <cmath>
#include <cstring>

#include "compiler/eval/lane_operations.h"

namespace onnxc {
namespace {

template <class T>
LaneRun elementary(ScalarOp op) {
#define ELEMENTARY(enumerator, expression)   \
  case ScalarOp::enumerator:                 \
    return one_operand<T>([](T t) {          \
      const auto x = static_cast<double>(t); \
      return static_cast<T>(expression);     \
    })
  switch (op) {
    ELEMENTARY(kSqrt, std::sqrt(x));
    ELEMENTARY(kExp, std::exp(x));
    ELEMENTARY(kLog, std::log(x));
    ELEMENTARY(kLog1p, std::log1p(x));
    ELEMENTARY(kSin, std::sin(x));
    ELEMENTARY(kCos, std::cos(x));
    ELEMENTARY(kTan, std::tan(x));
    ELEMENTARY(kAsin, std::asin(x));
    ELEMENTARY(kAcos, std::acos(x));
    ELEMENTARY(kAtan, std::atan(x));
    ELEMENTARY(kSinh, std::sinh(x));
    ELEMENTARY(kCosh, std::cosh(x));
    ELEMENTARY(kTanh, std::tanh(x));
    ELEMENTARY(kAsinh, std::asinh(x));
    ELEMENTARY(kAcosh, std::acosh(x));
    ELEMENTARY(kAtanh, std::atanh(x));
    ELEMENTARY(kErf, std::erf(x));
    ELEMENTARY(kSigmoid, 1 / (1 + std::exp(-x)));
    default:
      return nullptr;
  }
#undef ELEMENTARY
}

template <class T>
LaneRun rounding(ScalarOp op) {
  switch (op) {
    case ScalarOp::kFloor:
      return one_operand<T>([](T x) { return std::floor(x); });
    case ScalarOp::kCeil:
      return one_operand<T>([](T x) { return std::ceil(x); });
    case ScalarOp::kRoundEven:
      return one_operand<T>([](T x) { return std::nearbyint(x); });
    case ScalarOp::kTrunc:
      return one_operand<T>([](T x) { return std::trunc(x); });
    case ScalarOp::kIsNan:
      return one_operand<T>([](T x) { return std::isnan(x); });
    case ScalarOp::kIsInf:
      return one_operand<T>([](T x) { return std::isinf(x); });
    case ScalarOp::kNeg:
      return one_operand<T>([](T x) { return -x; });
    case ScalarOp::kAbs:
      return one_operand<T>([](T x) { return std::abs(x); });
    case ScalarOp::kSign:
      return one_operand<T>([](T x) { return x > 0 ? T{1} : x < 0 ? T{-1} : x; });
    default:
      return elementary<T>(op);
  }
}

template <class T>
LaneRun of_integer(ScalarOp op) {
  switch (op) {
    case ScalarOp::kFloor:
    case ScalarOp::kCeil:
    case ScalarOp::kRoundEven:
    case ScalarOp::kTrunc:
      return one_operand<T>([](T x) { return x; });
    case ScalarOp::kIsNan:
    case ScalarOp::kIsInf:
      return one_operand<T>([](T) { return false; });
    case ScalarOp::kNeg:
      return one_operand<T>([](T x) { return static_cast<T>(0 - static_cast<uint64_t>(x)); });
    case ScalarOp::kAbs:
      return one_operand<T>(
          [](T x) { return x < T{0} ? static_cast<T>(0 - static_cast<uint64_t>(x)) : x; });
    case ScalarOp::kSign:
      return one_operand<T>([](T x) { return static_cast<T>((x > T{0}) - (x < T{0})); });
    case ScalarOp::kNot:
      return one_operand<T>([](T x) { return !x; });
    case ScalarOp::kBitNot:
      return one_operand<T>([](T x) { return static_cast<T>(x ^ static_cast<T>(-1)); });
    default:
      return nullptr;
  }
}

template <class L>
void select_lanes(const LaneStep& step, LaneFrame& frame) {
  const int64_t* condition = frame.lanes<int64_t>(step.a);
  const L* yes = frame.lanes<L>(step.b);
  const L* no = frame.lanes<L>(step.c);
  L* to = frame.lanes<L>(step.to);
  for (int i = 0; i < frame.count; ++i) to[i] = condition[i] ? yes[i] : no[i];
}

template <class L>
void fill(const LaneStep& step, LaneFrame& frame) {
  L value;
  std::memcpy(&value, &step.number, sizeof(L));
  std::fill_n(frame.lanes<L>(step.to), kLanes, value);
}

}  // namespace

LaneRun lane_unary(ScalarOp op, DType type) {
  return with_lane_type(type, [&](auto zero) -> LaneRun {
    using T = decltype(zero);
    if constexpr (std::is_floating_point_v<T>) {
      return rounding<T>(op);
    } else {
      return of_integer<T>(op);
    }
  });
}

LaneRun lane_operation(ScalarOp op, DType type) {
  if (type == DType::kString) return lane_string_operation(op);
  return arity(op) == 1 ? lane_unary(op, type) : lane_binary(op, type);
}

LaneRun lane_select(DType type) {
  return with_lane_type(type,
                        [](auto zero) -> LaneRun { return select_lanes<LaneOf<decltype(zero)>>; });
}

LaneRun lane_constant(DType type) {
  return with_lane_type(type, [](auto zero) -> LaneRun { return fill<LaneOf<decltype(zero)>>; });
}

int64_t lane_constant_bits(const Expr& constant) {
  return with_lane_type(constant.type, [&](auto zero) {
    using T = decltype(zero);
    int64_t bits = 0;
    if constexpr (std::is_same_v<T, double>) {
      std::memcpy(&bits, &constant.value, sizeof(double));
    } else if constexpr (std::is_same_v<T, float>) {
      Tensor rounded = Tensor::scalar(constant.type, constant.value);
      const auto value = static_cast<float>(rounded.as_double(0));
      std::memcpy(&bits, &value, sizeof(float));
    } else {
      bits = static_cast<int64_t>(static_cast<T>(constant.integer_value));
    }
    return bits;
  });
}

LaneRun lane_not() {
  return one_operand<int64_t>([](int64_t x) { return x ^ 1; });
}

}  // namespace onnxc

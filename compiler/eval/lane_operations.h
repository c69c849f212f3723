// Lane steps made of a function of one or two scalars.
#pragma once

#include "compiler/eval/lanes.h"

namespace onnxc {

// The step to = function(a, b) on operands of C++ type T; a function without captures.
template <class T, class Function>
LaneRun two_operands(Function) {
  static_assert(std::is_empty_v<Function>);
  return [](const LaneStep& step, LaneFrame& frame) {
    using R = decltype(Function{}(T{}, T{}));
    const LaneOf<T>* a = frame.lanes<T>(step.a);
    const LaneOf<T>* b = frame.lanes<T>(step.b);
    LaneOf<R>* to = frame.lanes<R>(step.to);
    for (int i = 0; i < frame.count; ++i)
      to[i] = static_cast<LaneOf<R>>(Function{}(static_cast<T>(a[i]), static_cast<T>(b[i])));
  };
}

template <class T, class Function>
LaneRun one_operand(Function) {
  static_assert(std::is_empty_v<Function>);
  return [](const LaneStep& step, LaneFrame& frame) {
    using R = decltype(Function{}(T{}));
    const LaneOf<T>* a = frame.lanes<T>(step.a);
    LaneOf<R>* to = frame.lanes<R>(step.to);
    for (int i = 0; i < frame.count; ++i)
      to[i] = static_cast<LaneOf<R>>(Function{}(static_cast<T>(a[i])));
  };
}

LaneRun lane_unary(ScalarOp op, DType type);
LaneRun lane_binary(ScalarOp op, DType type);

}  // namespace onnxc

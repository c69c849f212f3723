// A loop step under construction, for Loop, Scan and what lowers to them.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "compiler/ops/body.h"

namespace onnxc {

// What one iteration gives.
struct Iteration {
  Value* goes_on = nullptr;  // a bool; null: it always does
  std::vector<Value*> carried;
  std::vector<Value*> stacked;
  bool again = false;  // the loop must be planned with other carried values
};

struct LoopPlan {
  Dim trips;
  Value* entry = nullptr;     // the condition to begin, a bool; null: it holds
  std::vector<Value*> start;  // of the carried values
  // Lowers the body with these carried values.
  std::function<Iteration(Body& body, const Dim& iteration, const std::vector<Value*>& carried)>
      lower;
};

// The values carried at the end, then the stacked ones along a new first axis. Sizes of carried
// values that change from one iteration to the next become sizes of the loop, bounded where they
// grow by the same amount each time. Nothing where the body says `again`.
std::optional<std::vector<Value*>> build_loop(Lowering& x, const OnnxGraph& source,
                                              const LoopPlan& plan);

// The value of a bool known at compile time.
std::optional<bool> known_bool(Lowering& x, const Value* value);
Value* scalar_value(Lowering& x, DType type, int64_t value);

}  // namespace onnxc

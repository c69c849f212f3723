// Accumulators of reductions, for a run of outputs at a time.
#pragma once

#include <memory>

#include "compiler/eval/lanes.h"
#include "compiler/ir/graph.h"

namespace onnxc {

class Reducer {
 public:
  virtual ~Reducer() = default;
  // Takes `length` lanes from `lane` on into output `output` (< kLanes); the first stands at
  // `position` of the reduced axes. Lanes come in ascending order of position.
  virtual void take(int output, const LaneRegister& lanes, int lane, int length,
                    int64_t position) = 0;
  // All results: lanes of the body's type, or int64 positions of an arg reduction.
  virtual void give(LaneRegister& results) const = 0;
};

// Of nothing, a sum is 0, a product 1, a maximum the least and a minimum the largest value of the
// type (infinite where it has one), a position 0.
std::unique_ptr<Reducer> make_reducer(Reduction reduction, DType body);

}  // namespace onnxc

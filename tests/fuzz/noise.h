// What a graph computes, and how far rounding may take a compiled program from that.
#pragma once

#include <vector>

#include "compiler/eval/evaluate.h"
#include "tests/fuzz/random.h"

namespace onnxc::fuzz {

// An output of the reference evaluator. Integers depend on rounding where a value close to a
// decision (a comparison, a rounding, an index of a maximum) reaches them: such outputs have no
// meaning that could be compared.
struct Expected {
  Tensor value;
  double tolerance = 0;  // absolute, of every element
  bool depends_on_rounding = false;
};

// The outputs of `graph` as it was lowered. Tolerances come from `samples` further evaluations in
// which every step that computes floating-point numbers is off by random rounding errors: of
// element-wise steps relative to the element, of sums relative to the sum of their terms' sizes.
std::vector<Expected> expected_outputs(const Graph& graph, const std::vector<Tensor>& inputs,
                                       int samples);

}  // namespace onnxc::fuzz

// Sequences and optionals as the tensors that generated programs take and give.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "compiler/frontend/test_data.h"

namespace onnxc {

// The tensors that stand for a value of that type, in the order of the program's inputs: of a
// sequence its elements, each in the corner of a box of the largest sizes, [length, box...], and
// where the type leaves sizes open their shapes, int64 [length, rank]; of an optional also a bool.
std::vector<Tensor> flattened(const TestValue& value, const OnnxType& type);

// The value whose tensors begin at `next`, which moves past them. `names` are the program's
// outputs.
TestValue assembled(const OnnxValueInfo& info, const std::vector<std::string>& names,
                    const std::vector<Tensor>& tensors, size_t& next);

// The named sizes that are 0 in the recorded inputs.
std::set<std::string> empty_sizes(const OnnxGraph& graph, const TestDataSet& set);

// Ranks that the model leaves open and the recorded inputs show, entered into the model's inputs.
void complete_types(OnnxGraph& graph, const TestDataSet& set);

}  // namespace onnxc

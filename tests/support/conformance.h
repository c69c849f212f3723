// Recorded cases in ONNX's folder layout, judged against the reference evaluator.
#pragma once

#include <string>
#include <vector>

#include "compiler/ir/tensor.h"
#include "compiler/options.h"

namespace onnxc::testing {

struct Tolerance {
  double relative = 1e-3;  // of the expected value
  double absolute = 1e-7;
};

// What the tensors differ in, or an empty text. Types and shapes must be equal; NaN equals NaN.
std::string difference(const Tensor& expected, const Tensor& actual, Tolerance tolerance = {});

// With a bound for the sizes that nothing bounds, as `verify` takes one.
Options options_for_cases();

// Loads `folder`/model.onnx, lowers it, and evaluates it on each recorded data set. Empty if all
// outputs agree, otherwise the first thing that went wrong, on one line.
std::string evaluate_case(const std::string& folder, Tolerance tolerance = {});

// The names of the folders in `folder` that hold a model.onnx, sorted.
std::vector<std::string> case_names(const std::string& folder);

}  // namespace onnxc::testing

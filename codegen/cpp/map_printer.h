// Maps as C++ functions: plain loop nests that read as the step's definition.
#pragma once

#include <string>
#include <vector>

#include "compiler/ir/graph.h"

namespace onnxc {

// The function's parameter list and body, without its name, so that equal steps share one function.
struct PrintedFunction {
  std::string parameters;            // "const float* x0, float* y, int64_t batch"
  std::string body;                  // statements between the braces
  std::vector<std::string> symbols;  // names of the sizes it takes, in order, after the pointers
  Dim units = 1;                     // of work, in which a shared function takes a range
};

enum class Sharing {
  kAlone,   // the function does all of the work
  kThreads  // it takes `begin` and `end` last: units are independent
};

// Inputs are the pointers x0, x1, ..., results are y0, y1, ...; the function computes the rows
// `begin` to `end`, in row-major order of the shared axes.
PrintedFunction print_rows(const Rows& rows, const Node& node);
// Inputs are the pointers x0, x1, ..., the result is y.
PrintedFunction print_map(const Map& map, const std::vector<Value*>& inputs, DType result,
                          Sharing sharing);

}  // namespace onnxc

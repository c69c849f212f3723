// A model with everything that is needed to run it: made by the generator, or read back from a
// file.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "compiler/ir/onnx_graph.h"
#include "compiler/options.h"
#include "tests/fuzz/random.h"

namespace onnxc::fuzz {

// How a tensor's elements are drawn: uniform in low..high (both included for integers and where
// there is a step), as multiples of `step` above low where it is not 0.
struct Fill {
  enum class Kind { kUniform, kSpecial, kDistinct };
  Kind kind = Kind::kUniform;  // special: infinities, NaN and -0 among them; distinct: no two equal
  double low = -2, high = 2, step = 0;
  uint64_t seed = 0;
};

Tensor filled(DType type, const std::vector<int64_t>& dims, const Fill& fill);

struct Case {
  std::string name;
  OnnxModel model;
  std::map<std::string, Fill> fills;     // of every input of the graph
  std::map<std::string, int64_t> sizes;  // of every symbol

  std::vector<Tensor> inputs() const;
  // Options that bound the symbols.
  Options options() const;
};

// The graphs side by side in one model; graph k's values begin with "gK_".
Case united(const std::vector<Case>& cases);

// As ONNX text whose metadata say how the inputs are made, and back. Throws CompileError.
std::string text(const Case& c);
Case parse_case(const std::string& text, const std::string& name);

}  // namespace onnxc::fuzz

// How far two tensors are apart, and whether that is too far.
#pragma once

#include <optional>
#include <string>

#include "compiler/ir/tensor.h"

namespace onnxc {

// An element passes if |got - want| <= relative * |want| + absolute, or, where `share_of_largest`
// is given, if it is at most that share of the largest |want| plus one float rounding of 1 (1.2e-7:
// recorded probabilities, computed as 0.5 + ..., are no more exact than that). NaN equals NaN,
// infinities and strings must be equal.
struct Tolerance {
  double relative = 1e-3, absolute = 1e-5;
  std::optional<double> share_of_largest;
};

struct Difference {
  bool accepted = true;
  // Where the difference is largest; where elements are rejected, of the one that is furthest
  // beyond its tolerance. Flat index; -1: all are equal.
  int64_t at = -1;
  double largest = 0;   // |got - want| there; infinite where one of them is no finite number
  double share = 0;     // of the largest |want|
  std::string problem;  // types or shapes differ: nothing was compared
};

Difference compare(const Tensor& got, const Tensor& want, const Tolerance& tolerance);

// "largest difference 0.1 at logits[0,3]: got 1, want 1.1", or what `problem` says.
std::string describe(const Difference& difference, const std::string& name, const Tensor& got,
                     const Tensor& want);

// "[2,3]"
std::string shape_text(const std::vector<int64_t>& dims);

}  // namespace onnxc

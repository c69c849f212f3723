// Sums of products of two loads along strides: matrix products, faster than lane by lane.
#pragma once

#include "compiler/eval/lanes.h"

namespace onnxc {

// True if the program, the body of a sum, multiplies two elements of float or double tensors at
// affine indices.
bool is_contraction(const LaneProgram& program);

// Outputs [first, first + count) of the sum over the axes from program.space_axes on, for a program
// that is a contraction: exact products summed in double, rounded once to the lanes of `sums`.
class Contraction {
 public:
  Contraction(const LaneProgram& program, const std::vector<Tensor>& inputs);
  void sums(int64_t first, int count, LaneRegister& sums) const;

 private:
  struct Operand {
    const std::byte* data;
    int64_t base;
    std::vector<int64_t> strides;
  };
  template <class T>
  void typed_sums(int64_t first, int count, LaneRegister& sums) const;
  template <class T>
  void add_row(const T* a, const T* b, int64_t count, double* sums) const;
  template <class T>
  void add_reduced(size_t axis, const T* a, const T* b, int64_t count, double* sums) const;
  template <class T>
  void add_terms(const T* a, const T* b, int64_t count, double* sums) const;

  DType type_;
  std::vector<int64_t> extents_;
  size_t space_axes_;
  Operand a_, b_;  // b_ varies along the innermost space axis at least as closely as a_
};

}  // namespace onnxc

// The axes of numpy's matrix product, for all operators that multiply matrices.
#pragma once

#include <vector>

#include "compiler/ops/lowering.h"

namespace onnxc {

// a [..., M, K] times b [..., K, N]; leading axes broadcast.
struct Matmul {
  Value *a, *b;  // vectors made matrices
  Shape space;   // [batch..., M, N]: loop indices of the map, K is the next one
  Dim depth;     // K
  Shape result;  // as numpy has it, with the axes of vectors removed again
  Shape reduced() const { return {depth}; }

  std::vector<Dim> at_a(const MapBuilder& map) const;
  std::vector<Dim> at_b(const MapBuilder& map) const;
};

// CompileError naming the shapes where they do not fit.
Matmul plan_matmul(Lowering& x, Value* a, Value* b);

}  // namespace onnxc

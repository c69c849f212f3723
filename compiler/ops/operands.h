// Operands that carry sizes, axes and positions: attributes or inputs, known at compile time or
// loaded when it runs.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "compiler/ops/lowering.h"

namespace onnxc {

// A list of integers of a node.
class Integers {
 public:
  explicit Integers(std::vector<int64_t> values);
  // Input `i`, a scalar or vector of known length. Constants are limited to +-2^40, which no size
  // reaches, so that sums with them do not overflow.
  Integers(Lowering& x, size_t i);

  size_t size() const { return size_; }
  // Whether all elements are expressions of the graph's symbols.
  bool known() const { return known_.has_value(); }
  // Element `k`; InternalError if it is not known.
  const Dim& operator[](size_t k) const;
  const std::vector<Dim>& dims() const;
  // Element `k` as an int64 scalar of `map`: a known one, or a load.
  E element(MapBuilder& map, size_t k) const;

 private:
  std::optional<std::vector<Dim>> known_;
  Value* value_ = nullptr;
  size_t size_ = 0;
};

// The list in attribute `name`, or else in input `i`; nothing if the node has neither.
std::optional<Integers> integers_operand(Lowering& x, const char* name, size_t i);

// Known axes, counted from 0; CompileError for one that is outside the rank or is given twice.
std::vector<int> normalized_axes(Lowering& x, const Integers& axes, int rank);

// The shape that the model declares for output `k`. CompileError saying that `what` (input `i`)
// must be constant where it declares none.
Shape declared_output(Lowering& x, size_t k, size_t i, std::string_view what);

// The only element of input `i` as the size of that axis of output `k`: known, declared by the
// model, or read when the program runs, as a size whose name begins with `stem`.
Dim size_operand(Lowering& x, size_t k, size_t i, int axis, const std::string& stem);

// A position that may count from the end.
Dim from_end_if_negative(const Dim& position, const Dim& size);
E from_end_if_negative(const E& position, const Dim& size);
Dim clamp(const Dim& value, const Dim& low, const Dim& high);

// An int64 tensor of these elements.
Value* dims_value(Lowering& x, const std::vector<Dim>& elements, Shape shape,
                  const std::string& part = "");

// Element `i` of a constant as a scalar of its compute type.
E element_of(const Tensor& tensor, int64_t i);

}  // namespace onnxc

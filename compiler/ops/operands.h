// Operands that carry sizes, axes and positions: attributes or inputs, known at compile time or
// loaded when it runs.
#pragma once

#include <functional>
#include <optional>
#include <string>
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

  size_t size() const { return elements_.size(); }
  // Whether all elements are expressions of the graph's symbols, or element `k` is one.
  bool known() const;
  bool known(size_t k) const { return elements_.at(k).has_value(); }
  // Element `k`, or all; InternalError if one is not known.
  const Dim& operator[](size_t k) const;
  std::vector<Dim> dims() const;
  // Element `k` as an int64 scalar of `map`: a known one, or a load.
  E element(MapBuilder& map, size_t k) const;

 private:
  std::vector<std::optional<Dim>> elements_;
  Value* value_ = nullptr;
};

// The list in attribute `name`, or else in input `i`; nothing if the node has neither.
std::optional<Integers> integers_operand(Lowering& x, const char* name, size_t i);

// Known axes, counted from 0; CompileError for one that is outside the rank or is given twice.
std::vector<int> normalized_axes(Lowering& x, const Integers& axes, int rank);

// The shape that the model declares for output `k`. CompileError saying that `what` (input `i`)
// must be constant where it declares none.
Shape declared_output(Lowering& x, size_t k, size_t i, std::string_view what);

// A size that is computed when the program runs, as a symbol whose name begins with `stem`: at most
// `at_most`, or with a bound that the user states or the model declares.
Dim run_time_size(Lowering& x, const std::string& stem, const std::function<E(MapBuilder&)>& size,
                  const std::optional<Dim>& at_most = std::nullopt);

// Element `k` of the list as a size: known, or read when the program runs.
Dim size_element(Lowering& x, const Integers& list, size_t k, const std::string& stem,
                 const std::optional<Dim>& at_most = std::nullopt);

// The list as the shape of output `k`: known, declared by the model, or read when the program runs.
Shape shape_operand(Lowering& x, const Integers& list, size_t k, const std::string& stem);

// The only element of input `i` as the size of that axis of output `k`: known, declared by the
// model, or read when the program runs.
Dim size_operand(Lowering& x, size_t k, size_t i, int axis, const std::string& stem,
                 const std::optional<Dim>& at_most = std::nullopt);

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

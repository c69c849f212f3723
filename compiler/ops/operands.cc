// Reads operands that carry sizes, axes and positions.
#include "compiler/ops/operands.h"

#include <algorithm>

namespace onnxc {
namespace {

constexpr int64_t kFar = int64_t{1} << 40;

Dim limited(const Dim& d) { return d.is_constant() ? Dim(std::clamp(d.value(), -kFar, kFar)) : d; }

}  // namespace

Integers::Integers(std::vector<int64_t> values) {
  for (int64_t v : values) elements_.emplace_back(std::clamp(v, -kFar, kFar));
}

Integers::Integers(Lowering& x, size_t i) : value_(x.input(i)) {
  if (value_->shape.size() > 1)
    throw x.error("input {} must be a vector, has shape {}", i, text(value_->shape));
  const Dim length = product(value_->shape);
  if (!length.is_constant())
    throw x.error("input {} must have a fixed length, has {}", i, length.text());
  if (const auto tensor = x.constant(i)) {
    for (int64_t v : tensor->as_int64s()) elements_.emplace_back(std::clamp(v, -kFar, kFar));
    return;
  }
  elements_.resize(static_cast<size_t>(length.value()));
  if (const auto elements = x.partial_integers(value_)) elements_ = *elements;
  for (auto& d : elements_) {
    if (d) d = limited(*d);
  }
}

bool Integers::known() const {
  return std::all_of(elements_.begin(), elements_.end(),
                     [](const auto& element) { return element.has_value(); });
}

const Dim& Integers::operator[](size_t k) const {
  ONNXC_CHECK(known(k), "the operand is known only when it runs");
  return *elements_[k];
}

std::vector<Dim> Integers::dims() const {
  std::vector<Dim> all;
  for (size_t k = 0; k < size(); ++k) all.push_back((*this)[k]);
  return all;
}

E Integers::element(MapBuilder& map, size_t k) const {
  if (known(k)) return integer((*this)[k]);
  std::vector<Dim> at;
  if (!value_->shape.empty()) at.push_back(static_cast<int64_t>(k));
  return cast(DType::kInt64, map.load_raw(value_, at));
}

std::optional<Integers> integers_operand(Lowering& x, const char* name, size_t i) {
  if (x.has_attribute(name)) return Integers(x.attribute_ints(name, {}));
  if (x.has_input(i)) return Integers(x, i);
  return std::nullopt;
}

std::vector<int> normalized_axes(Lowering& x, const Integers& axes, int rank) {
  std::vector<int> result;
  for (const Dim& axis : axes.dims()) {
    if (!axis.is_constant()) throw x.error("axis {} is not a number", axis.text());
    const int a = x.normalized_axis(axis.value(), rank);
    if (std::find(result.begin(), result.end(), a) != result.end())
      throw x.error("axis {} is given twice", a);
    result.push_back(a);
  }
  return result;
}

Shape declared_output(Lowering& x, size_t k, size_t i, std::string_view what) {
  if (const auto shape = x.declared_shape(k)) return *shape;
  throw x
      .error(
          "{} (input {}, \"{}\") depends on the model's inputs, so the shape of output {} is "
          "unknown",
          what, i, x.node().inputs[i], k)
      .note("make it a constant when exporting, or declare a fixed shape for the output");
}

Dim run_time_size(Lowering& x, const std::string& stem, const std::function<E(MapBuilder&)>& size,
                  const std::optional<Dim>& at_most) {
  MapBuilder map(x, {});
  Value* value = map.build(size(map), DType::kInt64, stem);
  const auto known = x.integers(value);
  if (known) return known->front();
  return Dim(x.read_size(value, at_most ? x.fresh_symbol(stem, 0, *at_most) : x.open_symbol(stem)));
}

Dim size_element(Lowering& x, const Integers& list, size_t k, const std::string& stem,
                 const std::optional<Dim>& at_most) {
  if (list.known(k)) return list[k];
  return run_time_size(
      x, stem, [&](MapBuilder& map) { return list.element(map, k); }, at_most);
}

Shape shape_operand(Lowering& x, const Integers& list, size_t k, const std::string& stem) {
  if (!list.known()) {
    if (const auto declared = x.declared_shape(k)) return *declared;
  }
  Shape shape;
  for (size_t i = 0; i < list.size(); ++i) shape.push_back(size_element(x, list, i, stem));
  return shape;
}

Dim size_operand(Lowering& x, size_t k, size_t i, int axis, const std::string& stem,
                 const std::optional<Dim>& at_most) {
  const Integers operand(x, i);
  if (operand.known()) return operand[0];
  if (const auto declared = x.declared_shape(k)) return declared->at(static_cast<size_t>(axis));
  return size_element(x, operand, 0, stem, at_most);
}

Dim from_end_if_negative(const Dim& position, const Dim& size) {
  if (proves_nonnegative(position)) return position;
  if (position.range().max < 0) return position + size;
  return position + size * clamp(Dim(0) - position, 0, 1);
}

E from_end_if_negative(const E& position, const Dim& size) {
  return select(position < integer(0), position + integer(size), position);
}

Dim clamp(const Dim& value, const Dim& low, const Dim& high) { return min(max(value, low), high); }

Value* dims_value(Lowering& x, const std::vector<Dim>& elements, Shape shape,
                  const std::string& part) {
  if (const auto numbers = constant_shape(elements)) {
    Tensor t = Tensor::of_int64(*numbers);
    return x.constant_value(t.reshaped(*constant_shape(shape)), part);
  }
  MapBuilder map(x, {static_cast<int64_t>(elements.size())});
  E body = integer(elements.back());
  for (size_t k = elements.size() - 1; k-- > 0;)
    body = select(eq(integer(map.index(0)), integer(static_cast<int64_t>(k))), integer(elements[k]),
                  body);
  return x.reshape(map.build(body, DType::kInt64, part), std::move(shape));
}

E element_of(const Tensor& tensor, int64_t i) {
  const DType type = compute_type(tensor.type());
  return is_float(type) ? constant(type, tensor.as_double(i))
                        : constant_integer(type, tensor.as_int64(i));
}

}  // namespace onnxc

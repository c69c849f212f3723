// Sequences: lists of values while lengths and positions are known, packed tensors otherwise.
#include <algorithm>

#include "compiler/ops/op.h"
#include "compiler/ops/operands.h"
#include "compiler/ops/sequence_value.h"

namespace onnxc {
namespace {

const Sequence& sequence_of(Lowering& x, size_t i = 0) {
  const Entity& entity = x.entity(i);
  if (!entity.sequence || entity.is_optional()) throw x.error("input {} must be a sequence", i);
  return *entity.sequence;
}

bool is_known(Lowering& x, size_t i) {
  if (!x.has_input(i)) return true;
  const Integers operand(x, i);
  return operand.known() && operand.size() == 1 && operand[0].is_constant();
}

// The position in input `i`, counted from the start; the end of `size` elements where it is left
// out.
size_t position(Lowering& x, size_t i, size_t size, size_t limit) {
  if (!x.has_input(i)) return size;
  const Integers operand(x, i);
  const int64_t at = operand[0].value(), length = static_cast<int64_t>(size);
  const int64_t from_start = at < 0 ? at + length : at;
  if (from_start < 0 || from_start >= static_cast<int64_t>(limit))
    throw x.error("position {} is outside a sequence of {} elements", at, length);
  return static_cast<size_t>(from_start);
}

// The same for a packed sequence: kept within [0, last].
Dim packed_position(Lowering& x, size_t i, const Dim& length, const Dim& last) {
  if (!x.has_input(i)) return last;
  const Integers operand(x, i);
  if (operand.known()) return clamp(from_end_if_negative(operand[0], length), 0, last);
  MapBuilder map(x, {});
  E at = from_end_if_negative(operand.element(map, 0), length);
  at = max(min(at, integer(last)), integer(0));
  Value* place = map.build(at, DType::kInt64, "position");
  return Dim(x.read_size(place, x.fresh_symbol("position", 0, max(last, 0))));
}

void construct(Lowering& x) {
  Sequence sequence;
  for (size_t i = 0; i < x.input_count(); ++i) sequence.elements.push_back(x.input(i));
  if (!sequence.elements.empty()) sequence.type = sequence.elements[0]->type;
  x.output_sequence(0, std::move(sequence));
}

void empty(Lowering& x) {
  const auto type = dtype_of(static_cast<int>(x.attribute_int("dtype", 1)));
  if (!type) throw x.error("attribute \"dtype\" is no element type");
  x.output_sequence(0, {*type, {}});
}

void at(Lowering& x) {
  const Sequence& from = sequence_of(x);
  if (!x.has_input(1)) throw x.error("the position is missing");
  if (!from.is_packed() && is_known(x, 1))
    return x.output(0, from.elements[position(x, 1, from.elements.size(), from.elements.size())]);
  const Sequence all = packed(x, from);
  x.output(0, element_at(x, all, packed_position(x, 1, all.length(), all.length() - 1)));
}

void erase(Lowering& x) {
  Sequence sequence = sequence_of(x);
  if (sequence.is_packed() || !is_known(x, 1)) {
    sequence = packed(x, sequence);
    const Dim length = sequence.length();
    return x.output_sequence(0, erased(x, sequence, packed_position(x, 1, length, length - 1)));
  }
  const size_t size = sequence.elements.size();
  if (size == 0) throw x.error("nothing can be erased from an empty sequence");
  const size_t place = x.has_input(1) ? position(x, 1, size, size) : size - 1;
  sequence.elements.erase(sequence.elements.begin() + static_cast<int64_t>(place));
  x.output_sequence(0, std::move(sequence));
}

void insert(Lowering& x) {
  Sequence sequence = sequence_of(x);
  if (sequence.is_packed() || !is_known(x, 2)) {
    const Dim length = sequence.length();
    return x.output_sequence(
        0, inserted(x, sequence, x.input(1), packed_position(x, 2, length, length)));
  }
  const size_t place = position(x, 2, sequence.elements.size(), sequence.elements.size() + 1);
  sequence.type = x.type(1);
  sequence.elements.insert(sequence.elements.begin() + static_cast<int64_t>(place), x.input(1));
  x.output_sequence(0, std::move(sequence));
}

void length(Lowering& x) { x.output(0, dims_value(x, {sequence_of(x).length()}, {})); }

// Elements of packed boxes side by side along an axis, or stacked along a new one.
Value* joined(Lowering& x, const Sequence& sequence, bool stacks) {
  if (sequence.shapes)
    throw x.error("elements of different shapes are joined; their number must be known");
  const Shape& boxes = sequence.boxes->shape;
  const int rank = static_cast<int>(boxes.size()) - (stacks ? 0 : 1);
  const int axis = x.normalized_axis(x.attribute_int("axis", 0), rank);
  Shape shape(boxes.begin() + 1, boxes.end());
  if (stacks) {
    shape.insert(shape.begin() + axis, boxes[0]);
  } else {
    shape[axis] = shape[axis] * boxes[0];
  }
  MapBuilder map(x, shape);
  std::vector<Dim> index = identity_index(shape);
  Dim element = index[axis];
  if (stacks) {
    index.erase(index.begin() + axis);
  } else {
    const Dim& size = boxes[axis + 1];
    index[axis] = floor_mod(element, size);
    element = floor_div(element, size);
  }
  index.insert(index.begin(), element);
  return map.build(map.load_raw(sequence.boxes, index), sequence.type, "joined");
}

void concat_from_sequence(Lowering& x) {
  const Sequence& sequence = sequence_of(x);
  const bool stacks = x.attribute_int("new_axis", 0) != 0;
  if (sequence.is_packed()) return x.output(0, joined(x, sequence, stacks));
  std::vector<Value*> parts = sequence.elements;
  if (parts.empty()) throw x.error("the sequence is empty");
  const int rank = static_cast<int>(parts[0]->shape.size()) + (stacks ? 1 : 0);
  const int axis = x.normalized_axis(x.attribute_int("axis", 0), rank);
  Dim total = 0;
  for (Value*& part : parts) {
    Shape shape = part->shape;
    if (stacks) shape.insert(shape.begin() + axis, 1);
    part = x.reshape(part, shape);
    if (static_cast<int>(shape.size()) != rank)
      throw x.error("elements of shapes {} and {} do not fit together", text(parts[0]->shape),
                    text(shape));
    total = total + shape[axis];
  }
  Shape shape = parts[0]->shape;
  shape[axis] = total;
  x.output(0, parts.size() == 1 ? parts[0] : x.add(Concat{axis}, parts, parts[0]->type, shape));
}

}  // namespace

OPS_TABLE(sequence){
    {"ConcatFromSequence", 11, "any", concat_from_sequence,
     "elements of different shapes where their number is known"},
    {"SequenceAt", 11, "any", at},
    {"SequenceConstruct", 11, "any", construct},
    {"SequenceEmpty", 11, "any", empty},
    {"SequenceErase", 11, "any", erase},
    {"SequenceInsert", 11, "any", insert},
    {"SequenceLength", 11, "any", length},
};
OPS_END(sequence)

}  // namespace onnxc

// Sequences whose lengths are known at compile time: lists of values, with no step of their own.
#include <algorithm>

#include "compiler/ops/op.h"
#include "compiler/ops/operands.h"

namespace onnxc {
namespace {

using Sequence = std::vector<Value*>;

const Sequence& sequence_of(Lowering& x) {
  const Sequence* elements = x.sequence(0);
  if (!elements) throw x.error("input 0 must be a sequence");
  return *elements;
}

// The position in input `i`, counted from the start; the end of `size` elements where it is left
// out.
size_t position(Lowering& x, size_t i, size_t size, size_t limit) {
  if (!x.has_input(i)) return size;
  const Integers operand(x, i);
  if (!operand.known() || operand.size() != 1 || !operand[0].is_constant())
    throw x.error("the position (input {}, \"{}\") must be known at compile time", i,
                  x.node().inputs[i]);
  const int64_t at = operand[0].value(), length = static_cast<int64_t>(size);
  const int64_t from_start = at < 0 ? at + length : at;
  if (from_start < 0 || from_start >= static_cast<int64_t>(limit))
    throw x.error("position {} is outside a sequence of {} elements", at, length);
  return static_cast<size_t>(from_start);
}

void sequence_construct(Lowering& x) {
  Sequence elements;
  for (size_t i = 0; i < x.input_count(); ++i) elements.push_back(x.input(i));
  x.output_sequence(0, elements);
}

void sequence_at(Lowering& x) {
  const Sequence& from = sequence_of(x);
  if (!x.has_input(1)) throw x.error("the position is missing");
  x.output(0, from[position(x, 1, from.size(), from.size())]);
}

void sequence_erase(Lowering& x) {
  Sequence elements = sequence_of(x);
  if (elements.empty()) throw x.error("nothing can be erased from an empty sequence");
  const size_t last = elements.size() - 1;
  const size_t at = x.has_input(1) ? position(x, 1, elements.size(), elements.size()) : last;
  elements.erase(elements.begin() + static_cast<int64_t>(at));
  x.output_sequence(0, elements);
}

void sequence_insert(Lowering& x) {
  Sequence elements = sequence_of(x);
  const size_t at = position(x, 2, elements.size(), elements.size() + 1);
  elements.insert(elements.begin() + static_cast<int64_t>(at), x.input(1));
  x.output_sequence(0, elements);
}

void sequence_length(Lowering& x) {
  x.output(0, dims_value(x, {static_cast<int64_t>(sequence_of(x).size())}, {}));
}

// Elements side by side along an axis, or stacked along a new one.
void concat_from_sequence(Lowering& x) {
  Sequence parts = sequence_of(x);
  if (parts.empty()) throw x.error("the sequence is empty");
  const bool stacks = x.attribute_int("new_axis", 0) != 0;
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

// Sizes of the parts: given as a list or one size for all but the last; single elements otherwise.
std::vector<Dim> split_sizes(Lowering& x, const Dim& total) {
  std::vector<Dim> sizes;
  if (x.has_input(1)) {
    const Integers given(x, 1);
    if (!given.known())
      throw x.error("the sizes (input 1, \"{}\") must be known at compile time",
                    x.node().inputs[1]);
    if (x.rank(1) == 1) return given.dims();
    if (!given[0].is_constant() || given[0].value() < 1 || !total.is_constant())
      throw x.error("parts of {} of {} elements must be numbers", given[0].text(), total.text());
    for (int64_t begin = 0; begin < total.value(); begin += given[0].value())
      sizes.push_back(std::min(given[0].value(), total.value() - begin));
    return sizes;
  }
  if (!total.is_constant())
    throw x.error("the number of parts, {}, must be known at compile time", total.text());
  return std::vector<Dim>(static_cast<size_t>(total.value()), Dim(1));
}

void split_to_sequence(Lowering& x) {
  const int axis = x.normalized_axis(x.attribute_int("axis", 0), x.rank(0));
  const bool drops_axis = !x.has_input(1) && x.attribute_int("keepdims", 1) == 0;
  Sequence parts;
  Dim begin = 0;
  for (const Dim& size : split_sizes(x, x.shape(0)[axis])) {
    Shape shape = x.shape(0);
    shape[axis] = size;
    MapBuilder map(x, shape);
    std::vector<Dim> at = identity_index(shape);
    at[axis] = at[axis] + begin;
    Value* part = map.build(map.load_raw(x.input(0), at), x.type(0), "part");
    if (drops_axis) shape.erase(shape.begin() + axis);
    parts.push_back(x.reshape(part, shape));
    begin = begin + size;
  }
  x.output_sequence(0, parts);
}

}  // namespace

OPS_TABLE(sequence){
    {"ConcatFromSequence", 11, "any", concat_from_sequence},
    {"SequenceAt", 11, "any", sequence_at, "positions must be known at compile time"},
    {"SequenceConstruct", 11, "any", sequence_construct},
    {"SequenceEmpty", 11, "any", [](Lowering& x) { x.output_sequence(0, {}); }},
    {"SequenceErase", 11, "any", sequence_erase, "positions must be known at compile time"},
    {"SequenceInsert", 11, "any", sequence_insert, "positions must be known at compile time"},
    {"SequenceLength", 11, "any", sequence_length},
    {"SplitToSequence", 11, "any", split_to_sequence, "sizes must be known at compile time"},
};
OPS_END(sequence)

}  // namespace onnxc

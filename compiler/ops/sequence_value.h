// Building sequences that are packed, and taking them apart.
#pragma once

#include "compiler/ops/container.h"
#include "compiler/ops/lowering.h"

namespace onnxc {

// What all elements of a packed sequence share.
struct Boxes {
  DType type = DType::kUndefined;
  std::optional<Shape> box;  // nothing: no element says anything of the rank
  bool fixed = true;         // each element fills its box

  friend bool operator==(const Boxes& a, const Boxes& b) {
    return a.type == b.type && a.fixed == b.fixed && a.box == b.box;
  }
};

Boxes boxes_of(Lowering& x, const Sequence& sequence);
// Boxes for the elements of both; CompileError if their types differ. Elements of a lower rank get
// leading axes of size 1, and -1 as their sizes there.
Boxes common_boxes(Lowering& x, const Boxes& a, const Boxes& b);
// The same sequence, packed in those boxes, which must be large enough.
Sequence packed(Lowering& x, const Sequence& sequence, const Boxes& boxes);
Sequence packed(Lowering& x, const Sequence& sequence);

// Element `at` of a packed sequence, which must lie within its length.
Value* element_at(Lowering& x, const Sequence& sequence, const Dim& at);
// With one more element at that position, or one less.
Sequence inserted(Lowering& x, const Sequence& sequence, Value* element, const Dim& at);
Sequence erased(Lowering& x, const Sequence& sequence, const Dim& at);

// `value` in the corner of a larger box, the rest zero.
Value* in_box(Lowering& x, Value* value, const Shape& box);

}  // namespace onnxc

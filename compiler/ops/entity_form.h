// Bringing tensors, sequences and optionals of several branches or iterations into one form.
#pragma once

#include "compiler/ops/sequence_value.h"

namespace onnxc {

// What values that stand for one another share.
struct Form {
  bool sequence = false;
  Boxes boxes;                     // of a sequence
  DType type = DType::kUndefined;  // of a tensor; undefined where there is no content
  Shape shape;                     // of a tensor: of the first one seen
  bool optional = false;

  bool has_content() const { return sequence || type != DType::kUndefined; }
  friend bool operator==(const Form& a, const Form& b) {
    return a.sequence == b.sequence && (!a.sequence || a.boxes == b.boxes) && a.type == b.type &&
           a.optional == b.optional;
  }
};

Form form_of(Lowering& x, const Entity& entity);
// CompileError where one is a tensor and the other a sequence.
Form common_form(Lowering& x, const Form& a, const Form& b);
// The same entity in that form, sequences packed.
Entity in_form(Lowering& x, const Entity& entity, const Form& form);
// An entity of that form made of tensors in the order of Entity::parts; advances `next`.
Entity from_parts(const Form& form, std::vector<Value*>::const_iterator& next);

}  // namespace onnxc

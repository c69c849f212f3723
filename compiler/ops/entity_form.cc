// Forms: what is packed, what is optional.
#include "compiler/ops/entity_form.h"

#include <algorithm>

namespace onnxc {
namespace {

// What an optional that holds nothing hands on: a tensor of zeros.
Value* placeholder(Lowering& x, const Form& form) {
  Shape shape;
  for (const Dim& d : form.shape) shape.push_back(d.is_constant() ? d : Dim(d.range().min));
  MapBuilder map(x, shape);
  const E nothing =
      is_float(form.type) ? constant(compute_type(form.type), 0) : constant_integer(form.type, 0);
  return map.build(nothing, form.type, "nothing");
}

Value* flag(Lowering& x, bool value) {
  Tensor t(DType::kBool, {});
  t.set_int64(0, value ? 1 : 0);
  return x.constant_value(t, "present");
}

}  // namespace

Form form_of(Lowering& x, const Entity& entity) {
  Form form;
  form.optional = entity.is_optional();
  if (entity.tensor) {
    form.type = entity.tensor->type;
    form.shape = entity.tensor->shape;
  }
  if (entity.sequence) {
    form.sequence = true;
    form.boxes = boxes_of(x, *entity.sequence);
  }
  return form;
}

Form common_form(Lowering& x, const Form& a, const Form& b) {
  Form form = a.has_content() ? a : b;
  form.optional = a.optional || b.optional;
  if (!a.has_content() || !b.has_content()) return form;
  if (a.sequence != b.sequence)
    throw x.error("a value is a sequence in one place and a tensor in another");
  if (a.sequence) form.boxes = common_boxes(x, a.boxes, b.boxes);
  if (!a.sequence && a.type != b.type)
    throw x.error("a value is {} in one place and {} in another", name(a.type), name(b.type));
  return form;
}

Entity in_form(Lowering& x, const Entity& entity, const Form& form) {
  Entity result;
  if (form.sequence) {
    const Sequence own = entity.sequence ? *entity.sequence : Sequence{form.boxes.type, {}};
    result.sequence = form.boxes.box ? packed(x, own, form.boxes) : own;
  } else if (form.has_content()) {
    result.tensor = entity.tensor ? entity.tensor : placeholder(x, form);
  }
  if (form.optional) result.present = entity.present ? entity.present : flag(x, true);
  return result;
}

Entity from_parts(const Form& form, std::vector<Value*>::const_iterator& next) {
  Entity entity;
  if (form.sequence) {
    entity.sequence = Sequence{form.boxes.type, {}, nullptr, nullptr};
    if (form.boxes.box) entity.sequence->boxes = *next++;
    if (form.boxes.box && !form.boxes.fixed && !form.boxes.box->empty())
      entity.sequence->shapes = *next++;
  } else if (form.has_content()) {
    entity.tensor = *next++;
  }
  if (form.optional) entity.present = *next++;
  return entity;
}

}  // namespace onnxc

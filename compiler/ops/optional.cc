// Optionals: whether they hold something is a bool that travels with what they hold.
#include "compiler/ops/op.h"
#include "compiler/ops/operands.h"

namespace onnxc {
namespace {

Value* flag(Lowering& x, bool value) {
  Tensor t(DType::kBool, {});
  t.set_int64(0, value ? 1 : 0);
  return x.constant_value(t, "present");
}

// What the type in attribute "type" says of the content: a sequence, or a tensor of a fixed shape.
Entity nothing_of(Lowering& x, const OnnxType& type) {
  Entity entity;
  const OnnxType& content =
      type.kind == OnnxType::Kind::kOptional && type.element ? *type.element : type;
  if (content.kind == OnnxType::Kind::kSequence)
    entity.sequence = Sequence{content.element ? content.element->dtype : DType::kUndefined, {}};
  entity.present = flag(x, false);
  return entity;
}

void optional(Lowering& x) {
  if (x.has_input(0)) {
    Entity entity = x.entity(0);
    entity.present = flag(x, true);
    return x.output(0, std::move(entity));
  }
  const OnnxType* type = x.attribute_type("type");
  if (!type) throw x.error("it has neither an input nor a type");
  x.output(0, nothing_of(x, *type));
}

void has_element(Lowering& x) {
  if (!x.has_input(0)) return x.output(0, flag(x, false));
  const Entity& entity = x.entity(0);
  x.output(0, entity.present ? x.reshape(entity.present, {}) : flag(x, true));
}

// Valid models ask only where there is something.
void get_element(Lowering& x) {
  Entity entity = x.entity(0);
  entity.present = nullptr;
  if (!entity.has_content()) throw x.error("the optional is known to hold nothing");
  x.output(0, std::move(entity));
}

}  // namespace

OPS_TABLE(optional){
    {"Optional", 15, "any", optional},
    {"OptionalGetElement", 15, "any", get_element},
    {"OptionalHasElement", 15, "any", has_element},
};
OPS_END(optional)

}  // namespace onnxc

// Packed sequences are tensors: their boxes, and where elements do not fill them, their shapes.
#include "compiler/ops/sequence_value.h"

#include <algorithm>

#include "compiler/ops/operands.h"

namespace onnxc {
namespace {

// A size that holds in the whole graph and for every element.
bool is_general(const Dim& d) {
  const auto symbols = d.symbols();
  return std::none_of(symbols.begin(), symbols.end(),
                      [](const SymbolRef& s) { return s->from_data; });
}

Dim general_bound(Lowering& x, const Dim& d) {
  if (is_general(d)) return d;
  const int64_t most = d.range().max;
  if (most >= int64_t{1} << 31)
    throw x.error("elements of a sequence have a size {} that has no bound", d.text());
  return most;
}

E zero(DType type) { return is_float(type) ? constant(type, 0) : constant_integer(type, 0); }

std::vector<Dim> with_front(const Dim& first, const std::vector<Dim>& rest) {
  std::vector<Dim> all{first};
  all.insert(all.end(), rest.begin(), rest.end());
  return all;
}

// A map over [length, box...] whose element is what `choose` gives for position i and index `at`.
Value* build_boxes(Lowering& x, const Dim& length, const Shape& box, DType type,
                   const std::function<E(MapBuilder&, const Dim& i, std::vector<Dim> at)>& choose,
                   const std::string& part) {
  MapBuilder map(x, with_front(length, box));
  std::vector<Dim> at;
  for (size_t k = 0; k < box.size(); ++k) at.push_back(map.index(static_cast<int>(k) + 1));
  return map.build(choose(map, map.index(0), at), type, part);
}

Value* shape_value(Lowering& x, const Value& element) {
  return dims_value(x, element.shape, {static_cast<int64_t>(element.shape.size())}, "shape");
}

}  // namespace

std::vector<Value*> Entity::parts() const {
  std::vector<Value*> all;
  if (tensor) all.push_back(tensor);
  if (sequence) all.push_back(sequence->boxes);
  if (sequence && sequence->shapes) all.push_back(sequence->shapes);
  if (present) all.push_back(present);
  return all;
}

Boxes boxes_of(Lowering& x, const Sequence& sequence) {
  if (sequence.is_packed()) {
    const Shape& all = sequence.boxes->shape;
    return {sequence.type, Shape(all.begin() + 1, all.end()), sequence.shapes == nullptr};
  }
  Boxes boxes{sequence.type, std::nullopt, true};
  for (const Value* v : sequence.elements) {
    Boxes one{v->type, Shape{}, true};
    for (const Dim& d : v->shape) {
      one.box->push_back(general_bound(x, d));
      one.fixed &= one.box->back() == d;
    }
    boxes = boxes.box ? common_boxes(x, boxes, one) : one;
  }
  return boxes;
}

Boxes common_boxes(Lowering& x, const Boxes& a, const Boxes& b) {
  if (!a.box) return b;
  if (!b.box) return a;
  if (a.type != b.type || a.box->size() != b.box->size())
    throw x.error("elements of a sequence are {}{} and {}{}; they must have one type and rank",
                  name(a.type), text(*a.box), name(b.type), text(*b.box));
  Boxes all{a.type, Shape{}, a.fixed && b.fixed && *a.box == *b.box};
  for (size_t k = 0; k < a.box->size(); ++k) all.box->push_back(max((*a.box)[k], (*b.box)[k]));
  return all;
}

Value* in_box(Lowering& x, Value* value, const Shape& box) {
  if (value->shape == box) return value;
  MapBuilder map(x, box);
  const std::vector<Dim> at = identity_index(box);
  E inside = constant_integer(DType::kBool, 1);
  for (size_t k = 0; k < box.size(); ++k)
    inside = inside && integer(at[k]) < integer(value->shape[k]);
  const E element = map.load_raw(value, at);
  return map.build(select(inside, element, zero(value->type)), value->type, "box");
}

Sequence packed(Lowering& x, const Sequence& sequence, const Boxes& boxes) {
  if (!boxes.box) throw x.error("nothing says what rank the elements of a sequence have");
  const Shape& box = *boxes.box;
  const auto rank = static_cast<int64_t>(box.size());
  Sequence result{boxes.type, {}, nullptr, nullptr};
  if (sequence.is_packed()) {
    result.boxes = in_box(x, sequence.boxes, with_front(sequence.length(), box));
    result.shapes = sequence.shapes;
    if (!boxes.fixed && !result.shapes) {
      const Shape own(sequence.boxes->shape.begin() + 1, sequence.boxes->shape.end());
      result.shapes =
          x.broadcast(dims_value(x, own, {rank}, "shape"), {sequence.length(), Dim(rank)});
    }
    return result;
  }
  if (sequence.elements.empty()) {
    result.boxes = build_boxes(
        x, 0, box, boxes.type,
        [&](MapBuilder&, const Dim&, const std::vector<Dim>&) { return zero(boxes.type); },
        "boxes");
    if (!boxes.fixed) result.shapes = x.constant_value(Tensor(DType::kInt64, {0, rank}), "shapes");
    return result;
  }
  std::vector<Value*> rows, shapes;
  for (Value* v : sequence.elements) {
    rows.push_back(x.reshape(in_box(x, v, box), with_front(1, box)));
    shapes.push_back(x.reshape(shape_value(x, *v), {1, rank}));
  }
  const auto side_by_side = [&](const std::vector<Value*>& parts) {
    Shape all = parts[0]->shape;
    all[0] = static_cast<int64_t>(parts.size());
    return parts.size() == 1 ? parts[0] : x.add(Concat{0}, parts, parts[0]->type, all, "boxes");
  };
  result.boxes = side_by_side(rows);
  if (!boxes.fixed && rank > 0) result.shapes = side_by_side(shapes);
  return result;
}

Sequence packed(Lowering& x, const Sequence& sequence) {
  return sequence.is_packed() ? sequence : packed(x, sequence, boxes_of(x, sequence));
}

Value* element_at(Lowering& x, const Sequence& sequence, const Dim& at) {
  const Shape box(sequence.boxes->shape.begin() + 1, sequence.boxes->shape.end());
  Shape shape;
  for (size_t k = 0; k < box.size(); ++k) {
    if (!sequence.shapes) {
      shape.push_back(box[k]);
      continue;
    }
    MapBuilder size(x, {});
    Value* value = size.build(size.load_raw(sequence.shapes, {at, Dim(static_cast<int64_t>(k))}),
                              DType::kInt64, "size");
    shape.push_back(Dim(x.read_size(value, x.fresh_symbol("element_size", 0, box[k]))));
  }
  MapBuilder map(x, shape);
  return map.build(map.load_raw(sequence.boxes, with_front(at, identity_index(shape))),
                   sequence.type, "element");
}

Sequence inserted(Lowering& x, const Sequence& sequence, Value* element, const Dim& at) {
  const Boxes boxes =
      common_boxes(x, boxes_of(x, sequence), boxes_of(x, {element->type, {element}}));
  const Sequence old = packed(x, sequence, boxes),
                 one = packed(x, {element->type, {element}}, boxes);
  const auto merged = [&](Value* before, Value* added, const Shape& rest) {
    return build_boxes(
        x, sequence.length() + 1, rest, before->type,
        [&](MapBuilder& map, const Dim& i, const std::vector<Dim>& index) {
          const E place = integer(at), here = integer(i);
          return select(eq(here, place), map.load_raw(added, with_front(0, index)),
                        select(here < place, map.load_raw(before, with_front(i, index)),
                               map.load_raw(before, with_front(i - 1, index))));
        },
        "inserted");
  };
  Sequence result{boxes.type, {}, merged(old.boxes, one.boxes, *boxes.box), nullptr};
  if (old.shapes)
    result.shapes = merged(old.shapes, one.shapes, {static_cast<int64_t>(boxes.box->size())});
  return result;
}

Sequence erased(Lowering& x, const Sequence& sequence, const Dim& at) {
  const auto without = [&](Value* before) -> Value* {
    if (!before) return nullptr;
    const Shape rest(before->shape.begin() + 1, before->shape.end());
    return build_boxes(
        x, max(sequence.length() - 1, 0), rest, before->type,
        [&](MapBuilder& map, const Dim& i, const std::vector<Dim>& index) {
          return select(integer(i) < integer(at), map.load_raw(before, with_front(i, index)),
                        map.load_raw(before, with_front(i + 1, index)));
        },
        "erased");
  };
  return {sequence.type, {}, without(sequence.boxes), without(sequence.shapes)};
}

}  // namespace onnxc

// Packed sequences are tensors: their boxes, and where elements do not fill them, their shapes.
#include "compiler/ops/sequence_value.h"

#include <algorithm>
#include <map>

#include "compiler/ir/bounds.h"
#include "compiler/ops/operands.h"

namespace onnxc {
namespace {

// A size that holds in the whole graph and for every element.
bool is_general(const Dim& d) {
  const auto symbols = d.symbols();
  return std::none_of(symbols.begin(), symbols.end(),
                      [](const SymbolRef& s) { return s->from_data; });
}

void collect_found(const Dim& d, std::map<std::string, SymbolRef>& found) {
  for (const SymbolRef& s : d.symbols()) {
    if (!s->from_data || !found.emplace(s->name, s).second) continue;
    if (s->at_most) collect_found(*s->at_most, found);
  }
}

Dim general_bound(Lowering& x, const Dim& d) {
  if (is_general(d)) return d;
  std::map<std::string, SymbolRef> found;
  collect_found(d, found);
  const Dim most = upper_bound(d, found);
  if (most.is_constant() && most.value() >= int64_t{1} << 31)
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

// The sizes of an element, -1 for leading axes that it does not have.
Value* shape_value(Lowering& x, const Value& element, size_t rank) {
  std::vector<Dim> sizes(rank - element.shape.size(), Dim(-1));
  sizes.insert(sizes.end(), element.shape.begin(), element.shape.end());
  return dims_value(x, sizes, {static_cast<int64_t>(rank)}, "shape");
}

Shape with_ones(const Shape& shape, size_t rank) {
  Shape wide(rank - shape.size(), Dim(1));
  wide.insert(wide.end(), shape.begin(), shape.end());
  return wide;
}

// Shapes of elements that get further leading axes.
Value* wider_shapes(Lowering& x, Value* shapes, int64_t lead) {
  if (lead == 0) return shapes;
  MapBuilder map(x, {shapes->shape[0], shapes->shape[1] + lead});
  const E missing = integer(map.index(1)) < integer(lead);
  return map.build(
      select(missing, integer(-1), map.load_raw(shapes, {map.index(0), map.index(1) - lead})),
      DType::kInt64, "shapes");
}

// A size of an element, read when the program runs; an axis that it does not have is refused.
Dim read_extent(Lowering& x, Value* size, const Dim& most) {
  KernelCall call;
  call.kernel = "read_extent";
  call.header = "templates/cpu/read_size.h";
  call.types = {DType::kInt64};
  call.result = x.fresh_symbol("element_size", 0, most);
  call.arguments = {KernelCall::Input{0}, most};
  const SymbolRef symbol = call.result;
  x.graph().add_node(std::move(call), {size}, {}, x.origins());
  return Dim(symbol);
}

}  // namespace

Value* tensor_of(const Entity& entity) {
  if (entity.is_optional()) throw CompileError("an optional stands where a tensor is expected");
  if (!entity.tensor) throw CompileError("a sequence stands where a tensor is expected");
  return entity.tensor;
}

std::vector<Value*> Entity::parts() const {
  std::vector<Value*> all;
  if (tensor) all.push_back(tensor);
  if (sequence && sequence->boxes) all.push_back(sequence->boxes);
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
  if (a.type != b.type)
    throw x.error("elements of a sequence are {} and {}; they must have one type", name(a.type),
                  name(b.type));
  Boxes all{a.type, Shape{}, a.fixed && b.fixed && *a.box == *b.box};
  const size_t rank = std::max(a.box->size(), b.box->size());
  const Shape left = with_ones(*a.box, rank), right = with_ones(*b.box, rank);
  for (size_t k = 0; k < rank; ++k) all.box->push_back(max(left[k], right[k]));
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
    const Shape own_box(sequence.boxes->shape.begin() + 1, sequence.boxes->shape.end());
    const Shape wide = with_front(sequence.length(), with_ones(own_box, box.size()));
    const auto lead = static_cast<int64_t>(box.size() - own_box.size());
    result.boxes = in_box(x, x.reshape(sequence.boxes, wide), with_front(sequence.length(), box));
    result.shapes = sequence.shapes ? wider_shapes(x, sequence.shapes, lead) : nullptr;
    if (!boxes.fixed && !result.shapes) {
      std::vector<Dim> sizes(static_cast<size_t>(lead), Dim(-1));
      sizes.insert(sizes.end(), own_box.begin(), own_box.end());
      result.shapes =
          x.broadcast(dims_value(x, sizes, {rank}, "shape"), {sequence.length(), Dim(rank)});
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
    Value* wide = x.reshape(v, with_ones(v->shape, box.size()));
    rows.push_back(x.reshape(in_box(x, wide, box), with_front(1, box)));
    if (!boxes.fixed) shapes.push_back(x.reshape(shape_value(x, *v, box.size()), {1, rank}));
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
    shape.push_back(read_extent(x, value, box[k]));
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

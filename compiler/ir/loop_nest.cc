// Flattening loads and merging loops.
#include "compiler/ir/loop_nest.h"

#include <algorithm>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

Dim without_modulus(const Dim& d) {
  return d.substitute([](const Dim::Atom& a) -> std::optional<Dim> {
    if (a.kind != Dim::Kind::kFloorMod) return std::nullopt;
    return a.args[0] - a.args[1] * floor_div(a.args[0], a.args[1]);
  });
}

E flatten_loads(const E& e, const std::vector<Value*>& inputs) {
  return rewrite(e, [&](const Expr& x) -> std::optional<E> {
    if (x.kind != Expr::Kind::kLoad) return std::nullopt;
    return load(x.input, x.type, {flat_index(x.index, inputs.at(x.input)->shape)});
  });
}

// Every index expression of the nest.
void visit_dims(const LoopNest& nest, const std::function<void(const Dim&)>& visitor) {
  const auto in = [&](const E& e) {
    if (!e) return;
    visit(e, [&](const Expr& x) {
      for (const Dim& d : x.index) visitor(d);
      if (x.kind == Expr::Kind::kInteger) visitor(x.integer);
    });
  };
  in(nest.body);
  in(nest.finish);
  visitor(nest.result);
}

// Loops a and a + 1 walk memory as one loop of extent a * (a + 1).
bool can_merge(const LoopNest& nest, int a) {
  if ((a < nest.outputs) != (a + 1 < nest.outputs)) return false;
  if (nest.reduction >= Reduction::kArgMaxFirst && a >= nest.outputs) return false;
  bool ok = true;
  visit_dims(nest, [&](const Dim& d) {
    if (!ok) return;
    const auto outer = d.coefficient_of_index(a), inner = d.coefficient_of_index(a + 1);
    ok = outer && inner && *outer == *inner * nest.extents[a + 1];
  });
  return ok;
}

void renumber(LoopNest& nest, const std::function<Dim(int)>& replacement) {
  nest.body = substitute_indices(nest.body, replacement);
  if (nest.finish) nest.finish = substitute_indices(nest.finish, replacement);
  nest.result = substitute_indices(nest.result, replacement);
}

void remove_loop(LoopNest& nest, int axis) {
  nest.extents.erase(nest.extents.begin() + axis);
  if (axis < nest.outputs) --nest.outputs;
}

void merge(LoopNest& nest, int a) {
  const Dim extent = nest.extents[a] * nest.extents[a + 1];
  const std::vector<Dim> old = nest.extents;
  renumber(nest, [&](int axis) -> Dim {
    if (axis == a) return 0;
    if (axis == a + 1) return Dim::index(a, extent);
    return Dim::index(axis > a ? axis - 1 : axis, old[axis]);
  });
  nest.extents[a + 1] = extent;
  remove_loop(nest, a);
}

void drop_single(LoopNest& nest, int a) {
  const std::vector<Dim> old = nest.extents;
  renumber(nest, [&](int axis) -> Dim {
    return axis == a ? Dim(0) : Dim::index(axis > a ? axis - 1 : axis, old[axis]);
  });
  remove_loop(nest, a);
}

}  // namespace

Dim flat_index(const std::vector<Dim>& index, const Shape& shape) {
  const Shape strides = row_major_strides(shape);
  Dim flat = 0;
  for (size_t i = 0; i < index.size(); ++i) flat = flat + index[i] * strides[i];
  // x mod c = x - c * (x / c): where an index was split and is joined again, the parts cancel.
  const Dim joined = without_modulus(flat);
  return joined.terms().size() < flat.terms().size() ? joined : flat;
}

namespace {

// The loops as they stand in the map.
LoopNest unmerged(const Map& map, const std::function<E(const E&)>& flatten) {
  LoopNest nest;
  nest.extents = map.space;
  nest.extents.insert(nest.extents.end(), map.reduced.begin(), map.reduced.end());
  nest.outputs = static_cast<int>(map.space.size());
  nest.reduction = map.reduction;
  nest.body = flatten(map.body);
  if (map.finish) nest.finish = flatten(map.finish);
  nest.result = flat_index(identity_index(map.space), map.space);
  return nest;
}

// Drops loops of one iteration and joins neighbours, from loop `first` on.
void simplify(LoopNest& nest, int first) {
  for (int a = first; a < static_cast<int>(nest.extents.size());) {
    const bool arg_axis = nest.reduction >= Reduction::kArgMaxFirst && a >= nest.outputs;
    if (nest.extents[a].is(1) && !arg_axis) {
      drop_single(nest, a);
    } else {
      ++a;
    }
  }
  for (int a = first; a + 1 < static_cast<int>(nest.extents.size());) {
    if (can_merge(nest, a)) {
      merge(nest, a);
    } else {
      ++a;
    }
  }
}

// The index of a part's element where the part is kept.
std::vector<Dim> place_in_row(const Rows& rows, const Rows::Part& part,
                              const std::vector<Dim>& index) {
  if (part.home != Rows::kNoHome) return {flat_index(index, part.map.space)};
  const Shape row = row_shape(rows, part);
  if (product(row).is(1)) return {};
  return {flat_index(std::vector<Dim>(index.begin() + rows.outer, index.end()), row)};
}

}  // namespace

LoopNest make_loop_nest(const Map& map, const std::vector<Value*>& inputs) {
  LoopNest nest = unmerged(map, [&](const E& e) { return flatten_loads(e, inputs); });
  simplify(nest, 0);
  return nest;
}

RowNest make_row_nest(const Rows& rows, const std::vector<Value*>& inputs) {
  const auto flatten = [&](const E& e) {
    return rewrite(e, [&](const Expr& x) -> std::optional<E> {
      if (x.kind != Expr::Kind::kLoad) return std::nullopt;
      if (x.input < kFirstPart)
        return load(x.input, x.type, {flat_index(x.index, inputs.at(x.input)->shape)});
      return load(x.input, x.type, place_in_row(rows, rows.parts[x.input - kFirstPart], x.index));
    });
  };
  RowNest nest;
  const Shape& first = rows.parts.at(0).map.space;
  nest.outer.assign(first.begin(), first.begin() + rows.outer);
  for (const Rows::Part& part : rows.parts) {
    LoopNest loops = unmerged(part.map, flatten);
    const auto place = place_in_row(rows, part, identity_index(part.map.space));
    loops.result = place.empty() ? Dim(0) : place[0];
    simplify(loops, rows.outer);
    nest.parts.push_back(std::move(loops));
  }
  for (size_t a = 0; a < nest.outer.size();) {
    const int axis = static_cast<int>(a);
    const bool single = nest.outer[a].is(1);
    const bool joins = a + 1 < nest.outer.size() &&
                       std::all_of(nest.parts.begin(), nest.parts.end(),
                                   [&](const LoopNest& part) { return can_merge(part, axis); });
    if (!single && !joins) {
      ++a;
      continue;
    }
    for (LoopNest& part : nest.parts) single ? drop_single(part, axis) : merge(part, axis);
    if (!single) nest.outer[a + 1] = nest.outer[a] * nest.outer[a + 1];
    nest.outer.erase(nest.outer.begin() + axis);
  }
  return nest;
}

}  // namespace onnxc

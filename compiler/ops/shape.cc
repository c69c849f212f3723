// Operators that read a shape or give the same elements another one: no arithmetic on elements.
#include <algorithm>
#include <numeric>

#include "compiler/ops/lowering.h"
#include "compiler/ops/op.h"
#include "compiler/ops/operands.h"
#include "compiler/ops/scope.h"

namespace onnxc {
namespace {

void identity(Lowering& x) { x.output(0, x.entity(0)); }

void shape(Lowering& x) {
  const int64_t rank = x.rank(0);
  const auto limit = [&](int64_t at) {
    return std::clamp(at < 0 ? at + rank : at, int64_t{0}, rank);
  };
  const int64_t start = limit(x.attribute_int("start", 0));
  const int64_t end = std::max(start, limit(x.attribute_int("end", rank)));
  const Shape& sizes = x.shape(0);
  x.output(0, dims_value(x, {sizes.begin() + start, sizes.begin() + end}, {end - start}));
}

void size(Lowering& x) { x.output(0, dims_value(x, {product(x.shape(0))}, {})); }

// The size that stands for -1: all elements over the other sizes. An open size that is among both
// stays as it is even where it is 0.
Dim rest_of(std::vector<Dim> own, const std::vector<Dim>& others) {
  Dim divisor = 1;
  for (const Dim& size : others) {
    const auto same = size.is_constant() ? own.end() : std::find(own.begin(), own.end(), size);
    if (same == own.end()) {
      divisor = divisor * size;
    } else {
      own.erase(same);
    }
  }
  return divisor.is(0) ? Dim(0) : floor_div(product(own), divisor);
}

// A target with its zeros (sizes taken over) and its -1 (the rest) replaced.
Shape resolved_target(Lowering& x, std::vector<Dim> target) {
  const bool zero_is_zero = x.attribute_int("allowzero", 0) != 0;
  const Shape& from = x.shape(0);
  std::vector<Dim> others;
  int rest = -1;
  std::vector<bool> copied(from.size(), false);
  for (size_t k = 0; k < target.size(); ++k) {
    if (target[k].is(0) && !zero_is_zero) {
      if (k >= from.size())
        throw x.error("size {} of the target {} is copied from axis {}, but the input has shape {}",
                      k, text(target), k, text(from));
      target[k] = from[k];
      copied[k] = true;
    } else if (target[k].is(-1)) {
      if (rest >= 0) throw x.error("the target {} has more than one -1", text(target));
      rest = static_cast<int>(k);
    } else {
      others.push_back(target[k]);
    }
  }
  std::vector<Dim> own;
  for (size_t k = 0; k < from.size(); ++k) {
    if (!copied[k]) own.push_back(from[k]);
  }
  if (rest >= 0) target[rest] = rest_of(std::move(own), others);
  const Dim result = product(target);
  if (result.is_constant() && product(from).is_constant() && result != product(from))
    throw x.error("shape {} has {} elements, the target {} has {}", text(from),
                  product(from).text(), text(target), result.text());
  x.require_equal(result, product(from));
  return target;
}

// Sizes of which some are known only when it runs. A single one is what the others leave.
Shape run_time_target(Lowering& x, const Integers& sizes) {
  const bool zero_is_zero = x.attribute_int("allowzero", 0) != 0;
  const Shape& from = x.shape(0);
  const Dim all = product(from);
  const auto copied = [&](size_t k) { return !zero_is_zero && k < from.size(); };
  // Element `k` with its zero replaced.
  const auto given = [&](MapBuilder& map, size_t k) {
    const E size = sizes.element(map, k);
    return copied(k) ? select(eq(size, integer(0)), integer(from[k]), size) : size;
  };
  const auto resolved = [&](MapBuilder& map, size_t k) {
    E others = integer(1);
    for (size_t j = 0; j < sizes.size(); ++j) {
      if (j != k) others = others * given(map, j);
    }
    const E size = given(map, k);
    return select(eq(size, integer(-1)), integer(all) / max(others, integer(1)), size);
  };
  Shape target;
  Dim known = 1;
  size_t open = 0;
  for (size_t k = 0; k < sizes.size(); ++k) {
    const bool settled = sizes.known(k) && !sizes[k].is(-1) && !(sizes[k].is(0) && copied(k));
    const bool taken = sizes.known(k) && sizes[k].is(0) && copied(k);
    target.push_back(settled ? sizes[k] : taken ? from[k] : Dim(-1));
    if (settled || taken) known = known * target.back();
    open += !(settled || taken);
  }
  for (size_t k = 0; k < sizes.size(); ++k) {
    if (!target[k].is(-1)) continue;
    const std::optional<Dim> most =
        open == 1 && !known.is(0) ? std::optional(floor_div(all, known)) : std::nullopt;
    target[k] = run_time_size(
        x, "reshaped_size", [&](MapBuilder& map) { return resolved(map, k); }, most);
  }
  MapBuilder map(x, {});
  x.require(map.build(eq(integer(product(target)), integer(all)), DType::kBool, "fits"));
  return target;
}

void reshape(Lowering& x) {
  const auto target = integers_operand(x, "shape", 1);
  if (!target) throw x.error("the target shape is missing");
  const auto declared = target->known() ? std::nullopt : x.declared_shape(0);
  x.output(0, x.reshape(x.input(0), target->known() ? resolved_target(x, target->dims())
                                    : declared      ? *declared
                                                    : run_time_target(x, *target)));
}

void flatten(Lowering& x) {
  const int64_t rank = x.rank(0), axis = x.attribute_int("axis", 1);
  if (axis < -rank || axis > rank) throw x.error("axis {} is outside rank {}", axis, rank);
  const auto middle = x.shape(0).begin() + (axis < 0 ? axis + rank : axis);
  x.output(0, x.reshape(x.input(0), {product({x.shape(0).begin(), middle}),
                                     product({middle, x.shape(0).end()})}));
}

// Without a list of axes the result's rank depends on the input's sizes: those that are open are
// taken not to be 1, unless the model's declared ranks say otherwise.
void note_kept_sizes(Lowering& x) {
  for (const Dim& d : x.shape(0)) {
    const auto symbols = d.symbols();
    if (symbols.size() == 1 && d == Dim(symbols[0]) && symbols[0]->min <= 1 &&
        !symbols[0]->from_data && x.scope().sizes())
      x.scope().sizes()->keep_unless_one(symbols[0]);
  }
}

void squeeze(Lowering& x) {
  const auto operand = integers_operand(x, "axes", 1);
  if (operand && !operand->known()) {
    x.output(0, x.reshape(x.input(0), declared_output(x, 0, 1, "the list of axes")));
    return;
  }
  const Shape& from = x.shape(0);
  const std::vector<int> axes =
      operand ? normalized_axes(x, *operand, x.rank(0)) : std::vector<int>{};
  if (!operand) note_kept_sizes(x);
  Shape left;
  for (int i = 0; i < x.rank(0); ++i) {
    const bool named = std::find(axes.begin(), axes.end(), i) != axes.end();
    if (named && proves_ne(from[i], 1))
      throw x.error("axis {} has size {}, only size 1 can be removed", i, from[i].text());
    if (named) x.require_equal(from[i], 1);
    if (!(operand ? named : from[i].is(1))) left.push_back(from[i]);
  }
  x.output(0, x.reshape(x.input(0), left));
}

void unsqueeze(Lowering& x) {
  const auto operand = integers_operand(x, "axes", 1);
  if (!operand) throw x.error("the list of axes is missing");
  if (!operand->known()) {
    x.output(0, x.reshape(x.input(0), declared_output(x, 0, 1, "the list of axes")));
    return;
  }
  const int rank = x.rank(0) + static_cast<int>(operand->size());
  const std::vector<int> axes = normalized_axes(x, *operand, rank);
  Shape wider;
  auto next = x.shape(0).begin();
  for (int i = 0; i < rank; ++i) {
    const bool added = std::find(axes.begin(), axes.end(), i) != axes.end();
    wider.push_back(added ? Dim(1) : *next++);
  }
  x.output(0, x.reshape(x.input(0), wider));
}

void transpose(Lowering& x) {
  const int rank = x.rank(0);
  std::vector<int64_t> fallback(rank);
  std::iota(fallback.rbegin(), fallback.rend(), 0);
  const auto given = x.attribute_ints("perm", fallback);
  std::vector<int> permutation(given.begin(), given.end());
  std::vector<int> sorted = permutation;
  std::sort(sorted.begin(), sorted.end());
  std::reverse(fallback.begin(), fallback.end());
  if (!std::equal(sorted.begin(), sorted.end(), fallback.begin(), fallback.end()))
    throw x.error("attribute \"perm\" [{}] is no permutation of the axes of shape {}",
                  fmt::join(given, ","), text(x.shape(0)));
  x.output(0, x.transpose(x.input(0), permutation));
}

// Where the target is read when the program runs: axes of the input that are not 1 are known.
Shape expanded_shape(Lowering& x, const Integers& sizes) {
  const size_t rank = std::max(sizes.size(), x.shape(0).size());
  Shape shape(rank);
  for (size_t k = 0; k < rank; ++k) {
    const size_t lead = rank - x.shape(0).size(), skipped = rank - sizes.size();
    const Dim own = k < lead ? Dim(1) : x.shape(0)[k - lead];
    shape[k] = own;
    if (!own.is(1) || k < skipped) continue;
    shape[k] = size_element(x, sizes, k - skipped, "expanded_size");
  }
  return shape;
}

void expand(Lowering& x) {
  const Integers sizes(x, 1);
  if (sizes.known())
    return x.output(0, x.broadcast(x.input(0), x.broadcast_shape(x.shape(0), sizes.dims())));
  const auto declared = x.declared_shape(0);
  x.output(0, x.broadcast(x.input(0), declared ? *declared : expanded_shape(x, sizes)));
}

// The factor for each axis; opset 1 gave one factor for one axis.
std::vector<Dim> tile_factors(Lowering& x) {
  const Integers factors(x, 1);
  std::vector<Dim> all(x.rank(0), Dim(1));
  if (x.opset() < 6) {
    const Integers axis(x, 2);
    if (factors.size() != 1 || axis.size() != 1 || !axis.known() || !axis[0].is_constant())
      throw x.error("the axis (input 2) must be one number that is known at compile time");
    all[x.normalized_axis(axis[0].value(), x.rank(0))] = size_element(x, factors, 0, "repeats");
    return all;
  }
  if (factors.size() != all.size())
    throw x.error("{} factors are given for shape {}", factors.size(), text(x.shape(0)));
  for (size_t i = 0; i < all.size(); ++i) all[i] = size_element(x, factors, i, "repeats");
  return all;
}

void tile(Lowering& x) {
  const Shape& from = x.shape(0);
  const auto declared = Integers(x, 1).known() ? std::nullopt : x.declared_shape(0);
  Shape to = declared ? *declared : from;
  if (!declared) {
    const std::vector<Dim> factors = tile_factors(x);
    for (size_t i = 0; i < from.size(); ++i) to[i] = from[i] * factors[i];
  }
  if (to.size() != from.size())
    throw x.error("shape {} is repeated, but the output has shape {}", text(from), text(to));
  MapBuilder map(x, to);
  std::vector<Dim> at;
  for (size_t i = 0; i < from.size(); ++i)
    at.push_back(from[i].is(0) ? Dim(0) : floor_mod(map.index(static_cast<int>(i)), from[i]));
  x.output(0, map.build(map.load_raw(x.input(0), at), x.type(0)));
}

}  // namespace

OPS_TABLE(shape){
    {"Expand", 8, "any", expand},       {"Flatten", 1, "any", flatten},
    {"Identity", 1, "any", identity},   {"Reshape", 1, "any", reshape},
    {"Shape", 1, "any", shape},         {"Size", 1, "any", size},
    {"Squeeze", 1, "any", squeeze},     {"Tile", 1, "any", tile},
    {"Transpose", 1, "any", transpose}, {"Unsqueeze", 1, "any", unsqueeze},
};
OPS_END(shape)

}  // namespace onnxc

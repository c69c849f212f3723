// Attention as a product, a softmax and a product; heads that share keys are loops of their own.
#include "compiler/ops/attention_core.h"

#include <cmath>
#include <limits>

namespace onnxc {
namespace {

constexpr double kForbidden = -std::numeric_limits<double>::infinity();

// With shared key heads the space is [batch, key heads, group, ...].
Shape space_of(const AttentionProblem& p, const Dim& first, const Dim& second) {
  if (p.group.is(1)) return {p.q.batch, p.q.count, first, second};
  return {p.q.batch, p.k.count, p.group, first, second};
}

ScorePlace place_in(const AttentionProblem& p, const MapBuilder& map) {
  if (p.group.is(1)) return {map.index(0), map.index(1), map.index(1), map.index(2), map.index(3)};
  return {map.index(0), map.index(1) * p.group + map.index(2), map.index(1), map.index(3),
          map.index(4)};
}

}  // namespace

E Heads::load(MapBuilder& map, const Dim& b, const Dim& head, const Dim& position,
              const Dim& e) const {
  return map.load(value, heads_first ? std::vector<Dim>{b, head, position, e}
                                     : std::vector<Dim>{b, position, head, e});
}

Heads heads_of(Lowering& x, Value* v, int64_t count, const std::string& what) {
  const Shape& s = v->shape;
  if (s.size() == 4) return {v, true, s[0], s[1], s[2], s[3]};
  if (s.size() != 3 || count < 1 || !floor_mod(s[2], Dim(count)).is(0)) {
    throw x.error(
        "{} (now {}) has shape {}, expected four axes, or three of which it divides the last", what,
        count, text(s));
  }
  const Dim size = floor_div(s[2], count);
  return {x.reshape(v, {s[0], s[1], count, size}), false, s[0], count, s[1], size};
}

Value* heads_first(Lowering& x, const Heads& h) {
  return h.heads_first ? h.value : x.transpose(h.value, {0, 2, 1, 3});
}

Heads appended(Lowering& x, Value* before, const Heads& fresh, const std::string& part) {
  if (before->shape.size() != 4)
    throw x.error("the past has shape {}, expected four axes", text(before->shape));
  const Dim length = before->shape[2] + fresh.length;
  Value* all = x.add(Concat{2}, {before, heads_first(x, fresh)}, before->type,
                     {fresh.batch, fresh.count, length, fresh.size}, part);
  return {all, true, fresh.batch, fresh.count, length, fresh.size};
}

AttentionProblem attention_problem(Lowering& x, const Heads& q, const Heads& k, const Heads& v,
                                   double scale) {
  if (proves_ne(q.size, k.size))
    throw x.error("queries have {} elements a head, keys {}", q.size.text(), k.size.text());
  if (!floor_mod(q.count, k.count).is(0)) {
    throw x.error("{} query heads do not divide into {} key heads", q.count.text(), k.count.text());
  }
  if (scale == 0) {
    if (!q.size.is_constant())
      throw x.error("the scale is not given and the size of a head, {}, not fixed", q.size.text());
    scale = 1 / std::sqrt(static_cast<double>(q.size.value()));
  }
  const auto unmasked = [](MapBuilder&, const ScorePlace&, E score) { return score; };
  return {q, k, v, scale, 0, compute_type(q.value->type), unmasked, floor_div(q.count, k.count)};
}

Value* attention_scores(Lowering& x, const AttentionProblem& p, int64_t stage,
                        const std::string& part) {
  MapBuilder map(x, space_of(p, p.q.length, p.k.length), {p.q.size});
  const ScorePlace at = place_in(p, map);
  const Dim e = map.index(map.rank());
  const E product = p.q.load(map, at.batch, at.head, at.query, e) *
                    p.k.load(map, at.batch, at.key_head, at.key, e);
  const auto finish = [&](E sum) {
    E score = sum * p.scale;
    if (stage >= 1 && p.softcap != 0) score = tanh(score / p.softcap) * p.softcap;
    return stage >= 2 ? p.mask(map, at, score) : score;
  };
  return map.build_reduction(Reduction::kSum, product, finish, p.type, part);
}

Value* attention_probabilities(Lowering& x, Value* score) {
  const int last = static_cast<int>(score->shape.size()) - 1;
  Value* largest = x.reduce(Reduction::kMax, score, {last}, true, nullptr, nullptr, "max");
  MapBuilder shift(x, score->shape);
  const E top = shift.load(largest);
  const E power = exp(shift.load(score) - top);
  Value* shifted = shift.build(select(eq(top, constant(top.type(), kForbidden)), 0.0, power),
                               score->type, "powers");
  Value* sum = x.reduce(Reduction::kSum, shifted, {last}, true, nullptr, nullptr, "sum");
  MapBuilder map(x, score->shape);
  const E total = map.load(sum);
  return map.build(select(eq(total, constant(total.type(), 0)), 0.0, map.load(shifted) / total),
                   score->type, "probabilities");
}

Value* attention_values(Lowering& x, const AttentionProblem& p, Value* probabilities) {
  MapBuilder map(x, space_of(p, p.q.length, p.v.size), {p.k.length});
  const ScorePlace at = place_in(p, map);
  const Dim key = map.index(map.rank());
  std::vector<Dim> row;
  for (int i = 0; i + 1 < map.rank(); ++i) row.push_back(map.index(i));
  row.push_back(key);
  const E product = map.load(probabilities, row) *
                    cast(p.type, p.v.load(map, at.batch, at.key_head, key, at.key));
  Value* y = map.build_reduction(Reduction::kSum, product, nullptr, p.q.value->type, "values");
  y = x.reshape(y, {p.q.batch, p.q.count, p.q.length, p.v.size});
  if (p.q.heads_first) return y;
  return x.reshape(x.transpose(y, {0, 2, 1, 3}), {p.q.batch, p.q.length, p.q.count * p.v.size});
}

Value* attend(Lowering& x, const AttentionProblem& p) {
  return attention_values(x, p, attention_probabilities(x, attention_scores(x, p, 2, "scores")));
}

E mask_element(Lowering& x, MapBuilder& map, const ScorePlace& at, Value* mask, const Dim& keys,
               DType type) {
  const Shape& s = mask->shape;
  if (s.size() < 2 || s.size() > 4)
    throw x.error("the mask has shape {}, expected two to four axes", text(s));
  const Dim full[] = {at.batch, at.head, at.query, at.key};
  std::vector<Dim> index;
  for (size_t i = 0; i < s.size(); ++i)
    index.push_back(s[i].is(1) ? Dim(0) : full[4 - s.size() + i]);
  const E forbidden = constant(type, kForbidden);
  const E element = map.load(mask, index);
  const E bias = mask->type == DType::kBool ? select(element, constant(type, 0), forbidden)
                                            : cast(type, element);
  if (s.back().is(1) || !proves_lt(s.back(), keys)) return bias;
  return select(integer(at.key) < integer(s.back()), bias, forbidden);
}

Value* rotated(Lowering& x, const Heads& h, const Rotation& r, const std::string& part) {
  const Dim half = floor_div(r.size, 2);
  const Shape& layout = h.value->shape;
  Shape space(layout.begin(), layout.end() - 1);
  space.push_back(r.interleaved ? half : Dim(2));
  space.push_back(r.interleaved ? Dim(2) : half);
  MapBuilder map(x, space);
  const Dim b = map.index(0), position = map.index(h.heads_first ? 2 : 1);
  const Dim pair = map.index(r.interleaved ? 3 : 4), member = map.index(r.interleaved ? 4 : 3);
  const auto element = [&](const Dim& which) {
    std::vector<Dim> at{map.index(0), map.index(1), map.index(2)};
    at.push_back(r.interleaved ? pair * 2 + which : which * half + pair);
    return map.load(h.value, at);
  };
  const E sine = r.table(map, 1, b, position, pair);
  const E turned = select(eq(integer(member), integer(0)), -sine, sine);
  const DType type = h.value->type;
  Value* front = map.build(
      element(member) * r.table(map, 0, b, position, pair) + element(Dim(1) - member) * turned,
      type, part);
  Shape shape = layout;
  shape.back() = r.size;
  Value* y = x.reshape(front, shape);
  if (!proves_lt(r.size, h.size)) return y;
  shape.back() = h.size - r.size;
  MapBuilder rest(x, shape);
  std::vector<Dim> at = identity_index(shape);
  at.back() = at.back() + r.size;
  Value* kept = rest.build(rest.load_raw(h.value, at), type, part + "_kept");
  return x.add(Concat{3}, {y, kept}, type, layout, part + "_joined");
}

}  // namespace onnxc

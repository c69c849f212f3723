// Attention: scaled scores with mask, softmax, and their product with the values.
#include <cmath>
#include <limits>

#include "compiler/ops/op.h"
#include "compiler/ops/operands.h"

namespace onnxc {
namespace {

// Queries, keys or values by batch, head, position and element, however they lie.
struct Heads {
  Value* value;
  bool heads_first;  // [batch, heads, length, size], else [batch, length, heads, size]
  Dim batch, count, length, size;

  E load(MapBuilder& map, const Dim& b, const Dim& head, const Dim& position, const Dim& e) const {
    return map.load(value, heads_first ? std::vector<Dim>{b, head, position, e}
                                       : std::vector<Dim>{b, position, head, e});
  }
};

Heads read_heads(Lowering& x, size_t i, const std::string& attribute) {
  Value* v = x.input(i);
  const Shape& s = v->shape;
  if (s.size() == 4) return {v, true, s[0], s[1], s[2], s[3]};
  const int64_t count = x.attribute_int(attribute, 0);
  if (s.size() != 3 || count < 1 || !floor_mod(s[2], Dim(count)).is(0)) {
    throw x.error(
        "input {} has shape {}, expected four axes, or three with {} (now {}) dividing "
        "the last",
        i, text(s), attribute, count);
  }
  const Dim size = floor_div(s[2], count);
  return {x.reshape(v, {s[0], s[1], count, size}), false, s[0], count, s[1], size};
}

// [batch, heads, length, size].
Value* heads_first(Lowering& x, const Heads& h) {
  return h.heads_first ? h.value : x.transpose(h.value, {0, 2, 1, 3});
}

// The past's entries, then the new ones.
Heads with_past(Lowering& x, const Heads& fresh, size_t past) {
  if (!x.has_input(past)) return fresh;
  Value* before = x.input(past);
  if (before->shape.size() != 4) {
    throw x.error("input {} has shape {}, expected four axes", past, text(before->shape));
  }
  const Dim length = before->shape[2] + fresh.length;
  Value* all = x.add(Concat{2}, {before, heads_first(x, fresh)}, before->type,
                     {fresh.batch, fresh.count, length, fresh.size}, "present");
  return {all, true, fresh.batch, fresh.count, length, fresh.size};
}

struct Problem {
  Heads q, k, v;
  Dim past;   // positions before the new keys
  Dim group;  // query heads that share a key head
  double scale;
  double softcap;
  bool causal;
  DType type;  // of the arithmetic
};

Problem read_problem(Lowering& x) {
  const Heads q = read_heads(x, 0, "q_num_heads");
  const Heads fresh_k = read_heads(x, 1, "kv_num_heads"),
              fresh_v = read_heads(x, 2, "kv_num_heads");
  if (proves_ne(q.size, fresh_k.size)) {
    throw x.error("queries have {} elements a head, keys {}", q.size.text(), fresh_k.size.text());
  }
  if (!floor_mod(q.count, fresh_k.count).is(0)) {
    throw x.error("{} query heads do not divide into {} key heads", q.count.text(),
                  fresh_k.count.text());
  }
  Problem p{q,     with_past(x, fresh_k, 4), with_past(x, fresh_v, 5), 0, 1, 0, 0,
            false, compute_type(x.type(0))};
  p.past = p.k.length - fresh_k.length;
  p.group = floor_div(q.count, fresh_k.count);
  if (!x.has_attribute("scale") && !q.size.is_constant()) {
    throw x.error("the scale is not given and the size of a head, {}, not fixed", q.size.text());
  }
  p.scale = x.has_attribute("scale") ? static_cast<double>(x.attribute_float("scale", 1))
                                     : 1 / std::sqrt(static_cast<double>(q.size.value()));
  p.softcap = x.attribute_float("softcap", 0);
  p.causal = x.attribute_int("is_causal", 0) != 0;
  return p;
}

// The loop indices of a map over [batch, heads, ...]; with shared key heads, over [batch, key
// heads, group, ...].
struct Place {
  Dim batch, head, key_head, first, second;
};

Shape space_of(const Problem& p, const Dim& first, const Dim& second) {
  if (p.group.is(1)) return {p.q.batch, p.q.count, first, second};
  return {p.q.batch, p.k.count, p.group, first, second};
}

Place place_in(const Problem& p, const MapBuilder& map) {
  if (p.group.is(1)) return {map.index(0), map.index(1), map.index(1), map.index(2), map.index(3)};
  return {map.index(0), map.index(1) * p.group + map.index(2), map.index(1), map.index(3),
          map.index(4)};
}

// The additive mask's element, from input 3: bool ones forbid where they are false. A mask shorter
// than the keys forbids the rest.
E mask_element(Lowering& x, const Problem& p, MapBuilder& map, const Place& at) {
  Value* mask = x.input(3);
  const Shape& s = mask->shape;
  if (s.size() < 2 || s.size() > 4) {
    throw x.error("the mask has shape {}, expected two to four axes", text(s));
  }
  const Dim full[] = {at.batch, at.head, at.first, at.second};
  std::vector<Dim> index;
  for (size_t i = 0; i < s.size(); ++i) {
    index.push_back(s[i].is(1) ? Dim(0) : full[4 - s.size() + i]);
  }
  const E forbidden = constant(p.type, -std::numeric_limits<double>::infinity());
  const E element = map.load(mask, index);
  const E bias = mask->type == DType::kBool ? select(element, constant(p.type, 0), forbidden)
                                            : cast(p.type, element);
  if (s.back().is(1) || !proves_lt(s.back(), p.k.length)) return bias;
  return select(integer(at.second) < integer(s.back()), bias, forbidden);
}

E masked(Lowering& x, const Problem& p, MapBuilder& map, const Place& at, E score) {
  const E forbidden = constant(p.type, -std::numeric_limits<double>::infinity());
  if (x.has_input(3)) score = score + mask_element(x, p, map, at);
  if (p.causal) score = select(integer(at.second) <= integer(at.first + p.past), score, forbidden);
  if (x.has_input(6)) {
    const E length = map.load(x.input(6), {at.batch});
    score = select(integer(at.second) < cast(DType::kInt64, length), score, forbidden);
  }
  return score;
}

E capped(const Problem& p, E score) {
  return p.softcap == 0 ? score : tanh(score / p.softcap) * p.softcap;
}

// Scores of every query with every key, of one of the stages that qk_matmul_output_mode counts: 0
// scaled, 1 capped, 2 masked.
Value* scores(Lowering& x, const Problem& p, int64_t stage, const std::string& part) {
  MapBuilder map(x, space_of(p, p.q.length, p.k.length), {p.q.size});
  const Place at = place_in(p, map);
  const Dim e = map.index(map.rank());
  const E product = p.q.load(map, at.batch, at.head, at.first, e) *
                    p.k.load(map, at.batch, at.key_head, at.second, e);
  const auto finish = [&](E sum) {
    E score = sum * p.scale;
    if (stage >= 1) score = capped(p, score);
    return stage >= 2 ? masked(x, p, map, at, score) : score;
  };
  return map.build_reduction(Reduction::kSum, product, finish, p.type, part);
}

// Softmax along the last axis; a row that allows nothing becomes zeros.
Value* probabilities(Lowering& x, Value* score) {
  const int last = static_cast<int>(score->shape.size()) - 1;
  Value* largest = x.reduce(Reduction::kMax, score, {last}, true, nullptr, nullptr, "max");
  const double none = -std::numeric_limits<double>::infinity();
  MapBuilder shift(x, score->shape);
  const E top = shift.load(largest);
  const E power = exp(shift.load(score) - top);
  Value* shifted =
      shift.build(select(eq(top, constant(top.type(), none)), 0.0, power), score->type, "powers");
  Value* sum = x.reduce(Reduction::kSum, shifted, {last}, true, nullptr, nullptr, "sum");
  MapBuilder map(x, score->shape);
  const E total = map.load(sum);
  return map.build(select(eq(total, constant(total.type(), 0)), 0.0, map.load(shifted) / total),
                   score->type, "probabilities");
}

void attention(Lowering& x) {
  const Problem p = read_problem(x);
  Value* chances = probabilities(x, scores(x, p, 2, "scores"));
  MapBuilder map(x, space_of(p, p.q.length, p.v.size), {p.k.length});
  const Place at = place_in(p, map);
  const Dim key = map.index(map.rank());
  std::vector<Dim> row;
  for (int i = 0; i + 1 < map.rank(); ++i) row.push_back(map.index(i));
  row.push_back(key);
  const E product =
      map.load(chances, row) * cast(p.type, p.v.load(map, at.batch, at.key_head, key, at.second));
  Value* y = map.build_reduction(Reduction::kSum, product, nullptr, x.type(0), "values");
  y = x.reshape(y, {p.q.batch, p.q.count, p.q.length, p.v.size});
  if (!p.q.heads_first) {
    y = x.reshape(x.transpose(y, {0, 2, 1, 3}), {p.q.batch, p.q.length, p.q.count * p.v.size});
  }
  x.output(0, y);
  if (x.wants_output(1)) x.output(1, heads_first(x, p.k));
  if (x.wants_output(2)) x.output(2, heads_first(x, p.v));
  if (!x.wants_output(3)) return;
  const int64_t mode = x.attribute_int("qk_matmul_output_mode", 0);
  if (mode < 0 || mode > 3) throw x.error("qk_matmul_output_mode is {}, expected 0 to 3", mode);
  Value* shown = mode == 3 ? chances : scores(x, p, mode, "shown");
  x.output(3,
           x.reshape(x.cast_to(shown, x.type(0)), {p.q.batch, p.q.count, p.q.length, p.k.length}));
}

void flex_attention(Lowering& x) {
  for (const char* part : {"score_mod", "prob_mod"}) {
    if (x.has_attribute(part)) throw x.error("attribute {} is not supported", part);
  }
  attention(x);
}

// Rotates pairs of elements of each head by the angle of their position.
void rotary_embedding(Lowering& x) {
  const Heads h = read_heads(x, 0, "num_heads");
  const bool interleaved = x.attribute_int("interleaved", 0) != 0;
  const int64_t given = x.attribute_int("rotary_embedding_dim", 0);
  const Dim rotary = given > 0 ? Dim(given) : h.size, half = floor_div(rotary, 2);
  const Shape& layout = h.value->shape;
  Value* table[] = {x.input(1), x.input(2)};
  const bool by_position = x.has_input(3);
  if (table[0]->shape.size() != (by_position ? 2u : 3u) ||
      proves_ne(table[0]->shape.back(), half)) {
    throw x.error("the cache has shape {}, expected {}{}]", text(table[0]->shape),
                  by_position ? "[positions, " : "[batch, length, ", half.text());
  }
  Shape space(layout.begin(), layout.end() - 1);
  space.push_back(interleaved ? half : Dim(2));
  space.push_back(interleaved ? Dim(2) : half);
  MapBuilder map(x, space);
  const int lengths = h.heads_first ? 2 : 1;
  const Dim b = map.index(0), position = map.index(lengths);
  const Dim pair = map.index(interleaved ? 3 : 4), member = map.index(interleaved ? 4 : 3);
  const auto element = [&](const Dim& which) {
    std::vector<Dim> at{map.index(0), map.index(1), map.index(2)};
    at.push_back(interleaved ? pair * 2 + which : which * half + pair);
    return map.load(h.value, at);
  };
  const auto angle = [&](int k) {
    if (!by_position) return map.load(table[k], {b, position, pair});
    const Dim row =
        map.load_index(x.input(3), {b, position}, {0, (table[k]->shape[0] - 1).range().max});
    return map.load(table[k], {row, pair});
  };
  const E sine = angle(1);
  const E turned = select(eq(integer(member), integer(0)), -sine, sine);
  Value* rotated = map.build(element(member) * angle(0) + element(Dim(1) - member) * turned,
                             x.type(0), "rotated");
  Shape part = layout;
  part.back() = rotary;
  Value* y = x.reshape(rotated, part);
  if (proves_lt(rotary, h.size)) {
    part.back() = h.size - rotary;
    MapBuilder rest(x, part);
    std::vector<Dim> at = identity_index(part);
    at.back() = at.back() + rotary;
    Value* kept = rest.build(rest.load_raw(h.value, at), x.type(0), "kept");
    y = x.add(Concat{3}, {y, kept}, x.type(0), layout);
  }
  x.output(0, x.reshape(y, x.shape(0)));
}

}  // namespace

OPS_TABLE(attention){
    {"Attention", 23, "float", attention},
    {"FlexAttention", 1, "float", flex_attention, "without score_mod and prob_mod",
     "ai.onnx.preview"},
    {"RotaryEmbedding", 23, "float", rotary_embedding},
};
OPS_END(attention)

}  // namespace onnxc

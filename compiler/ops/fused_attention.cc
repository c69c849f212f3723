// Attention as optimisers and exporters of language models fuse it (com.microsoft).
#include <limits>

#include "compiler/ops/attention_core.h"
#include "compiler/ops/matmul.h"
#include "compiler/ops/op.h"

namespace onnxc {
namespace {

constexpr double kForbidden = -std::numeric_limits<double>::infinity();

int64_t head_count(Lowering& x, const std::string& name) {
  const int64_t count = x.attribute_int(name, 0);
  if (count < 1) throw x.error("attribute \"{}\" is {}, expected a positive number", name, count);
  return count;
}

// The elements from `first` on of the last axis, `size` of them.
Value* columns(Lowering& x, Value* from, const Dim& first, const Dim& size,
               const std::string& part) {
  Shape shape = from->shape;
  shape.back() = size;
  MapBuilder map(x, shape);
  std::vector<Dim> at = identity_index(shape);
  at.back() = at.back() + first;
  return map.build(map.load_raw(from, at), from->type, part);
}

// One of the `k` tensors side by side in axis 3 of [batch, length, heads, k, size].
Heads packed_part(Lowering& x, Value* from, int64_t which, const std::string& part) {
  const Shape& s = from->shape;
  const Shape shape{s[0], s[1], s[2], s[4]};
  MapBuilder map(x, shape);
  Value* v =
      map.build(map.load_raw(from, {map.index(0), map.index(1), map.index(2), which, map.index(3)}),
                from->type, part);
  return {v, false, s[0], s[2], s[1], s[4]};
}

// Heads plus their part of a bias over the heads of queries, keys and values.
Heads biased(Lowering& x, const Heads& h, Value* bias, const Dim& offset, const std::string& part) {
  if (!bias) return h;
  MapBuilder map(x, h.value->shape);
  const Dim head = map.index(h.heads_first ? 1 : 2);
  Value* v = map.build(map.load(h.value) + map.load(bias, {offset + head * h.size + map.index(3)}),
                       h.value->type, part);
  return {v, h.heads_first, h.batch, h.count, h.length, h.size};
}

Value* optional_input(Lowering& x, size_t i) { return x.has_input(i) ? x.input(i) : nullptr; }

// What a mask that tells the keys to keep adds: of [batch] numbers of keys, [batch, keys], [batch,
// queries, keys] or [batch, 1, queries, keys].
E kept_keys(Lowering& x, MapBuilder& map, const ScorePlace& at, Value* mask, const Dim& batch,
            DType type) {
  const double filter = x.attribute_float("mask_filter_value", -10000.0f);
  const Shape& s = mask->shape;
  const auto unless = [&](const E& kept) { return select(kept, constant(type, 0), filter); };
  const auto element = [&](const std::vector<Dim>& index) {
    const E e = map.load(mask, index);
    return unless(ne(e, constant_integer(e.type(), 0)));
  };
  if (s.size() == 1) {
    if (proves_ne(s[0], batch)) {
      throw x.error("a mask of start and end positions, shape {}, is not supported", text(s));
    }
    return unless(integer(at.key) < cast(DType::kInt64, map.load(mask, {at.batch})));
  }
  if (s.size() == 2) return element({at.batch, at.key});
  if (s.size() == 3) return element({at.batch, at.query, at.key});
  return element({s[0].is(1) ? Dim(0) : at.batch, s[1].is(1) ? Dim(0) : at.head, at.query, at.key});
}

struct Masks {
  Value* kept = nullptr;  // as kept_keys has it
  Value* bias = nullptr;  // additive, broadcast
  bool causal = false;
  Dim past = 0;
};

void set_masks(Lowering& x, AttentionProblem& p, const Masks& m) {
  p.mask = [&x, m, type = p.type, batch = p.q.batch, keys = p.k.length](
               MapBuilder& map, const ScorePlace& at, E score) {
    if (m.kept) score = score + kept_keys(x, map, at, m.kept, batch, type);
    if (m.bias) score = score + mask_element(x, map, at, m.bias, keys, type);
    if (!m.causal) return score;
    return select(integer(at.key) <= integer(at.query + m.past), score, constant(type, kForbidden));
  };
}

void multi_head_attention(Lowering& x) {
  const int64_t heads = head_count(x, "num_heads");
  const bool packed = x.rank(0) == 5, packed_pair = !packed && x.rank(1) == 5;
  const auto given = [&](size_t i) {
    return heads_of(x, x.input(i), heads, fmt::format("input {} with num_heads", i));
  };
  Heads q = packed ? packed_part(x, x.input(0), 0, "query") : given(0);
  Heads k = packed        ? packed_part(x, x.input(0), 1, "key")
            : packed_pair ? packed_part(x, x.input(1), 0, "key")
                          : given(1);
  Heads v = packed        ? packed_part(x, x.input(0), 2, "value")
            : packed_pair ? packed_part(x, x.input(1), 1, "value")
                          : given(2);
  Value* bias = optional_input(x, 3);
  const Dim hidden = q.count * q.size;
  q = biased(x, q, bias, 0, "query_biased");
  k = biased(x, k, bias, hidden, "key_biased");
  v = biased(x, v, bias, hidden * 2, "value_biased");
  const Dim fresh = k.length;
  if (x.has_input(6)) k = appended(x, x.input(6), k, "present_key");
  if (x.has_input(7)) v = appended(x, x.input(7), v, "present_value");
  AttentionProblem p = attention_problem(x, q, k, v, x.attribute_float("scale", 0));
  set_masks(x, p,
            {optional_input(x, 4), optional_input(x, 5), x.attribute_int("unidirectional", 0) != 0,
             k.length - fresh});
  x.output(0, attend(x, p));
  if (x.wants_output(1)) x.output(1, heads_first(x, k));
  if (x.wants_output(2)) x.output(2, heads_first(x, v));
  if (x.wants_output(3)) throw x.error("output 3, the scores, is not supported");
}

// Projections, attention and cache in one: input x weights + bias gives queries, keys and values.
void attention(Lowering& x) {
  const int64_t heads = head_count(x, "num_heads");
  const Matmul m = plan_matmul(x, x.input(0), x.input(1));
  MapBuilder map(x, m.space, m.reduced());
  const E product = map.load(m.a, m.at_a(map)) * map.load(m.b, m.at_b(map));
  Value* bias = optional_input(x, 2);
  Value* all = x.reshape(
      map.build_reduction(
          Reduction::kSum, product,
          [&](E sum) { return bias ? sum + map.load(bias, {map.index(map.rank() - 1)}) : sum; },
          x.type(0), "projections"),
      m.result);
  const Dim width = all->shape.back();
  const auto sizes = x.attribute_ints("qkv_hidden_sizes", {});
  if (!sizes.empty() && sizes.size() != 3)
    throw x.error("qkv_hidden_sizes has {} entries, expected 3", sizes.size());
  const auto size = [&](size_t i) { return sizes.empty() ? floor_div(width, 3) : Dim(sizes[i]); };
  const auto part = [&](const Dim& first, size_t i, const char* name) {
    return heads_of(x, columns(x, all, first, size(i), name), heads, "num_heads");
  };
  const Heads q = part(0, 0, "query");
  Heads k = part(size(0), 1, "key"), v = part(size(0) + size(1), 2, "value");
  const Dim fresh = k.length;
  if (x.has_input(4)) {
    const Shape& s = x.shape(4);
    if (s.size() != 5) throw x.error("the past has shape {}, expected five axes", text(s));
    const auto past = [&](int64_t which, const char* name) {
      MapBuilder half(x, {s[1], s[2], s[3], s[4]});
      return half.build(half.load_raw(x.input(4), {which, half.index(0), half.index(1),
                                                   half.index(2), half.index(3)}),
                        x.type(4), name);
    };
    k = appended(x, past(0, "past_key"), k, "present_key");
    v = appended(x, past(1, "past_value"), v, "present_value");
  }
  AttentionProblem p = attention_problem(x, q, k, v, x.attribute_float("scale", 0));
  set_masks(x, p,
            {optional_input(x, 3), optional_input(x, 5), x.attribute_int("unidirectional", 0) != 0,
             k.length - fresh});
  x.output(0, attend(x, p));
  if (!x.wants_output(1)) return;
  const auto whole = [&](const Heads& h) {
    return x.reshape(heads_first(x, h), {1, h.batch, h.count, h.length, h.size});
  };
  x.output(1, x.add(Concat{0}, {whole(k), whole(v)}, k.value->type,
                    {2, k.batch, k.count, k.length, k.size}, "present"));
}

// The cosines and sines of the caches in inputs `first` and `first` + 1, at row `row`.
Rotation cached_rotation(Lowering& x, size_t first, const Dim& size, bool interleaved,
                         const std::function<E(MapBuilder&, const Dim& b, const Dim& s)>& row) {
  const Dim rows = x.shape(first)[0];
  Rotation r{interleaved, size, nullptr};
  r.table = [&x, first, rows, row](MapBuilder& map, int member, const Dim& b, const Dim& position,
                                   const Dim& pair) {
    const Dim at = as_index(row(map, b, position), {0, (rows - 1).range().max});
    return map.load(x.input(first + static_cast<size_t>(member)), {at, pair});
  };
  return r;
}

void rotary_embedding(Lowering& x) {
  const Dim pairs = x.shape(2).back();
  const int64_t given = x.attribute_int("rotary_embedding_dim", 0);
  int64_t count = x.attribute_int("num_heads", 0);
  if (count == 0 && x.rank(0) == 3) {
    const Dim heads = floor_div(x.shape(0)[2], pairs * 2);
    if (!heads.is_constant()) throw x.error("the number of heads is not known");
    count = heads.value();
  }
  const Heads h = heads_of(x, x.input(0), count, "input 0 with num_heads");
  const bool offset = product(x.shape(1)).is(1) && x.rank(1) == 1;
  const auto row = [&](MapBuilder& map, const Dim& b, const Dim& s) {
    if (offset) return cast(DType::kInt64, map.load(x.input(1), {0})) + integer(s);
    return cast(DType::kInt64, map.load(x.input(1), {b, s}));
  };
  const Rotation r = cached_rotation(x, 2, given > 0 ? Dim(given) : pairs * 2,
                                     x.attribute_int("interleaved", 0) != 0, row);
  x.output(0, x.reshape(rotated(x, h, r, "rotated"), x.shape(0)));
}

// The cache with the fresh entries behind the `before` (a function of the batch) valid ones of the
// past; [batch, heads, total, size].
Heads updated_cache(Lowering& x, Value* past, const Heads& fresh, const Dim& total,
                    const std::function<E(MapBuilder&, const Dim&)>& before,
                    const std::string& part) {
  MapBuilder map(x, {fresh.batch, fresh.count, total, fresh.size});
  const Dim b = map.index(0), head = map.index(1), t = map.index(2), e = map.index(3);
  const E first = before(map, b), since = integer(t) - first;
  const Dim at = as_index(max(min(since, integer(fresh.length - 1)), integer(0)),
                          {0, (fresh.length - 1).range().max});
  const E none = constant(compute_type(fresh.value->type), 0);
  E value = select(since < integer(fresh.length), fresh.load(map, b, head, at, e), none);
  if (past) {
    const Dim kept = min(t, past->shape[2] - 1);
    if (!past->shape[2].is(0))
      value = select(integer(t) < first, map.load(past, {b, head, max(kept, Dim(0)), e}), value);
  }
  Value* all = map.build(value, fresh.value->type, part);
  return {all, true, fresh.batch, fresh.count, total, fresh.size};
}

void group_query_attention(Lowering& x) {
  const int64_t heads = head_count(x, "num_heads"), key_heads = head_count(x, "kv_num_heads");
  Value *q_input = x.input(0), *k_input = optional_input(x, 1), *v_input = optional_input(x, 2);
  if (!k_input) {
    const Dim size = floor_div(q_input->shape.back(), Dim(heads + 2 * key_heads));
    Value* all = q_input;
    q_input = columns(x, all, 0, size * heads, "query");
    k_input = columns(x, all, size * heads, size * key_heads, "key");
    v_input = columns(x, all, size * (heads + key_heads), size * key_heads, "value");
  }
  Heads q = heads_of(x, q_input, heads, "num_heads");
  Heads k = heads_of(x, k_input, key_heads, "kv_num_heads");
  Heads v = heads_of(x, v_input, key_heads, "kv_num_heads");
  Value* lengths = x.reshape(x.input(5), {q.batch});
  // Valid entries of the past for each batch: input 5 is the total length less one.
  const auto before = [&](MapBuilder& map, const Dim& b) {
    return cast(DType::kInt64, map.load(lengths, {b})) + integer(Dim(1) - q.length);
  };
  if (x.attribute_int("do_rotary", 0) != 0) {
    const auto row = [&](MapBuilder& map, const Dim& b, const Dim& s) {
      if (x.has_input(9)) return cast(DType::kInt64, map.load(x.input(9), {b, s}));
      return before(map, b) + integer(s);
    };
    const Rotation r = cached_rotation(x, 7, x.shape(7).back() * 2,
                                       x.attribute_int("rotary_interleaved", 0) != 0, row);
    q = {rotated(x, q, r, "query_rotated"), q.heads_first, q.batch, q.count, q.length, q.size};
    k = {rotated(x, k, r, "key_rotated"), k.heads_first, k.batch, k.count, k.length, k.size};
  }
  const auto stated = x.integers(6);
  const Dim past = x.has_input(3) ? x.shape(3)[2] : Dim(0);
  const Dim total = stated && stated->size() == 1 ? max(past, stated->at(0)) : past + q.length;
  k = updated_cache(x, optional_input(x, 3), k, total, before, "present_key");
  v = updated_cache(x, optional_input(x, 4), v, total, before, "present_value");
  AttentionProblem p = attention_problem(x, q, k, v, x.attribute_float("scale", 0));
  p.softcap = x.attribute_float("softcap", 0);
  const int64_t window = x.attribute_int("local_window_size", -1);
  p.mask = [&, type = p.type](MapBuilder& map, const ScorePlace& at, E score) {
    const E own = before(map, at.batch) + integer(at.query), key = integer(at.key);
    E allowed = key <= own;
    if (window > 0) allowed = allowed && own - key < integer(window);
    if (x.has_input(10)) score = score + mask_element(x, map, at, x.input(10), total, type);
    return select(allowed, score, constant(type, kForbidden));
  };
  x.output(0, attend(x, p));
  if (x.wants_output(1)) x.output(1, k.value);
  if (x.wants_output(2)) x.output(2, v.value);
}

}  // namespace

OPS_TABLE(fused_attention){
    {"Attention", 1, "float", attention, "", "com.microsoft"},
    {"GroupQueryAttention", 1, "float", group_query_attention, "", "com.microsoft"},
    {"MultiHeadAttention", 1, "float", multi_head_attention, "", "com.microsoft"},
    {"RotaryEmbedding", 1, "float", rotary_embedding, "", "com.microsoft"},
};
OPS_END(fused_attention)

}  // namespace onnxc

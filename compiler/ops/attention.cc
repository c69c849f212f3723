// Attention and rotary embedding of the standard.
#include <limits>

#include "compiler/ops/attention_core.h"
#include "compiler/ops/op.h"

namespace onnxc {
namespace {

Heads read_heads(Lowering& x, size_t i, const std::string& attribute) {
  return heads_of(x, x.input(i), x.attribute_int(attribute, 0),
                  fmt::format("input {} with {}", i, attribute));
}

// The past's entries, then the new ones.
Heads with_past(Lowering& x, const Heads& fresh, size_t past) {
  return x.has_input(past) ? appended(x, x.input(past), fresh, "present") : fresh;
}

void attention(Lowering& x) {
  const Heads fresh = read_heads(x, 1, "kv_num_heads");
  const Heads k = with_past(x, fresh, 4), v = with_past(x, read_heads(x, 2, "kv_num_heads"), 5);
  AttentionProblem p = attention_problem(x, read_heads(x, 0, "q_num_heads"), k, v,
                                         static_cast<double>(x.attribute_float("scale", 0)));
  p.softcap = x.attribute_float("softcap", 0);
  const bool causal = x.attribute_int("is_causal", 0) != 0;
  const Dim past = k.length - fresh.length;
  p.mask = [&, keys = k.length, type = p.type](MapBuilder& map, const ScorePlace& at, E score) {
    const E forbidden = constant(type, -std::numeric_limits<double>::infinity());
    if (x.has_input(3)) score = score + mask_element(x, map, at, x.input(3), keys, type);
    if (causal) score = select(integer(at.key) <= integer(at.query + past), score, forbidden);
    if (x.has_input(6)) {
      const E length = map.load(x.input(6), {at.batch});
      score = select(integer(at.key) < cast(DType::kInt64, length), score, forbidden);
    }
    return score;
  };
  Value* chances = attention_probabilities(x, attention_scores(x, p, 2, "scores"));
  x.output(0, attention_values(x, p, chances));
  if (x.wants_output(1)) x.output(1, heads_first(x, p.k));
  if (x.wants_output(2)) x.output(2, heads_first(x, p.v));
  if (!x.wants_output(3)) return;
  const int64_t mode = x.attribute_int("qk_matmul_output_mode", 0);
  if (mode < 0 || mode > 3) throw x.error("qk_matmul_output_mode is {}, expected 0 to 3", mode);
  Value* shown = mode == 3 ? chances : attention_scores(x, p, mode, "shown");
  x.output(3,
           x.reshape(x.cast_to(shown, x.type(0)), {p.q.batch, p.q.count, p.q.length, p.k.length}));
}

// What the graph in attribute `name`, if there is one, makes of scores or probabilities.
Value* modified(Lowering& x, const AttentionProblem& p, Value* value, const char* name) {
  const OnnxGraph* graph = x.attribute_graph(name);
  if (!graph) return value;
  Value* given = x.reshape(value, {p.q.batch, p.q.count, p.q.length, p.k.length});
  const std::vector<Entity> results = x.lower_subgraph(*graph, {x.cast_to(given, x.type(0))});
  if (results.size() != 1 || !results[0].tensor ||
      text(results[0].tensor->shape) != text(given->shape))
    throw x.error("the graph {} must give one tensor of shape {}", name, text(given->shape));
  return x.reshape(x.cast_to(results[0].tensor, p.type), value->shape);
}

void flex_attention(Lowering& x) {
  const AttentionProblem p =
      attention_problem(x, read_heads(x, 0, ""), read_heads(x, 1, ""), read_heads(x, 2, ""),
                        static_cast<double>(x.attribute_float("scale", 0)));
  Value* scores = modified(x, p, attention_scores(x, p, 2, "scores"), "score_mod");
  Value* chances = modified(x, p, attention_probabilities(x, scores), "prob_mod");
  x.output(0, attention_values(x, p, chances));
}

// Rotates pairs of elements of each head by the angle of their position.
void rotary_embedding(Lowering& x) {
  const Heads h = read_heads(x, 0, "num_heads");
  const int64_t given = x.attribute_int("rotary_embedding_dim", 0);
  Rotation r{x.attribute_int("interleaved", 0) != 0, given > 0 ? Dim(given) : h.size, nullptr};
  const Dim half = floor_div(r.size, 2);
  const Shape& cache = x.shape(1);
  const bool by_position = x.has_input(3);
  if (cache.size() != (by_position ? 2u : 3u) || proves_ne(cache.back(), half)) {
    throw x.error("the cache has shape {}, expected {}{}]", text(cache),
                  by_position ? "[positions, " : "[batch, length, ", half.text());
  }
  r.table = [&](MapBuilder& map, int member, const Dim& b, const Dim& position, const Dim& pair) {
    Value* table = x.input(1 + static_cast<size_t>(member));
    if (!by_position) return map.load(table, {b, position, pair});
    const Dim row =
        map.load_index(x.input(3), {b, position}, {0, (table->shape[0] - 1).range().max});
    return map.load(table, {row, pair});
  };
  x.output(0, x.reshape(rotated(x, h, r, "rotated"), x.shape(0)));
}

}  // namespace

OPS_TABLE(attention){
    {"Attention", 23, "float", attention},
    {"FlexAttention", 1, "float", flex_attention, "", "ai.onnx.preview"},
    {"RotaryEmbedding", 23, "float", rotary_embedding},
};
OPS_END(attention)

}  // namespace onnxc

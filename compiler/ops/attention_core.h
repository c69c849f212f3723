// Scaled dot-product attention, for all operators that contain it.
#pragma once

#include <functional>
#include <string>

#include "compiler/ops/lowering.h"

namespace onnxc {

// Queries, keys or values by batch, head, position and element, however they lie.
struct Heads {
  Value* value;
  bool heads_first;  // [batch, heads, length, size], else [batch, length, heads, size]
  Dim batch, count, length, size;

  E load(MapBuilder& map, const Dim& b, const Dim& head, const Dim& position, const Dim& e) const;
};

// A value of four axes, or of three whose last one `count` heads share; `what` names it and the
// count in messages.
Heads heads_of(Lowering& x, Value* value, int64_t count, const std::string& what);
// [batch, heads, length, size].
Value* heads_first(Lowering& x, const Heads& heads);
// The entries of `before` ([batch, heads, length, size]), then the fresh ones.
Heads appended(Lowering& x, Value* before, const Heads& fresh, const std::string& part);

// Where a score stands.
struct ScorePlace {
  Dim batch, head, key_head, query, key;
};
// What becomes of a score before the softmax: masks and biases.
using MaskScore = std::function<E(MapBuilder&, const ScorePlace&, E score)>;

struct AttentionProblem {
  Heads q, k, v;
  double scale;
  double softcap;
  DType type;  // of the arithmetic
  MaskScore mask;
  Dim group = 1;  // query heads that share a key head
};

// Checks that queries, keys and values fit, and completes the problem; `scale` 0 is 1 / sqrt(size).
AttentionProblem attention_problem(Lowering& x, const Heads& q, const Heads& k, const Heads& v,
                                   double scale);

// Scores of every query with every key at a stage: 0 scaled, 1 capped, 2 masked.
Value* attention_scores(Lowering& x, const AttentionProblem& p, int64_t stage,
                        const std::string& part);
// Softmax along the last axis; a row that allows nothing becomes zeros.
Value* attention_probabilities(Lowering& x, Value* score);
// The values weighted by the probabilities, as the queries lie: [batch, heads, length, size], or
// [batch, length, heads * size].
Value* attention_values(Lowering& x, const AttentionProblem& p, Value* probabilities);
// All of it.
Value* attend(Lowering& x, const AttentionProblem& p);

// Element of an additive mask of two to four axes that broadcasts against [batch, heads, queries,
// keys]; bool ones forbid where they are false, and one shorter than `keys` forbids the rest.
E mask_element(Lowering& x, MapBuilder& map, const ScorePlace& at, Value* mask, const Dim& keys,
               DType type);

// How heads are rotated by their positions: pairs of elements of the first `size`, either
// neighbours or half of `size` apart.
struct Rotation {
  bool interleaved = false;
  Dim size;
  // The caches' elements for batch, position and pair; member 0 is the cosine, 1 the sine.
  std::function<E(MapBuilder&, int member, const Dim& b, const Dim& position, const Dim& pair)>
      table;
};
// The heads rotated, as they lie.
Value* rotated(Lowering& x, const Heads& heads, const Rotation& rotation, const std::string& part);

}  // namespace onnxc

// Normalisation as optimisers fuse it: with a residual sum before it, or without a mean.
#include "compiler/ops/normalization.h"
#include "compiler/ops/op.h"

namespace onnxc {
namespace {

Value* optional_input(Lowering& x, size_t i) { return x.has_input(i) ? x.input(i) : nullptr; }

// input + skip + bias, in the stored type.
Value* residual_sum(Lowering& x, size_t bias) {
  MapBuilder map(x, x.shape(0));
  E sum = map.load(x.input(0)) + map.load(x.input(1));
  if (x.has_input(bias)) sum = sum + map.load(x.input(bias));
  return map.build(sum, x.type(0), "sum");
}

void skip_layer_normalization(Lowering& x) {
  Value* sum = residual_sum(x, 4);
  const int rank = x.rank(0);
  const Moments m = moments(x, sum, {rank - 1}, x.attribute_float("epsilon", 1e-12f));
  x.output(0, normalized(x, sum, m, x.input(2), optional_input(x, 3), x.type(0)));
  x.output(1, m.mean);
  x.output(2, m.inverse);
  x.output(3, sum);
}

void skip_simplified_layer_normalization(Lowering& x) {
  Value* sum = residual_sum(x, 3);
  if (x.wants_output(1)) throw x.error("output 1, the mean, does not exist without a mean");
  Value* inverse = inverse_rms(x, sum, {x.rank(0) - 1}, x.attribute_float("epsilon", 1e-12f));
  x.output(0, normalized(x, sum, {nullptr, inverse}, x.input(2), nullptr, x.type(0)));
  x.output(2, inverse);
  x.output(3, sum);
}

void simplified_layer_normalization(Lowering& x) {
  const int rank = x.rank(0);
  const int axis = x.normalized_axis(x.attribute_int("axis", -1), rank);
  Value* inverse =
      inverse_rms(x, x.input(0), axes_from(axis, rank), x.attribute_float("epsilon", 1e-5f));
  x.output(0, normalized(x, x.input(0), {nullptr, inverse}, x.input(1), nullptr, x.type(1)));
  x.output(1, inverse);
}

// The sum of a word's, a position's and a segment's embedding, normalised.
void embed_layer_normalization(Lowering& x) {
  Value *words = x.input(2), *positions = x.input(3), *ids = x.input(0);
  if (ids->shape.size() != 2)
    throw x.error("input 0 has shape {}, expected [batch, length]", text(ids->shape));
  const Shape shape{ids->shape[0], ids->shape[1], words->shape[1]};
  MapBuilder map(x, shape);
  const Dim b = map.index(0), s = map.index(1), e = map.index(2);
  const auto row = [&](size_t table, Value* index, const std::vector<Dim>& at) {
    Value* rows = x.input(table);
    const Dim r =
        map.load_index(index, at, {0, std::max<int64_t>(0, rows->shape[0].range().max - 1)});
    return map.load(rows, {r, e});
  };
  E sum = row(2, ids, {b, s});
  if (x.has_input(8)) {
    const Dim first = x.shape(8)[0].is(1) ? Dim(0) : b;
    sum = sum + row(3, x.input(8), {first, s});
  } else {
    sum = sum + map.load(positions, {s, e});
  }
  if (x.has_input(1)) sum = sum + row(4, x.input(1), {b, s});
  Value* total = map.build(sum, words->type, "sum");
  const Moments m = moments(x, total, {2}, x.attribute_float("epsilon", 1e-12f));
  x.output(0, normalized(x, total, m, x.input(5), optional_input(x, 6), words->type));
  if (x.wants_output(1)) {
    if (x.has_input(7)) {
      x.output(1, x.reduce(Reduction::kSum, x.input(7), {1}, false, [](E v) {
        return cast(v.type(), eq(v, constant_integer(v.type(), 1)));
      }));
    } else {
      MapBuilder none(x, {ids->shape[0]});
      x.output(1, none.build(constant_integer(DType::kInt32, 0), DType::kInt32, "lengths"));
    }
  }
  if (x.wants_output(2)) x.output(2, total);
}

}  // namespace

OPS_TABLE(skip_normalization){
    {"EmbedLayerNormalization", 1, "float", embed_layer_normalization, "", "com.microsoft"},
    {"SimplifiedLayerNormalization", 1, "float", simplified_layer_normalization},
    {"SimplifiedLayerNormalization", 1, "float", simplified_layer_normalization, "",
     "com.microsoft"},
    {"SkipLayerNormalization", 1, "float", skip_layer_normalization, "", "com.microsoft"},
    {"SkipSimplifiedLayerNormalization", 1, "float", skip_simplified_layer_normalization, "",
     "com.microsoft"},
};
OPS_END(skip_normalization)

}  // namespace onnxc

// Turns a product, the softmax of its rows and a product with that into one step which keeps a
// strip of scores instead of all.
//   s = matmul (q, k); p = rows softmax (s); y = matmul (p, v)   ->   y = attention (q, k, v)
#include <algorithm>

#include "compiler/ir/equal_expressions.h"
#include "compiler/passes/pass.h"
#include "compiler/passes/split_batch.h"

namespace onnxc {
namespace {

constexpr int64_t kFewestQueries = 8;

// The parts of a softmax along the last axis of input 0.
std::vector<Map> softmax_parts(const Shape& shape, bool inverse) {
  const int last = static_cast<int>(shape.size()) - 1;
  const Dim n = shape.back();
  Shape row = shape;
  row.back() = 1;
  const auto at = [&](const Shape& space, const Dim& column) {
    std::vector<Dim> index = identity_index(space);
    index.back() = column;
    return index;
  };
  const auto element = [&](int input) {
    return load(input, DType::kFloat, at(shape, Dim::index(last, n)));
  };
  const auto reduced = [&](int input) {
    return load(input, DType::kFloat, at(row, Dim::index(last + 1, n)));
  };
  const auto scalar = [&](int part) {
    return load(kFirstPart + part, DType::kFloat, at(shape, 0));
  };
  const E powers = element(kFirstPart + 1);
  const E sum = accumulator(DType::kFloat);
  return {
      {row, {n}, Reduction::kMax, reduced(0), E()},
      {shape, {}, Reduction::kNone, exp(element(0) - scalar(0)), E()},
      {row, {n}, Reduction::kSum, reduced(kFirstPart + 1), inverse ? 1.0 / sum : E()},
      {shape, {}, Reduction::kNone, inverse ? powers * scalar(2) : powers / scalar(2), E()},
  };
}

bool is_softmax(const Node& node) {
  const Rows* rows = node.as<Rows>();
  if (!rows || rows->parts.size() != 4 || node.inputs.size() != 1 || node.outputs.size() != 1 ||
      node.output()->type != DType::kFloat || node.inputs[0]->type != DType::kFloat)
    return false;
  for (const bool inverse : {true, false}) {
    const std::vector<Map> wanted = softmax_parts(node.output()->shape, inverse);
    bool same = true;
    for (size_t k = 0; k < wanted.size(); ++k) {
      const Map& part = rows->parts[k].map;
      same &= part.space == wanted[k].space && part.reduced == wanted[k].reduced &&
              part.reduction == wanted[k].reduction && equal(part.body, wanted[k].body) &&
              equal(part.finish, wanted[k].finish);
    }
    if (same) return true;
  }
  return false;
}

Node* behind_reshapes(const Graph& graph, const Value* value, std::vector<Node*>& passed) {
  for (;; value = value->producer->inputs[0]) {
    if (!value->producer || value->users.size() != 1 || graph.is_output(value)) return nullptr;
    passed.push_back(value->producer);
    if (!value->producer->as<Reshape>()) return value->producer;
  }
}

// Row-major over its batches, rows and columns.
bool is_dense(const MatMul::Strides& s, const MatMul& batches, const Dim& rows,
              const Dim& columns) {
  return s.offset.is(0) && s.column.is(1) && (rows.is(1) || s.row == columns) &&
         (batches.inner.is(1) || s.inner == rows * columns) &&
         (batches.outer.is(1) || s.outer == batches.inner * rows * columns);
}

MatMul::Strides dense(const MatMul& batches, const Dim& rows, const Dim& columns) {
  return {0, batches.inner * rows * columns, rows * columns, columns, 1};
}

Dim scratch_for(const Dim& keys, const Dim& size, const Dim& values) {
  constexpr int64_t kQueries = 64, kKeys = 256;
  const auto up = [](const Dim& d) { return ceil_div(d, 16) * 16; };
  const Dim floats = up(keys) * size + up(values) * (keys + kQueries) + kQueries * (kKeys + 3);
  return floats * 4 + 64;
}

// Lets both products count their batches in the same way.
bool align_batches(MatMul& a, MatMul& b) {
  if (a.outer == b.outer && a.inner == b.inner) return true;
  if (a.outer * a.inner != b.outer * b.inner) return false;
  if (a.outer.is(1)) {
    a = split_batch(a, b.outer, b.inner);
  } else if (b.outer.is(1)) {
    b = split_batch(b, a.outer, a.inner);
  } else {
    return false;
  }
  return true;
}

bool fuse(Graph& graph, Node& second) {
  std::vector<Node*> passed;
  Node* middle = behind_reshapes(graph, second.inputs[0], passed);
  if (!middle || !is_softmax(*middle)) return false;
  Node* first = behind_reshapes(graph, middle->inputs[0], passed);
  if (!first || !first->as<MatMul>() || first->as<MatMul>()->method != "matmul") return false;
  MatMul scores = *first->as<MatMul>(), values = *second.as<MatMul>();
  if (!is_dense(scores.c, scores, scores.m, scores.n) ||
      !is_dense(values.a, values, values.m, values.k) || scores.m != values.m ||
      scores.n != values.k || middle->output()->shape.back() != scores.n ||
      scores.m.range().max < kFewestQueries || !align_batches(scores, values))
    return false;
  scores.c = values.a = dense(scores, scores.m, scores.n);
  std::vector<Value*> inputs{first->inputs[0], first->inputs[1], second.inputs[1]};
  const auto slot = [&](const Node& from) {
    return [&inputs, &from](int i) {
      const auto at = std::find(inputs.begin() + 3, inputs.end(), from.inputs[i]);
      const int number = static_cast<int>(at - inputs.begin());
      if (at == inputs.end()) inputs.push_back(from.inputs[i]);
      return number;
    };
  };
  if (scores.finish) scores.finish = renumber_inputs(scores.finish, slot(*first));
  if (values.finish) values.finish = renumber_inputs(values.finish, slot(second));
  Attention attention{scores, values, scratch_for(scores.n, scores.k, values.n)};
  std::vector<std::string> origins = first->origins;
  for (const Node* node : {middle, &second})
    origins.insert(origins.end(), node->origins.begin(), node->origins.end());
  Value* result = second.output();
  Node* fused =
      graph.add_node(std::move(attention), std::move(inputs),
                     {{result->name, result->type, result->shape}}, std::move(origins), &second);
  graph.replace_uses(result, fused->output());
  graph.take_name(fused->output(), result);
  graph.erase(&second);
  for (Node* node : passed) graph.erase(node);
  return true;
}

}  // namespace

bool fuse_attention(Graph& graph, const Options&) {
  std::vector<Node*> products;
  for (const auto& node : graph.nodes()) {
    const MatMul* product = node->as<MatMul>();
    if (product && product->method == "matmul") products.push_back(node.get());
  }
  // Readers first: the product of a score is gone once its reader is fused.
  bool changed = false;
  for (auto it = products.rbegin(); it != products.rend(); ++it) {
    const bool gone = std::none_of(graph.nodes().begin(), graph.nodes().end(),
                                   [&](const auto& n) { return n.get() == *it; });
    if (!gone) changed |= fuse(graph, **it);
  }
  return changed;
}

}  // namespace onnxc

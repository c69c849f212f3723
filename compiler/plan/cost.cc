// Counting of multiply-adds.
#include "compiler/plan/cost.h"

#include <algorithm>

#include "compiler/ir/bounds.h"

namespace onnxc {
namespace {

Dim outputs_of(const Value& value) {
  if (!value.layout.blocked) return product(value.shape);
  Dim elements = value.shape[0] * value.layout.channels;
  for (size_t k = 2; k + 1 < value.shape.size(); ++k) elements = elements * value.shape[k];
  return elements;
}

Dim multiply_adds(const Conv& conv, const Node& node) {
  Dim window = 1;
  if (conv.method.empty()) {
    const Shape& w = node.inputs[1]->shape;
    window = product(Shape(w.begin() + 1, w.end()));
  } else {
    window = conv.in_channels / conv.groups;
    for (int64_t k : conv.kernel) window = window * k;
  }
  return outputs_of(*node.output()) * window;
}

bool is_product(const Expr& e) {
  if (e.kind != Expr::Kind::kCall) return false;
  if (e.op == ScalarOp::kMul) return true;
  return (e.op == ScalarOp::kSelect || e.op == ScalarOp::kCast) &&
         std::any_of(e.args.begin(), e.args.end(), [](const ExprRef& x) { return is_product(*x); });
}

Dim multiply_adds(const MatMul& m) { return m.outer * m.inner * m.m * m.n * m.k; }

Dim multiply_adds(const Map& map) {
  if (map.reduction != Reduction::kSum || !is_product(*map.body)) return 0;
  return product(map.space) * product(map.reduced);
}

Dim multiply_adds(const Graph& body) {
  Dim sum = 0;
  for (const auto& node : body.nodes()) sum = sum + onnxc::multiply_adds(*node);
  return sum;
}

}  // namespace

Dim multiply_adds(const Node& node) {
  if (const Conv* conv = node.as<Conv>()) return multiply_adds(*conv, node);
  if (const MatMul* m = node.as<MatMul>()) return multiply_adds(*m);
  if (const Attention* a = node.as<Attention>())
    return multiply_adds(a->scores) + multiply_adds(a->values);
  if (const Loop* loop = node.as<Loop>()) return loop->trips * multiply_adds(*loop->body);
  if (const If* choice = node.as<If>())
    return max(multiply_adds(*choice->then_body), multiply_adds(*choice->else_body));
  if (const Map* map = node.as<Map>()) return multiply_adds(*map);
  Dim sum = 0;
  if (const Rows* rows = node.as<Rows>()) {
    for (const Rows::Part& part : rows->parts) sum = sum + multiply_adds(part.map);
  }
  return sum;
}

Dim multiply_adds(const Program& program) {
  Dim sum = 0;
  for (const Node* step : program.steps) sum = sum + multiply_adds(*step);
  return upper_bound(sum, found_sizes(program.graph));
}

}  // namespace onnxc

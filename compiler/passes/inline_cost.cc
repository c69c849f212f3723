// Weighing expressions.
#include "compiler/passes/inline_cost.h"

#include <algorithm>

namespace onnxc {

int cost_of(const E& e) {
  int cost = 0;
  visit(e, [&](const Expr& x) {
    if (x.kind == Expr::Kind::kLoad) ++cost;
    if (x.kind != Expr::Kind::kCall) return;
    switch (x.op) {
      case ScalarOp::kAdd:
      case ScalarOp::kSub:
      case ScalarOp::kMul:
      case ScalarOp::kMin:
      case ScalarOp::kMax:
      case ScalarOp::kNeg:
      case ScalarOp::kAbs:
      case ScalarOp::kCast:
      case ScalarOp::kSelect:
      case ScalarOp::kNot:
      case ScalarOp::kAnd:
      case ScalarOp::kOr:
      case ScalarOp::kEq:
      case ScalarOp::kNe:
      case ScalarOp::kLt:
      case ScalarOp::kLe:
      case ScalarOp::kGt:
      case ScalarOp::kGe:
        ++cost;
        break;
      default:
        cost += 8;
    }
  });
  return cost;
}

bool is_contraction(const Map& map) {
  if (map.reduction != Reduction::kSum || map.body->kind != Expr::Kind::kCall ||
      map.body->op != ScalarOp::kMul)
    return false;
  const auto is_load = [](const ExprRef& e) {
    bool loads = false;
    visit(E(e), [&](const Expr& x) { loads |= x.kind == Expr::Kind::kLoad; });
    return loads;
  };
  return is_load(map.body->args[0]) && is_load(map.body->args[1]) &&
         map.body->args[0] != map.body->args[1];
}

bool has_single_user(const Graph& graph, const Value& value) {
  for (const Value* v = &value;; v = v->producer->inputs[0]) {
    const bool one = std::all_of(v->users.begin(), v->users.end(),
                                 [&](const Node* n) { return n == v->users[0]; });
    if (!one || graph.is_output(v)) return false;
    if (!v->producer || !v->producer->as<Reshape>()) return true;
  }
}

}  // namespace onnxc

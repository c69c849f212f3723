// Joins element-wise steps with the step that reads them, when no element would be computed twice
// or it costs next to nothing.
//   t = map exp(in0[i0]) (x); y = map in0[i0] * 2 (t)   ->   y = map exp(in0[i0]) * 2 (x)
#include <algorithm>

#include "compiler/passes/inline_map.h"
#include "compiler/passes/pass.h"

namespace onnxc {
namespace {

// Weighs what computing an element again costs against loading it: loads and simple arithmetic
// count 1, functions 8.
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

Dim work_of(const Map& map) { return product(map.space) * product(map.reduced); }

// A sum of products is a contraction: its operands are loaded many times.
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

bool worth_inlining(const Graph& graph, const Node& user, const Value& value, const Map& producer) {
  const Map* map = user.as<Map>();
  const int cost = cost_of(producer.body);
  if (cost <= 1) return true;
  if (!map) return cost <= 2;
  if (is_contraction(*map)) return false;
  bool single_user = !graph.is_output(&value);
  for (const Value* v = &value; single_user;) {
    single_user = std::all_of(v->users.begin(), v->users.end(),
                              [&](const Node* n) { return n == v->users[0]; }) &&
                  !graph.is_output(v);
    if (!v->producer || !v->producer->as<Reshape>()) break;
    v = v->producer->inputs[0];
  }
  const bool once = proves_le(work_of(*map), product(producer.space));
  return single_user && (once || cost <= 3);
}

}  // namespace

bool fuse_elementwise(Graph& graph, const Options&) {
  bool changed = false;
  for (const auto& node : graph.nodes()) {
    if (!node->as<Map>() && !node->as<Conv>()) continue;
    for (size_t i = 0; i < node->inputs.size();) {
      const Value& value = *node->inputs[i];
      const bool inlined =
          inline_input(graph, *node, static_cast<int>(i), [&](const Map& producer, const auto&) {
            return worth_inlining(graph, *node, value, producer);
          });
      changed |= inlined;
      if (!inlined) ++i;
    }
  }
  return changed;
}

}  // namespace onnxc

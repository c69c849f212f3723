// What can be computed in vectors along one loop.
#include "compiler/ir/vectorizable.h"

#include <algorithm>
#include <unordered_set>

namespace onnxc {
namespace {

bool is_linear(const Dim& flat, int axis) {
  const auto c = flat.coefficient_of_index(axis);
  return c && !c->has_index();
}

}  // namespace

bool varies_along(const E& e, int axis) { return mentions_loop_index(*e, axis); }

bool is_vectorizable(const E& e, int axis) {
  bool ok = true;
  std::unordered_set<const Expr*> seen;
  std::function<void(const E&)> walk = [&](const E& x) {
    if (!ok || !seen.insert(x.ref().get()).second) return;
    if (x->kind == Expr::Kind::kAccumulator) {
      ok &= x.type() == DType::kFloat;
      return;
    }
    if (!varies_along(x, axis)) {
      bool has_accumulator = false;
      visit(x, [&](const Expr& n) { has_accumulator |= n.kind == Expr::Kind::kAccumulator; });
      if (!has_accumulator) return;
    }
    switch (x->kind) {
      case Expr::Kind::kInteger:
        ok = false;
        return;
      case Expr::Kind::kLoad:
        ok &= x.type() == DType::kFloat &&
              std::all_of(x->index.begin(), x->index.end(),
                          [&](const Dim& d) { return is_linear(d, axis); });
        return;
      case Expr::Kind::kCall: {
        const DType operand = E(x->args.back()).type();
        if (x->op == ScalarOp::kCast) {
          ok = false;
        } else if (x->op == ScalarOp::kSelect) {
          ok &= operand == DType::kFloat;
        } else if (x->op == ScalarOp::kMod || x->op == ScalarOp::kFmod) {
          ok = false;
        } else {
          ok &= operand == DType::kFloat || operand == DType::kBool;
        }
        for (const ExprRef& a : x->args) walk(E(a));
        return;
      }
      default:
        return;
    }
  };
  walk(e);
  return ok;
}

}  // namespace onnxc

// The chain rule, operation by operation.
#include "compiler/ops/derivative.h"

#include <cmath>
#include <numbers>
#include <unordered_map>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

E one(DType type) { return constant(type, 1); }

class Derivative {
 public:
  explicit Derivative(const Expr* leaf) : leaf_(leaf) {}

  E of(const E& x) {
    const auto it = done_.find(x.ref().get());
    if (it != done_.end()) return it->second;
    E result = fresh(x);
    done_.emplace(x.ref().get(), result);
    return result;
  }

 private:
  E fresh(const E& x) {
    if (x.ref().get() == leaf_) return one(x.type());
    if (x->kind != Expr::Kind::kCall || !is_float(x.type())) return {};
    if (x->op == ScalarOp::kSelect) return selected(x);
    if (x->args.size() == 2) return of_binary(x, E(x->args[0]), E(x->args[1]));
    const E a(x->args[0]), inner = of(a);
    if (!inner) return {};
    if (x->op == ScalarOp::kCast) return cast(x.type(), inner);
    const E slope = of_unary(x, a);
    return slope ? slope * inner : E();
  }

  static E sum(const E& a, const E& b) { return !a ? b : !b ? a : a + b; }

  E selected(const E& x) {
    const E a = of(E(x->args[1])), b = of(E(x->args[2]));
    if (!a && !b) return {};
    const E zero = constant(x.type(), 0);
    return select(E(x->args[0]), a ? a : zero, b ? b : zero);
  }

  E of_binary(const E& x, const E& a, const E& b) {
    const E da = of(a), db = of(b);
    if (!da && !db) return {};
    const E zero = constant(x.type(), 0);
    switch (x->op) {
      case ScalarOp::kAdd:
        return sum(da, db);
      case ScalarOp::kSub:
        return sum(da, db ? -db : E());
      case ScalarOp::kMul:
        return sum(da ? da * b : E(), db ? a * db : E());
      case ScalarOp::kDiv:
        return sum(da ? da / b : E(), db ? -(db * x / b) : E());
      case ScalarOp::kPow:
        return sum(da ? da * b * pow(a, b - 1.0) : E(), db ? db * x * log(a) : E());
      case ScalarOp::kMin:
        return select(a <= b, da ? da : zero, db ? db : zero);
      case ScalarOp::kMax:
        return select(a >= b, da ? da : zero, db ? db : zero);
      default:
        throw CompileError("{} has no derivative", name(x->op));
    }
  }

  // The slope of x = op(a) at a; null where it is flat.
  static E of_unary(const E& x, const E& a) {
    switch (x->op) {
      case ScalarOp::kNeg:
        return constant(x.type(), -1);
      case ScalarOp::kAbs:
        return call(ScalarOp::kSign, {a});
      case ScalarOp::kSqrt:
        return 0.5 / x;
      case ScalarOp::kExp:
        return x;
      case ScalarOp::kLog:
        return 1.0 / a;
      case ScalarOp::kLog1p:
        return 1.0 / (a + 1.0);
      case ScalarOp::kSin:
        return call(ScalarOp::kCos, {a});
      case ScalarOp::kCos:
        return -call(ScalarOp::kSin, {a});
      case ScalarOp::kTan:
        return x * x + 1.0;
      case ScalarOp::kAsin:
        return 1.0 / sqrt(1.0 - a * a);
      case ScalarOp::kAcos:
        return -1.0 / sqrt(1.0 - a * a);
      case ScalarOp::kAtan:
        return 1.0 / (a * a + 1.0);
      case ScalarOp::kSinh:
        return call(ScalarOp::kCosh, {a});
      case ScalarOp::kCosh:
        return call(ScalarOp::kSinh, {a});
      case ScalarOp::kTanh:
        return 1.0 - x * x;
      case ScalarOp::kAsinh:
        return 1.0 / sqrt(a * a + 1.0);
      case ScalarOp::kAcosh:
        return 1.0 / sqrt(a * a - 1.0);
      case ScalarOp::kAtanh:
        return 1.0 / (1.0 - a * a);
      case ScalarOp::kErf:
        return exp(-(a * a)) * (2 / std::sqrt(std::numbers::pi));
      case ScalarOp::kSigmoid:
        return x * (1.0 - x);
      case ScalarOp::kSign:
      case ScalarOp::kFloor:
      case ScalarOp::kCeil:
      case ScalarOp::kRoundEven:
      case ScalarOp::kTrunc:
        return {};
      default:
        throw CompileError("{} has no derivative", name(x->op));
    }
  }

  const Expr* leaf_;
  std::unordered_map<const Expr*, E> done_;
};

}  // namespace

E derivative(const E& x, const Expr* leaf) { return Derivative(leaf).of(x); }

}  // namespace onnxc

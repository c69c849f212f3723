// Writes constants of one element into the expressions that load them, and divides by multiplying.
//   y = map in0[i0] / in1[] (x, constant 8)   ->   y = map in0[i0] * 0.125 (x)
#include <algorithm>
#include <cmath>

#include "compiler/passes/inline_map.h"
#include "compiler/passes/pass.h"

namespace onnxc {
namespace {

bool is_scalar(const Value& v) {
  const bool known_type = v.type == DType::kFloat || v.type == DType::kDouble ||
                          v.type == DType::kInt64 || v.type == DType::kInt32 ||
                          v.type == DType::kBool;
  return v.is_constant() && known_type && v.constant->size() == 1;
}

E number_of(const Value& v) {
  if (is_float(v.type)) return constant(v.type, v.constant->as_double(0));
  return constant_integer(v.type, v.constant->as_int64(0));
}

// 1 / divisor where multiplying by it rounds as dividing does, or nearly so if that will do.
std::optional<double> reciprocal(double divisor, DType type, Precision precision) {
  int exponent = 0;
  const double fraction = std::frexp(std::abs(divisor), &exponent);
  const bool ordinary = std::isfinite(divisor) && fraction > 0 && std::abs(exponent) < 100;
  if (!ordinary || (fraction != 0.5 && (precision == Precision::kStrict || type != DType::kFloat)))
    return std::nullopt;
  return 1 / divisor;
}

// Whether what is computed ends on whole numbers, where the last bit of a quotient may decide.
bool rounds(const E& e) {
  bool found = false;
  visit(e, [&](const Expr& x) {
    if (x.kind != Expr::Kind::kCall) return;
    found |= x.op == ScalarOp::kRoundEven || x.op == ScalarOp::kTrunc || x.op == ScalarOp::kFloor ||
             x.op == ScalarOp::kCeil || (x.op == ScalarOp::kCast && !is_float(x.type));
  });
  return found;
}

class Inliner {
 public:
  Inliner(Graph& graph, const Options& options) : graph_(graph), options_(options) {}

  bool run() {
    bool changed = false;
    for (const auto& node : graph_.nodes()) {
      if (Map* m = node->as<Map>()) {
        if (!is_pure_load(*m)) changed |= rewrite_both(*node, m->body, m->finish);
      } else if (Conv* c = node->as<Conv>()) {
        E none;
        changed |= rewrite_both(*node, none, c->finish);
      }
    }
    return changed;
  }

 private:
  bool rewrite_both(Node& node, E& body, E& finish) {
    bool changed = false;
    for (E* e : {&body, &finish}) {
      if (!*e) continue;
      const Precision precision = rounds(*e) ? Precision::kStrict : options_.precision;
      const E now = rewrite(*e, [&](const Expr& x) { return replacement(node, x, precision); });
      changed |= now.ref() != e->ref();
      *e = now;
    }
    if (changed) graph_.compact_inputs(&node);
    return changed;
  }

  static std::optional<E> replacement(const Node& node, const Expr& x, Precision precision) {
    if (x.kind == Expr::Kind::kLoad && is_scalar(*node.inputs[x.input]))
      return number_of(*node.inputs[x.input]);
    if (x.kind != Expr::Kind::kCall || x.op != ScalarOp::kDiv) return std::nullopt;
    const Expr& divisor = *x.args[1];
    if (divisor.kind != Expr::Kind::kConstant || !is_float(divisor.type)) return std::nullopt;
    const auto factor = reciprocal(divisor.value, x.type, precision);
    if (!factor) return std::nullopt;
    return E(x.args[0]) * *factor;
  }

  Graph& graph_;
  const Options& options_;
};

}  // namespace

bool inline_scalars(Graph& graph, const Options& options) { return Inliner(graph, options).run(); }

}  // namespace onnxc

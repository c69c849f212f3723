// Building, rewriting and printing scalar expressions.
#include "compiler/ir/expr.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

struct OpInfo {
  std::string_view name;
  int arity;
};
constexpr OpInfo kOps[] = {
#define SCALAR_OP(enumerator, spelling, arity) {spelling, arity},
#include "compiler/ir/scalar_ops.def"
#undef SCALAR_OP
};

bool gives_bool(ScalarOp op) {
  switch (op) {
    case ScalarOp::kIsNan:
    case ScalarOp::kIsInf:
    case ScalarOp::kEq:
    case ScalarOp::kNe:
    case ScalarOp::kLt:
    case ScalarOp::kLe:
    case ScalarOp::kGt:
    case ScalarOp::kGe:
    case ScalarOp::kAnd:
    case ScalarOp::kOr:
    case ScalarOp::kXor:
    case ScalarOp::kNot:
      return true;
    default:
      return false;
  }
}

E make(Expr e) { return E(std::make_shared<const Expr>(std::move(e))); }
bool is_number(const Expr& e, double v) {
  return e.kind == Expr::Kind::kConstant &&
         (is_float(e.type) ? e.value == v : static_cast<double>(e.integer_value) == v);
}
E like(const E& x, double v) { return constant(x.type(), v); }

std::optional<bool> decided(ScalarOp op, const E& a, const E& b) {
  if (a->kind == Expr::Kind::kConstant && b->kind == Expr::Kind::kConstant) {
    const double x = is_float(a.type()) ? a->value : static_cast<double>(a->integer_value);
    const double y = is_float(b.type()) ? b->value : static_cast<double>(b->integer_value);
    if (is_float(a.type()) != is_float(b.type())) return std::nullopt;
    if (!is_float(a.type())) {
      const int64_t i = a->integer_value, j = b->integer_value;
      if (op == ScalarOp::kEq) return i == j;
      if (op == ScalarOp::kNe) return i != j;
      if (op == ScalarOp::kLt) return i < j;
      if (op == ScalarOp::kLe) return i <= j;
      if (op == ScalarOp::kGt) return i > j;
      if (op == ScalarOp::kGe) return i >= j;
    }
    if (op == ScalarOp::kEq) return x == y;
    if (op == ScalarOp::kNe) return x != y;
    if (op == ScalarOp::kLt) return x < y;
    if (op == ScalarOp::kLe) return x <= y;
    if (op == ScalarOp::kGt) return x > y;
    if (op == ScalarOp::kGe) return x >= y;
    return std::nullopt;
  }
  const auto as_dim = [](const E& e) -> std::optional<Dim> {
    if (e->kind == Expr::Kind::kInteger) return e->integer;
    if (e->kind == Expr::Kind::kConstant && e.type() == DType::kInt64) return Dim(e->integer_value);
    return std::nullopt;
  };
  const auto x = as_dim(a), y = as_dim(b);
  if (!x || !y) return std::nullopt;
  switch (op) {
    case ScalarOp::kEq:
      if (*x == *y) return true;
      if (proves_ne(*x, *y)) return false;
      break;
    case ScalarOp::kNe:
      if (*x == *y) return false;
      if (proves_ne(*x, *y)) return true;
      break;
    case ScalarOp::kLt:
      if (proves_lt(*x, *y)) return true;
      if (proves_le(*y, *x)) return false;
      break;
    case ScalarOp::kLe:
      if (proves_le(*x, *y)) return true;
      if (proves_lt(*y, *x)) return false;
      break;
    case ScalarOp::kGt:
      if (proves_lt(*y, *x)) return true;
      if (proves_le(*x, *y)) return false;
      break;
    case ScalarOp::kGe:
      if (proves_le(*y, *x)) return true;
      if (proves_lt(*x, *y)) return false;
      break;
    default:
      break;
  }
  return std::nullopt;
}

int64_t wrapped(uint64_t x) { return static_cast<int64_t>(x); }

// `op` on two index expressions (the second is the first again for one operand), if the result is
// one. Constants wrap as int64 does; sizes that overflow stay an operation.
std::optional<Dim> combined(ScalarOp op, const Dim& a, const Dim& b) {
  if (a.is_constant() && b.is_constant()) {
    const auto x = static_cast<uint64_t>(a.value()), y = static_cast<uint64_t>(b.value());
    if (op == ScalarOp::kAdd) return wrapped(x + y);
    if (op == ScalarOp::kSub) return wrapped(x - y);
    if (op == ScalarOp::kMul) return wrapped(x * y);
    if (op == ScalarOp::kNeg) return wrapped(0 - x);
  }
  try {
    switch (op) {
      case ScalarOp::kAdd:
        return a + b;
      case ScalarOp::kSub:
        return a - b;
      case ScalarOp::kMul:
        return a * b;
      case ScalarOp::kNeg:
        return Dim(0) - a;
      case ScalarOp::kMin:
        return min(a, b);
      case ScalarOp::kMax:
        return max(a, b);
      case ScalarOp::kDiv:
        if (proves_nonnegative(a) && proves_lt(0, b)) return floor_div(a, b);
        return std::nullopt;
      case ScalarOp::kMod:
        if (proves_lt(0, b)) return floor_mod(a, b);
        return std::nullopt;
      default:
        return std::nullopt;
    }
  } catch (const CompileError&) {
    return std::nullopt;
  }
}

// A rewrite that remembers shared nodes, so that a DAG stays one.
class Rewriter {
 public:
  explicit Rewriter(const std::function<std::optional<E>(const Expr&)>& replace)
      : replace_(replace) {}

  E operator()(const E& x) {
    if (const auto it = done_.find(x.ref().get()); it != done_.end()) return it->second;
    Expr copy = *x;
    bool changed = false;
    for (ExprRef& a : copy.args) {
      const E b = (*this)(E(a));
      changed |= b.ref() != a;
      a = b.ref();
    }
    if (copy.kind == Expr::Kind::kInteger) {
      copy.integer = rewrite_dim(copy.integer);
      changed |= copy.integer != x->integer;
    }
    for (size_t i = 0; i < copy.index.size(); ++i) {
      const Dim d = rewrite_dim(copy.index[i]);
      changed |= d != copy.index[i];
      copy.index[i] = d;
    }
    E result = x;
    if (auto replaced = replace_(copy)) {
      result = *replaced;
    } else if (changed && copy.kind == Expr::Kind::kCall && copy.op != ScalarOp::kCast) {
      std::vector<E> args(copy.args.begin(), copy.args.end());
      result = call(copy.op, std::move(args));
    } else if (changed && copy.kind == Expr::Kind::kCall) {
      result = cast(copy.type, E(copy.args[0]));
    } else if (changed) {
      result = make(std::move(copy));
    }
    done_.emplace(x.ref().get(), result);
    keep_.push_back(x);
    return result;
  }

  Dim rewrite_dim(const Dim& d) {
    if (!d.has_index()) return d;
    return d.substitute([&](const Dim::Atom& a) -> std::optional<Dim> {
      if (a.kind != Dim::Kind::kOpaque) return std::nullopt;
      return as_index((*this)(E(a.scalar)), a.range);
    });
  }

 private:
  const std::function<std::optional<E>(const Expr&)>& replace_;
  std::unordered_map<const Expr*, E> done_;
  std::vector<E> keep_;
};

}  // namespace

std::string_view name(ScalarOp op) { return kOps[static_cast<int>(op)].name; }
int arity(ScalarOp op) { return kOps[static_cast<int>(op)].arity; }

E constant(DType type, double value) {
  if (!is_float(type)) return constant_integer(type, static_cast<int64_t>(value));
  Expr e{Expr::Kind::kConstant, type};
  e.value = type == DType::kFloat ? static_cast<float>(value) : value;
  return make(std::move(e));
}

E constant_integer(DType type, int64_t value) {
  if (is_float(type)) return constant(type, static_cast<double>(value));
  if (type == DType::kInt64) return integer(value);
  Expr e{Expr::Kind::kConstant, type};
  e.integer_value = value;
  return make(std::move(e));
}

E integer(const Dim& value) {
  Expr e{value.is_constant() ? Expr::Kind::kConstant : Expr::Kind::kInteger, DType::kInt64};
  e.integer = value;
  if (value.is_constant()) e.integer_value = value.value();
  return make(std::move(e));
}

E load(int input, DType type, std::vector<Dim> index) {
  Expr e{Expr::Kind::kLoad, type};
  e.input = input;
  e.index = std::move(index);
  return make(std::move(e));
}

E accumulator(DType type) { return make(Expr{Expr::Kind::kAccumulator, type}); }

E cast(DType type, E x) {
  if (x.type() == type) return x;
  if (x->kind == Expr::Kind::kConstant) {
    if (is_float(x.type()) && (type == DType::kFloat || type == DType::kDouble))
      return constant(type, x->value);
    if (!is_float(x.type()) && (type == DType::kFloat || type == DType::kDouble)) {
      return constant(type, static_cast<double>(x->integer_value));
    }
    if (!is_float(x.type()) && type == DType::kBool)
      return constant_integer(type, x->integer_value != 0);
    if (!is_float(x.type()) &&
        (type == DType::kInt64 ||
         (type == DType::kInt32 && x->integer_value == static_cast<int32_t>(x->integer_value)))) {
      return constant_integer(type, x->integer_value);
    }
  }
  Expr e{Expr::Kind::kCall, type};
  e.op = ScalarOp::kCast;
  e.args = {x.ref()};
  return make(std::move(e));
}

E call(ScalarOp op, std::vector<E> args) {
  ONNXC_CHECK(op != ScalarOp::kCast && static_cast<int>(args.size()) == arity(op),
              "{} with {} operands", name(op), args.size());
  const size_t first = op == ScalarOp::kSelect ? 1 : 0;
  for (size_t i = first; i < args.size(); ++i) {
    ONNXC_CHECK(args[i].type() == args[first].type(), "{} of {} and {}", name(op),
                name(args[first].type()), name(args[i].type()));
  }
  if (op == ScalarOp::kSelect) {
    ONNXC_CHECK(args[0].type() == DType::kBool, "select by a {}", name(args[0].type()));
    if (args[0]->kind == Expr::Kind::kConstant) return args[0]->integer_value ? args[1] : args[2];
    if (args[1].ref() == args[2].ref()) return args[1];
  }
  if (args.size() == 2 && gives_bool(op)) {
    if (const auto d = decided(op, args[0], args[1])) return constant_integer(DType::kBool, *d);
    const auto flag = [](const E& e) {
      return e->kind == Expr::Kind::kConstant && e.type() == DType::kBool;
    };
    for (int i = 0; i < 2; ++i) {
      if (!flag(args[i])) continue;
      if (op == ScalarOp::kAnd) return args[i]->integer_value ? args[1 - i] : args[i];
      if (op == ScalarOp::kOr) return args[i]->integer_value ? args[i] : args[1 - i];
    }
  }
  if (op == ScalarOp::kNot && args[0]->kind == Expr::Kind::kConstant)
    return constant_integer(DType::kBool, !args[0]->integer_value);
  const bool index_like = args[0].type() == DType::kInt64 && args.size() <= 2;
  if (index_like && std::all_of(args.begin(), args.end(), [](const E& e) {
        return e->kind == Expr::Kind::kInteger || e->kind == Expr::Kind::kConstant;
      })) {
    const Dim& last = args.back()->integer;
    if (const auto result = combined(op, args[0]->integer, last)) return integer(*result);
  }
  if (op == ScalarOp::kMul && is_number(*args[1], 1)) return args[0];
  if (op == ScalarOp::kMul && is_number(*args[0], 1)) return args[1];
  if (op == ScalarOp::kDiv && is_number(*args[1], 1)) return args[0];
  if ((op == ScalarOp::kAdd || op == ScalarOp::kSub) && is_number(*args[1], 0) &&
      !is_float(args[0].type()))
    return args[0];
  if (op == ScalarOp::kPow && is_float(args[0].type()) && is_number(*args[1], 2))
    return args[0] * args[0];
  if (op == ScalarOp::kPow && is_float(args[0].type()) && is_number(*args[1], 3))
    return args[0] * args[0] * args[0];
  Expr e{Expr::Kind::kCall, gives_bool(op) ? DType::kBool : args[first].type()};
  e.op = op;
  for (const E& a : args) e.args.push_back(a.ref());
  return make(std::move(e));
}

Dim as_index(const E& x, Range assumed) {
  if (x->kind == Expr::Kind::kInteger ||
      (x->kind == Expr::Kind::kConstant && x.type() == DType::kInt64))
    return x->integer;
  if (x->kind == Expr::Kind::kConstant && !is_float(x.type())) return x->integer_value;
  if (x->kind == Expr::Kind::kCall && x->op == ScalarOp::kCast &&
      is_integer(E(x->args[0]).type()) &&
      (x.type() == DType::kInt64 || x.type() == DType::kInt32)) {
    return as_index(E(x->args[0]), assumed);
  }
  return Dim::opaque(x.ref(), text(x), assumed);
}

E operator+(E a, E b) { return call(ScalarOp::kAdd, {std::move(a), std::move(b)}); }
E operator-(E a, E b) { return call(ScalarOp::kSub, {std::move(a), std::move(b)}); }
E operator*(E a, E b) { return call(ScalarOp::kMul, {std::move(a), std::move(b)}); }
E operator/(E a, E b) { return call(ScalarOp::kDiv, {std::move(a), std::move(b)}); }
E operator-(E a) { return call(ScalarOp::kNeg, {std::move(a)}); }
E operator+(E a, double b) { return a + like(a, b); }
E operator-(E a, double b) { return a - like(a, b); }
E operator*(E a, double b) { return a * like(a, b); }
E operator/(E a, double b) { return a / like(a, b); }
E operator+(double a, E b) { return like(b, a) + b; }
E operator-(double a, E b) { return like(b, a) - b; }
E operator*(double a, E b) { return like(b, a) * b; }
E operator/(double a, E b) { return like(b, a) / b; }
E operator<(E a, E b) { return call(ScalarOp::kLt, {std::move(a), std::move(b)}); }
E operator<=(E a, E b) { return call(ScalarOp::kLe, {std::move(a), std::move(b)}); }
E operator>(E a, E b) { return call(ScalarOp::kGt, {std::move(a), std::move(b)}); }
E operator>=(E a, E b) { return call(ScalarOp::kGe, {std::move(a), std::move(b)}); }
E operator<(E a, double b) { return a < like(a, b); }
E operator<=(E a, double b) { return a <= like(a, b); }
E operator>(E a, double b) { return a > like(a, b); }
E operator>=(E a, double b) { return a >= like(a, b); }
E eq(E a, E b) { return call(ScalarOp::kEq, {std::move(a), std::move(b)}); }
E ne(E a, E b) { return call(ScalarOp::kNe, {std::move(a), std::move(b)}); }
E operator&&(E a, E b) { return call(ScalarOp::kAnd, {std::move(a), std::move(b)}); }
E operator||(E a, E b) { return call(ScalarOp::kOr, {std::move(a), std::move(b)}); }
E logical_not(E a) { return call(ScalarOp::kNot, {std::move(a)}); }
E min(E a, E b) { return call(ScalarOp::kMin, {std::move(a), std::move(b)}); }
E max(E a, E b) { return call(ScalarOp::kMax, {std::move(a), std::move(b)}); }
E min(E a, double b) { return min(a, like(a, b)); }
E max(E a, double b) { return max(a, like(a, b)); }
E exp(E x) { return call(ScalarOp::kExp, {std::move(x)}); }
E log(E x) { return call(ScalarOp::kLog, {std::move(x)}); }
E sqrt(E x) { return call(ScalarOp::kSqrt, {std::move(x)}); }
E tanh(E x) { return call(ScalarOp::kTanh, {std::move(x)}); }
E sigmoid(E x) { return call(ScalarOp::kSigmoid, {std::move(x)}); }
E erf(E x) { return call(ScalarOp::kErf, {std::move(x)}); }
E abs(E x) { return call(ScalarOp::kAbs, {std::move(x)}); }
E floor(E x) { return call(ScalarOp::kFloor, {std::move(x)}); }
E pow(E x, E y) { return call(ScalarOp::kPow, {std::move(x), std::move(y)}); }
E select(E condition, E a, E b) {
  return call(ScalarOp::kSelect, {std::move(condition), std::move(a), std::move(b)});
}
E select(E condition, E a, double b) { return select(condition, a, like(a, b)); }
E select(E condition, double a, E b) { return select(condition, like(b, a), b); }

E rewrite(const E& x, const std::function<std::optional<E>(const Expr&)>& replace) {
  return Rewriter(replace)(x);
}

Dim substitute_indices(const Dim& x, const std::function<Dim(int)>& replacement) {
  if (!x.has_index()) return x;
  return x.substitute([&](const Dim::Atom& a) -> std::optional<Dim> {
    if (a.kind == Dim::Kind::kIndex) return replacement(a.axis);
    if (a.kind == Dim::Kind::kOpaque)
      return as_index(substitute_indices(E(a.scalar), replacement), a.range);
    return std::nullopt;
  });
}

E substitute_indices(const E& x, const std::function<Dim(int)>& replacement) {
  std::unordered_map<const Expr*, E> done;
  std::function<E(const E&)> walk = [&](const E& e) -> E {
    if (const auto it = done.find(e.ref().get()); it != done.end()) return it->second;
    E result = e;
    if (e->kind == Expr::Kind::kInteger) {
      result = integer(substitute_indices(e->integer, replacement));
    } else if (e->kind == Expr::Kind::kLoad) {
      std::vector<Dim> index;
      for (const Dim& d : e->index) index.push_back(substitute_indices(d, replacement));
      result = load(e->input, e.type(), std::move(index));
    } else if (e->kind == Expr::Kind::kCall) {
      std::vector<E> args;
      for (const ExprRef& a : e->args) args.push_back(walk(E(a)));
      result = e->op == ScalarOp::kCast ? cast(e.type(), args[0]) : call(e->op, std::move(args));
    }
    done.emplace(e.ref().get(), result);
    return result;
  };
  return walk(x);
}

E renumber_inputs(const E& x, const std::function<int(int)>& renumber) {
  return rewrite(x, [&](const Expr& e) -> std::optional<E> {
    if (e.kind != Expr::Kind::kLoad) return std::nullopt;
    return load(renumber(e.input), e.type, e.index);
  });
}

E substitute_symbols(const E& x, const std::map<std::string, Dim>& replacement) {
  const auto in = [&](const Dim& d) { return d.substitute_symbols(replacement); };
  return rewrite(x, [&](const Expr& e) -> std::optional<E> {
    if (e.kind == Expr::Kind::kInteger) return integer(in(e.integer));
    if (e.kind != Expr::Kind::kLoad) return std::nullopt;
    std::vector<Dim> index;
    for (const Dim& d : e.index) index.push_back(in(d));
    return load(e.input, e.type, std::move(index));
  });
}

void visit(const E& x, const std::function<void(const Expr&)>& visitor) {
  std::unordered_set<const Expr*> seen;
  std::function<void(const Dim&)> walk_dim;
  std::function<void(const E&)> walk = [&](const E& e) {
    if (!seen.insert(e.ref().get()).second) return;
    for (const ExprRef& a : e->args) walk(E(a));
    for (const Dim& d : e->index) walk_dim(d);
    if (e->kind == Expr::Kind::kInteger) walk_dim(e->integer);
    visitor(*e);
  };
  walk_dim = [&](const Dim& d) {
    if (!d.has_opaque()) return;
    for (const auto& t : d.terms()) {
      for (const auto& f : t.factors) {
        if (f->kind == Dim::Kind::kOpaque) walk(E(f->scalar));
        if (f->kind != Dim::Kind::kIndex) {
          for (const Dim& a : f->args) walk_dim(a);
        }
      }
    }
  };
  walk(x);
}

bool mentions_loop_index(const Expr& scalar, int axis) {
  if (scalar.kind == Expr::Kind::kInteger && scalar.integer.mentions_index(axis)) return true;
  for (const Dim& d : scalar.index) {
    if (d.mentions_index(axis)) return true;
  }
  return std::any_of(scalar.args.begin(), scalar.args.end(),
                     [&](const ExprRef& a) { return mentions_loop_index(*a, axis); });
}

bool mentions_input(const E& x, int input) {
  bool found = false;
  visit(x, [&](const Expr& e) { found |= e.kind == Expr::Kind::kLoad && e.input == input; });
  return found;
}

std::string text(const E& x) {
  switch (x->kind) {
    case Expr::Kind::kConstant:
      if (is_float(x.type()))
        return fmt::format("{}",
                           x.type() == DType::kFloat ? static_cast<float>(x->value) : x->value);
      return std::to_string(x->integer_value);
    case Expr::Kind::kInteger:
      return x->integer.text();
    case Expr::Kind::kAccumulator:
      return "sum";
    case Expr::Kind::kLoad: {
      std::string out = x->input < kFirstPart ? fmt::format("in{}[", x->input)
                                              : fmt::format("part{}[", x->input - kFirstPart);
      for (size_t i = 0; i < x->index.size(); ++i) out += (i ? ", " : "") + x->index[i].text();
      return out + "]";
    }
    case Expr::Kind::kCall: {
      std::string out(x->op == ScalarOp::kCast ? name(x.type()) : name(x->op));
      out += "(";
      for (size_t i = 0; i < x->args.size(); ++i) out += (i ? ", " : "") + text(E(x->args[i]));
      return out + ")";
    }
  }
  return "?";
}

}  // namespace onnxc

// Scalar expressions as C++ text.
#include "codegen/cpp/expr_printer.h"

#include <cmath>
#include <unordered_set>

#include "codegen/cpp/element_type.h"
#include "codegen/names.h"
#include "compiler/ir/vectorizable.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

std::string float_literal(double value, bool single) {
  if (std::isnan(value)) return single ? "__builtin_nanf(\"\")" : "__builtin_nan(\"\")";
  if (std::isinf(value))
    return std::string(value < 0 ? "-" : "") + (single ? "__builtin_inff()" : "__builtin_inf()");
  std::string text =
      single ? fmt::format("{}", static_cast<float>(value)) : fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text + (single ? "f" : "");
}

std::string_view infix(ScalarOp op, DType type) {
  const bool plain = type == DType::kFloat || type == DType::kDouble;
  const bool wraps = type == DType::kUint32 || type == DType::kUint64;
  switch (op) {
    case ScalarOp::kAdd:
      return plain || wraps ? "+" : "";
    case ScalarOp::kSub:
      return plain || wraps ? "-" : "";
    case ScalarOp::kMul:
      return plain || wraps ? "*" : "";
    case ScalarOp::kDiv:
      return plain ? "/" : "";
    default:
      return "";
  }
}

}  // namespace

std::string literal(DType type, const Expr& c) {
  if (type == DType::kFloat) return float_literal(c.value, true);
  if (type == DType::kDouble) return float_literal(c.value, false);
  if (type == DType::kBool) return c.integer_value ? "true" : "false";
  if (type == DType::kInt32 && c.integer_value >= 0) return std::to_string(c.integer_value);
  if (type == DType::kInt64) {
    if (c.integer_value == INT64_MIN) return "INT64_MIN";
    return fmt::format("int64_t({})", c.integer_value);
  }
  if (type == DType::kUint64)
    return fmt::format("uint64_t({}u)", static_cast<uint64_t>(c.integer_value));
  if (is_float(type))
    return fmt::format("from_float<{}>({})", element_type(type), float_literal(c.value, true));
  return fmt::format("{}({})", element_type(type), c.integer_value);
}

std::string ExprPrinter::vector_text(const Printed& p) {
  return p.vector ? p.text : "lanes.broadcast(" + p.text + ")";
}

std::string ExprPrinter::print(const E& e, bool as_vector) {
  count_uses(e);
  const Printed p = node(e, false);
  return as_vector ? vector_text(p) : p.text;
}

void ExprPrinter::define(const E& e, const std::string& name) {
  const std::string text = print(e, vector_axis_ >= 0);
  statements_.push_back(fmt::format("const auto {} = {};", name, text));
  shared_[e.ref().get()] = {name, vector_axis_ >= 0};
}

void ExprPrinter::count_uses(const E& e) {
  if (uses_[e.ref().get()]++ > 0) return;
  for (const ExprRef& a : e->args) count_uses(E(a));
}

// What is used twice becomes a local, unless it stands in a branch that may not be taken.
ExprPrinter::Printed ExprPrinter::node(const E& e, bool lazy) {
  if (const auto it = shared_.find(e.ref().get()); it != shared_.end()) return it->second;
  const bool worth_sharing = e->kind == Expr::Kind::kCall || e->kind == Expr::Kind::kLoad;
  const bool share = !lazy && worth_sharing && uses_[e.ref().get()] > 1;
  Printed p = fresh(e, lazy);
  if (!share) return p;
  const std::string name = "t" + std::to_string(next_++);
  statements_.push_back(fmt::format("const auto {} = {};", name, p.text));
  p = {name, p.vector, false};
  shared_[e.ref().get()] = p;
  return p;
}

ExprPrinter::Printed ExprPrinter::fresh(const E& e, bool lazy) {
  switch (e->kind) {
    case Expr::Kind::kConstant:
      return {literal(e.type(), *e)};
    case Expr::Kind::kInteger:
      return {"int64_t(" + print(e->integer) + ")"};
    case Expr::Kind::kAccumulator:
      return {names_.accumulator, names_.accumulator_is_vector};
    case Expr::Kind::kLoad:
      return print_load(*e);
    case Expr::Kind::kCall:
      return print_call(e, lazy);
  }
  throw InternalError(__FILE__, __LINE__, "unknown expression");
}

ExprPrinter::Printed ExprPrinter::print_load(const Expr& e) {
  const std::string pointer = names_.pointer(e.input);
  if (e.index.empty()) return {pointer};
  const Dim& flat = e.index[0];
  const bool vector = vector_axis_ >= 0 && flat.mentions_index(vector_axis_);
  const std::string offset = print(flat);
  if (!vector) return {flat.is(0) ? "*" + pointer : fmt::format("{}[{}]", pointer, offset)};
  const Dim step = *flat.coefficient_of_index(vector_axis_);
  const std::string address = fmt::format("{} + {}", pointer, offset);
  if (step.is(1)) return {"lanes.load(" + address + ")", true};
  return {fmt::format("lanes.load_strided({}, {})", address, print(step)), true};
}

ExprPrinter::Printed ExprPrinter::print_cast(const E& e, bool lazy) {
  const Printed x = node(E(e->args[0]), lazy);
  const DType from = E(e->args[0]).type(), to = e.type();
  // Narrow floats are reached through float, which double and wide integers enter rounded to odd:
  // the result is then rounded once.
  const std::string value = is_narrow_float(from) ? "to_float(" + x.text + ")" : x.text;
  const DType wide = is_narrow_float(from) ? DType::kFloat : from;
  if (is_narrow_float(to)) {
    const bool exact = wide == DType::kFloat || byte_size(wide) < 4;
    const std::string single = wide == DType::kFloat ? value
                               : exact               ? "convert<float>(" + value + ")"
                               : wide == DType::kDouble
                                   ? "narrow::to_odd(" + value + ")"
                                   : "narrow::to_odd(convert<double>(" + value + "))";
    return {fmt::format("from_float<{}>({})", element_type(to), single), x.vector};
  }
  if (wide == to) return {value, x.vector};
  const std::string converted = fmt::format("convert<{}>({})", element_type(to), value);
  if (file_bits(to) >= 8) return {converted, x.vector};
  return {fmt::format("low_{}<{}>({})", is_signed(to) ? "signed" : "unsigned", file_bits(to),
                      converted),
          x.vector};
}

// A scalar condition chooses with ?:, which leaves the other branch alone.
ExprPrinter::Printed ExprPrinter::print_select(const E& e, bool lazy) {
  const Printed condition = node(E(e->args[0]), lazy);
  const Printed a = node(E(e->args[1]), true), b = node(E(e->args[2]), true);
  const bool vector = condition.vector || a.vector || b.vector;
  if (condition.vector)
    return {fmt::format("select({}, {}, {})", condition.text, vector_text(a), vector_text(b)),
            true};
  const std::string yes = vector ? vector_text(a) : operand(a),
                    no = vector ? vector_text(b) : operand(b);
  return {fmt::format("({} ? {} : {})", operand(condition), yes, no), vector};
}

ExprPrinter::Printed ExprPrinter::print_call(const E& e, bool lazy) {
  if (e->op == ScalarOp::kCast) return print_cast(e, lazy);
  if (e->op == ScalarOp::kSelect) return print_select(e, lazy);
  std::vector<Printed> args;
  bool vector = false;
  for (const ExprRef& a : e->args) {
    args.push_back(node(E(a), lazy));
    vector |= args.back().vector;
  }
  const DType type = E(e->args[0]).type();
  if (!vector && (e->op == ScalarOp::kAnd || e->op == ScalarOp::kOr)) {
    return {fmt::format("{} {} {}", operand(args[0]), e->op == ScalarOp::kAnd ? "&&" : "||",
                        operand(args[1])),
            false, true};
  }
  if (const std::string_view symbol = infix(e->op, type); !symbol.empty()) {
    return {fmt::format("{} {} {}", operand(args[0]), symbol, operand(args[1])), vector, true};
  }
  if (e->op == ScalarOp::kNeg && is_float(type)) return {"-" + operand(args[0]), vector, true};
  std::string list;
  for (const Printed& a : args)
    list += (list.empty() ? "" : ", ") + (vector ? vector_text(a) : a.text);
  return {fmt::format("{}({})", onnxc::name(e->op), list), vector};
}

std::string ExprPrinter::factor(const Dim::Atom& atom) {
  switch (atom.kind) {
    case Dim::Kind::kSymbol:
      return identifier(atom.symbol->name);
    case Dim::Kind::kIndex:
      return names_.index(atom.axis);
    case Dim::Kind::kFloorDiv:
      return proves_nonnegative(atom.args[0]) && proves_nonnegative(atom.args[1] - 1)
                 ? fmt::format("(({}) / ({}))", print(atom.args[0]), print(atom.args[1]))
                 : fmt::format("floor_div({}, {})", print(atom.args[0]), print(atom.args[1]));
    case Dim::Kind::kFloorMod:
      return proves_nonnegative(atom.args[0]) && proves_nonnegative(atom.args[1] - 1)
                 ? fmt::format("(({}) % ({}))", print(atom.args[0]), print(atom.args[1]))
                 : fmt::format("floor_mod({}, {})", print(atom.args[0]), print(atom.args[1]));
    case Dim::Kind::kMin:
      return fmt::format("min(int64_t({}), int64_t({}))", print(atom.args[0]), print(atom.args[1]));
    case Dim::Kind::kMax:
      return fmt::format("max(int64_t({}), int64_t({}))", print(atom.args[0]), print(atom.args[1]));
    case Dim::Kind::kOpaque: {
      ExprPrinter scalar(names_, -1);
      scalar.next_ = 1000;
      const E e(atom.scalar);
      const std::string text = scalar.node(e, true).text;
      return e.type() == DType::kInt64 ? "(" + text + ")" : "int64_t(" + text + ")";
    }
  }
  throw InternalError(__FILE__, __LINE__, "unknown atom");
}

std::string ExprPrinter::print(const Dim& d) {
  std::string out;
  for (const Dim::Term& term : d.terms()) {
    std::string product;
    for (const auto& f : term.factors) product += (product.empty() ? "" : " * ") + factor(*f);
    const int64_t c = term.coefficient, magnitude = std::abs(c);
    if (magnitude != 1) product += " * " + std::to_string(magnitude);
    if (out.empty()) {
      out = c < 0 ? "-" + product : product;
    } else {
      out += (c < 0 ? " - " : " + ") + product;
    }
  }
  if (out.empty()) return std::to_string(d.offset());
  if (d.offset() != 0)
    out += (d.offset() < 0 ? " - " : " + ") + std::to_string(std::abs(d.offset()));
  return out;
}

}  // namespace onnxc

// Integers as Dims, floating-point numbers as exact ratios of Dims; what is known is computed by
// the evaluator itself.
#include "compiler/eval/symbolic_scalar.h"

#include <cmath>
#include <numeric>

#include "compiler/eval/evaluate.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

constexpr int64_t kLargestDenominator = int64_t{1} << 24;

bool is_positive(const Dim& d) { return proves_nonnegative(d - 1); }
bool is_not_positive(const Dim& d) { return proves_nonnegative(Dim(0) - d); }

// Truncating division; nothing unless the signs are known.
std::optional<Dim> truncated_quotient(const Dim& a, const Dim& b) {
  if (!is_positive(b)) return std::nullopt;
  if (proves_nonnegative(a)) return floor_div(a, b);
  if (is_not_positive(a)) return Dim(0) - floor_div(Dim(0) - a, b);
  return std::nullopt;
}

SymbolicScalar reduced(Dim numerator, int64_t denominator) {
  int64_t divisor = std::gcd(denominator, numerator.offset());
  for (const auto& t : numerator.terms()) divisor = std::gcd(divisor, t.coefficient);
  if (divisor > 1) {
    numerator = floor_div(numerator, divisor);
    denominator /= divisor;
  }
  if (numerator.is_constant())
    return static_cast<double>(numerator.value()) / static_cast<double>(denominator);
  return Ratio{numerator, denominator};
}

// A number as a ratio, if it is one of small integers.
std::optional<Ratio> ratio_of(const SymbolicScalar& x) {
  if (const auto* r = std::get_if<Ratio>(&x)) return *r;
  const auto* number = std::get_if<double>(&x);
  if (!number) return std::nullopt;
  double scaled = *number;
  for (int64_t denominator = 1; denominator <= kLargestDenominator; denominator *= 2, scaled *= 2) {
    if (!(std::abs(scaled) < 0x1p52)) return std::nullopt;
    if (scaled == std::trunc(scaled)) return Ratio{static_cast<int64_t>(scaled), denominator};
  }
  return std::nullopt;
}

std::optional<bool> compare(ScalarOp op, const Dim& a, const Dim& b) {
  switch (op) {
    case ScalarOp::kEq:
      if (a == b) return true;
      if (proves_ne(a, b)) return false;
      return std::nullopt;
    case ScalarOp::kNe:
      if (a == b) return false;
      if (proves_ne(a, b)) return true;
      return std::nullopt;
    case ScalarOp::kLt:
      if (proves_lt(a, b)) return true;
      if (proves_le(b, a)) return false;
      return std::nullopt;
    case ScalarOp::kLe:
      if (proves_le(a, b)) return true;
      if (proves_lt(b, a)) return false;
      return std::nullopt;
    case ScalarOp::kGt:
      return compare(ScalarOp::kLt, b, a);
    case ScalarOp::kGe:
      return compare(ScalarOp::kLe, b, a);
    default:
      return std::nullopt;
  }
}

MaybeScalar maybe(const std::optional<bool>& decided) {
  return decided ? MaybeScalar(*decided) : std::nullopt;
}
MaybeScalar maybe(const std::optional<Dim>& size) {
  return size ? MaybeScalar(*size) : std::nullopt;
}

// Sizes in 32 and 64 bits are taken not to wrap; in fewer bits, and below zero if unsigned, this
// must be certain.
MaybeScalar fitting(const Dim& d, DType type) {
  if (!is_signed(type) && !proves_nonnegative(d)) return std::nullopt;
  if (file_bits(type) >= 32) return d;
  const int64_t limit = int64_t{1} << (file_bits(type) - (is_signed(type) ? 1 : 0));
  const Range r = d.range();
  if (r.min < (is_signed(type) ? -limit : 0) || r.max >= limit) return std::nullopt;
  return d;
}

MaybeScalar on_integers(ScalarOp op, DType type, const Dim& a, const Dim& b) {
  switch (op) {
    case ScalarOp::kAdd:
      return fitting(a + b, type);
    case ScalarOp::kSub:
      return fitting(a - b, type);
    case ScalarOp::kMul:
      return fitting(a * b, type);
    case ScalarOp::kNeg:
      return fitting(Dim(0) - a, type);
    case ScalarOp::kDiv:
      return maybe(truncated_quotient(a, b));
    case ScalarOp::kMod:
      if (is_positive(b)) return floor_mod(a, b);
      return std::nullopt;
    case ScalarOp::kFmod:
      if (is_positive(b) && proves_nonnegative(a)) return floor_mod(a, b);
      return std::nullopt;
    case ScalarOp::kMin:
      return min(a, b);
    case ScalarOp::kMax:
      return max(a, b);
    case ScalarOp::kAbs:
      if (proves_nonnegative(a)) return a;
      if (is_not_positive(a)) return fitting(Dim(0) - a, type);
      return std::nullopt;
    case ScalarOp::kSign:
      if (is_positive(a)) return Dim(1);
      if (is_positive(Dim(0) - a)) return Dim(-1);
      return std::nullopt;
    case ScalarOp::kPow: {
      if (!b.is_constant() || b.value() < 0 || b.value() > 4) return std::nullopt;
      Dim power = 1;
      for (int64_t i = 0; i < b.value(); ++i) power = power * a;
      return fitting(power, type);
    }
    case ScalarOp::kFloor:
    case ScalarOp::kCeil:
    case ScalarOp::kRoundEven:
    case ScalarOp::kTrunc:
      return a;
    case ScalarOp::kShiftLeft:
      if (!b.is_constant() || b.value() < 0 || b.value() > 30) return std::nullopt;
      return fitting(a * (int64_t{1} << b.value()), type);
    case ScalarOp::kShiftRight:
      if (!b.is_constant() || b.value() < 0 || b.value() > 30) return std::nullopt;
      return floor_div(a, int64_t{1} << b.value());
    default:
      return maybe(compare(op, a, b));
  }
}

MaybeScalar quotient(const Ratio& a, const Ratio& b) {
  if (b.numerator.is_constant()) {
    const int64_t n = b.numerator.value();
    if (n == 0 || std::abs(n) > kLargestDenominator) return std::nullopt;
    return reduced(a.numerator * b.denominator * (n < 0 ? -1 : 1), a.denominator * std::abs(n));
  }
  if (!is_positive(b.numerator)) return std::nullopt;
  const Dim above = a.numerator * b.denominator, below = b.numerator * a.denominator;
  if (floor_mod(above, below).is(0)) return reduced(floor_div(above, below), 1);
  if (floor_mod(below, above).is(0) && floor_div(below, above).is_constant())
    return 1.0 / static_cast<double>(floor_div(below, above).value());
  return std::nullopt;
}

MaybeScalar on_ratios(ScalarOp op, const Ratio& a, const Ratio& b) {
  const Dim left = a.numerator * b.denominator, right = b.numerator * a.denominator;
  const int64_t common = a.denominator * b.denominator;
  if (common > kLargestDenominator) return std::nullopt;
  switch (op) {
    case ScalarOp::kAdd:
      return reduced(left + right, common);
    case ScalarOp::kSub:
      return reduced(left - right, common);
    case ScalarOp::kMul:
      return reduced(a.numerator * b.numerator, common);
    case ScalarOp::kDiv:
      return quotient(a, b);
    case ScalarOp::kMin:
      return reduced(min(left, right), common);
    case ScalarOp::kMax:
      return reduced(max(left, right), common);
    case ScalarOp::kNeg:
      return reduced(Dim(0) - a.numerator, a.denominator);
    case ScalarOp::kAbs:
      if (proves_nonnegative(a.numerator)) return a;
      return std::nullopt;
    case ScalarOp::kFloor:
      return reduced(floor_div(a.numerator, a.denominator), 1);
    case ScalarOp::kCeil:
      return reduced(ceil_div(a.numerator, a.denominator), 1);
    case ScalarOp::kTrunc: {
      const auto whole = truncated_quotient(a.numerator, a.denominator);
      return whole ? MaybeScalar(reduced(*whole, 1)) : std::nullopt;
    }
    case ScalarOp::kRoundEven:
      if (a.denominator == 1) return a;
      return std::nullopt;
    case ScalarOp::kIsNan:
    case ScalarOp::kIsInf:
      return false;
    default:
      return maybe(compare(op, left, right));
  }
}

// The value of an expression of constants.
MaybeScalar computed(const E& x) {
  if (x->kind == Expr::Kind::kConstant && is_integer(x.type())) return Dim(x->integer_value);
  if (x->kind == Expr::Kind::kConstant && x.type() == DType::kBool) return x->integer_value != 0;
  try {
    const Tensor result = evaluate(Map{{}, {}, Reduction::kNone, x, E()}, {}, {});
    return scalar_of(result, 0);
  } catch (const CompileError&) {
    return std::nullopt;
  }
}

}  // namespace

bool is_known(const SymbolicScalar& x) {
  if (const auto* d = std::get_if<Dim>(&x)) return d->is_constant();
  return !std::holds_alternative<Ratio>(x);
}

std::optional<std::vector<SymbolicScalar>> all_known(const std::vector<MaybeScalar>& elements) {
  std::vector<SymbolicScalar> known;
  for (const MaybeScalar& x : elements) {
    if (!x) return std::nullopt;
    known.push_back(*x);
  }
  return known;
}

MaybeScalar scalar_of(const Tensor& tensor, int64_t i) {
  const DType type = tensor.type();
  if (type == DType::kBool) return tensor.as_int64(i) != 0;
  if (is_float(type)) return tensor.as_double(i);
  if (!is_integer(type)) return std::nullopt;
  const int64_t value = tensor.as_int64(i);
  if (type == DType::kUint64 && value < 0) return std::nullopt;
  return Dim(value);
}

E constant_of(const SymbolicScalar& x, DType type) {
  if (const auto* b = std::get_if<bool>(&x)) return constant_integer(type, *b);
  if (const auto* d = std::get_if<Dim>(&x)) return constant_integer(type, d->value());
  return constant(type, std::get<double>(x));
}

std::optional<Tensor> tensor_of(const std::vector<SymbolicScalar>& elements, DType type,
                                const std::vector<int64_t>& dims) {
  Tensor result(type, dims);
  for (size_t i = 0; i < elements.size(); ++i) {
    const SymbolicScalar& x = elements[i];
    const auto at = static_cast<int64_t>(i);
    if (!is_known(x)) return std::nullopt;
    if (const auto* number = std::get_if<double>(&x)) {
      result.set(at, *number);
    } else if (const auto* d = std::get_if<Dim>(&x)) {
      result.set_int64(at, d->value());
    } else {
      result.set_int64(at, std::get<bool>(x));
    }
  }
  return result;
}

MaybeScalar apply(ScalarOp op, DType type, const std::vector<SymbolicScalar>& args) {
  const SymbolicScalar& first = args[0];
  const SymbolicScalar& second = args.size() > 1 ? args[1] : args[0];
  if (is_known(first) && is_known(second)) {
    std::vector<E> operands;
    for (const SymbolicScalar& x : args) operands.push_back(constant_of(x, type));
    return computed(call(op, std::move(operands)));
  }
  if (is_integer(type)) {
    const auto *a = std::get_if<Dim>(&first), *b = std::get_if<Dim>(&second);
    return a && b ? on_integers(op, type, *a, *b) : std::nullopt;
  }
  if (type != DType::kFloat && type != DType::kDouble) return std::nullopt;
  const auto a = ratio_of(first), b = ratio_of(second);
  return a && b ? on_ratios(op, *a, *b) : std::nullopt;
}

MaybeScalar convert(const SymbolicScalar& x, DType from, DType to) {
  if (from == to) return x;
  if (is_known(x)) {
    return computed(cast(to, constant_of(x, from)));
  }
  const auto* size = std::get_if<Dim>(&x);
  const auto* ratio = std::get_if<Ratio>(&x);
  if (is_integer(to)) {
    const auto whole =
        size ? std::optional<Dim>(*size) : truncated_quotient(ratio->numerator, ratio->denominator);
    return whole ? fitting(*whole, to) : std::nullopt;
  }
  if (to == DType::kBool) return maybe(compare(ScalarOp::kNe, size ? *size : ratio->numerator, 0));
  if (to != DType::kFloat && to != DType::kDouble) return std::nullopt;
  return size ? SymbolicScalar(Ratio{*size, 1}) : x;
}

}  // namespace onnxc

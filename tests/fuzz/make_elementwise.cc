// Element-wise nodes: functions of one value, and of several that broadcast.
#include <cmath>
#include <limits>

#include "tests/fuzz/builder.h"

namespace onnxc::fuzz {
namespace {

using enum DType;

const std::vector<DType> kAllIntegers = {kInt8,  kUint8,  kInt16, kUint16,
                                         kInt32, kUint32, kInt64, kUint64};

struct Function {
  const char* op_type;
  double low, high;  // where it is computed
  std::vector<const char*> alphas = {};
};

bool make_function(Builder& b) {
  constexpr double kAll = std::numeric_limits<double>::infinity();
  static const std::vector<Function> functions = {{"Relu", -kAll, kAll},
                                                  {"Relu", -kAll, kAll},
                                                  {"Abs", -kAll, kAll},
                                                  {"Neg", -kAll, kAll},
                                                  {"Sigmoid", -kAll, kAll},
                                                  {"Tanh", -kAll, kAll},
                                                  {"Exp", -kAll, 8},
                                                  {"Log", 0.02, kAll},
                                                  {"Sqrt", 0, kAll},
                                                  {"Erf", -kAll, kAll},
                                                  {"Softplus", -kAll, kAll},
                                                  {"Softsign", -kAll, kAll},
                                                  {"Elu", -kAll, kAll, {"alpha"}},
                                                  {"Selu", -kAll, kAll, {"alpha", "gamma"}},
                                                  {"Celu", -kAll, kAll, {"alpha"}},
                                                  {"LeakyRelu", -kAll, kAll, {"alpha"}},
                                                  {"HardSigmoid", -kAll, kAll, {"alpha", "beta"}},
                                                  {"HardSwish", -kAll, kAll},
                                                  {"Mish", -kAll, kAll},
                                                  {"Gelu", -kAll, kAll},
                                                  {"ThresholdedRelu", -kAll, kAll, {"alpha"}},
                                                  {"Sin", -kAll, kAll},
                                                  {"Cos", -kAll, kAll},
                                                  {"Tan", -1.4, 1.4},
                                                  {"Asin", -1, 1},
                                                  {"Acos", -1, 1},
                                                  {"Atan", -kAll, kAll},
                                                  {"Sinh", -8, 8},
                                                  {"Cosh", -8, 8},
                                                  {"Asinh", -kAll, kAll},
                                                  {"Acosh", 1, kAll},
                                                  {"Atanh", -0.99, 0.99},
                                                  {"Floor", -kAll, kAll},
                                                  {"Ceil", -kAll, kAll},
                                                  {"Round", -kAll, kAll},
                                                  {"Sign", -kAll, kAll},
                                                  {"Reciprocal", 0.1, kAll},
                                                  {"IsNaN", -kAll, kAll},
                                                  {"Identity", -kAll, kAll},
                                                  {"Shrink", -kAll, kAll}};
  const Function& f = b.random().one_of(functions);
  const auto fits = [&](const Operand& v) {
    return v.type() == b.float_type() && v.low() >= f.low && v.high() <= f.high;
  };
  const auto found = b.existing(fits);
  const Operand x = found ? *found
                          : b.fresh(b.float_type(), b.shape(0, 4),
                                    b.fill(std::max(f.low, -2.0), std::min(f.high, 2.5)));
  Attributes attributes;
  for (const char* alpha : f.alphas) {
    if (b.random().chance(0.6))
      attributes[alpha] = static_cast<float>(b.random().one_of({0.1, 0.25, 0.5, 1.0, 1.5}));
  }
  if (std::string(f.op_type) == "Gelu" && b.random().chance(0.5))
    attributes["approximate"] = std::string("tanh");
  return b.add(f.op_type, {x}, attributes);
}

bool make_integer_function(Builder& b) {
  const std::string op = b.random().one_of({"Abs", "Neg", "Sign", "BitwiseNot", "Not", "Identity"});
  if (op == "Not") return b.add(op, {b.some({kBool})});
  const Operand x = b.some({b.integer_type()});
  if (op == "Neg" && !is_signed(x.type())) return false;
  return b.add(op, {x});
}

// x and something that broadcasts with it, in either order.
std::vector<Operand> pair(Builder& b, const Operand& x) {
  const Operand y = b.like(x.type(), b.broadcastable(x.dims()));
  if (b.random().chance(0.5)) return {x, y};
  return {y, x};
}

bool make_arithmetic(Builder& b) {
  const std::string op = b.random().one_of({"Add", "Sub", "Mul", "Add", "Mul", "Div", "Max", "Min",
                                            "PRelu", "Pow", "Sum", "Mean", "Mod"});
  const Operand x = b.some_float();
  if (op == "Div" || op == "Mod") {
    const Operand y = b.fresh(x.type(), b.broadcastable(x.dims()), b.fill(0.5, 2.5));
    return b.add(op, {x, y}, op == "Mod" ? Attributes{{"fmod", int64_t{1}}} : Attributes{});
  }
  if (op == "PRelu") return b.add(op, {x, b.like(x.type(), b.broadcastable(x.dims()))});
  if (op == "Pow") {
    const double power = b.random().one_of({2.0, 3.0, 0.5, -1.0, 1.7});
    const Operand y = b.constant(Tensor::scalar(x.type(), power));
    if (power != 2 && power != 3 && x.low() < 0.1) return false;
    return b.add(op, {x, y});
  }
  std::vector<Operand> operands = pair(b, x);
  if ((op == "Max" || op == "Min" || op == "Sum" || op == "Mean") && b.random().chance(0.4))
    operands.push_back(b.like(x.type(), b.broadcastable(x.dims())));
  return b.add(op, operands);
}

// An outer sum or product: both sides have axes that the other one lacks.
bool make_outer(Builder& b) {
  const DType type = b.random().chance(0.7) ? b.float_type() : b.integer_type();
  Dims left = b.shape(1, 4), right = left;
  for (size_t k = 0; k < left.size(); ++k) (b.random().chance(0.5) ? left[k] : right[k]) = 1;
  const std::string op = b.random().one_of({"Add", "Mul", "Sub", "Max"});
  return b.add(op, {b.like(type, left), b.like(type, right)});
}

bool make_integer_arithmetic(Builder& b) {
  const std::string op = b.random().one_of(
      {"Add", "Sub", "Mul", "Max", "Min", "Div", "Mod", "BitwiseAnd", "BitwiseOr", "BitwiseXor"});
  const Operand x = b.some({b.integer_type(), kInt64, b.random().one_of(kAllIntegers)});
  if (op != "Div" && op != "Mod") return b.add(op, pair(b, x));
  const Operand y = b.fresh(x.type(), b.broadcastable(x.dims()), b.fill(1, 7));
  const bool fmod = op == "Mod" && b.random().chance(0.4);
  return b.add(op, {x, y}, fmod ? Attributes{{"fmod", int64_t{1}}} : Attributes{});
}

bool make_shift(Builder& b) {
  const DType type = b.random().one_of({kUint8, kUint16, kUint32, kUint64});
  const Operand x = b.some({type});
  const Operand y = b.fresh(type, b.broadcastable(x.dims()), b.fill(0, 7));
  return b.add("BitShift", {x, y},
               {{"direction", std::string(b.random().one_of({"LEFT", "RIGHT"}))}});
}

bool make_comparison(Builder& b) {
  const std::string op = b.random().one_of(
      {"Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Equal", "And", "Or", "Xor"});
  const bool logical = op == "And" || op == "Or" || op == "Xor";
  const Operand x = logical ? b.some({kBool}) : b.some({b.float_type(), b.integer_type(), kInt64});
  return b.add(op, pair(b, x));
}

bool make_where(Builder& b) {
  const Operand x = b.some({b.float_type(), b.float_type(), b.integer_type()});
  const Operand condition = b.like(kBool, b.broadcastable(x.dims()));
  const Operand y = b.like(x.type(), b.broadcastable(x.dims()));
  if (b.random().chance(0.5)) return b.add("Where", {condition, x, y});
  return b.add("Where", {condition, y, x});
}

bool make_cast(Builder& b) {
  const Operand x = b.some({b.float_type(), b.integer_type(), kInt64, kBool});
  DType to = b.random().one_of({b.float_type(), b.float_type(), b.integer_type(), kFloat, kDouble,
                                kFloat16, kInt64, kInt32, kInt8, kUint8, kBool});
  if (is_float(x.type()) && is_integer(to)) {
    const double low = is_signed(to) ? -127 : 0;
    const bool fits = x.low() >= low && x.high() <= 127;
    if (!fits) to = kBool;
  }
  for (int64_t i = 0; i < x.value.size(); ++i) {
    if (!std::isfinite(x.value.as_double(i)) && !is_float(to)) return false;
  }
  return b.add("Cast", {x}, {{"to", static_cast<int64_t>(to)}});
}

bool make_clip(Builder& b) {
  const Operand x = b.some({b.float_type(), b.float_type(), b.integer_type()});
  const bool is_unsigned = is_integer(x.type()) && !is_signed(x.type());
  const Operand none;
  const Operand low =
      b.random().chance(0.25) ? none : b.constant(Tensor::scalar(x.type(), is_unsigned ? 1 : -1));
  const Operand high =
      b.random().chance(0.25) ? none : b.fresh(x.type(), {}, b.fill(is_unsigned ? 2 : 0, 3));
  return b.add("Clip", {x, low, high});
}

bool make_is_inf(Builder& b) {
  Attributes attributes;
  if (b.random().chance(0.5))
    attributes[b.random().one_of({"detect_negative", "detect_positive"})] = int64_t{0};
  return b.add("IsInf", {b.some_float()}, attributes);
}

// x * sigmoid(x), x / (1 + |x|) and their like, as exporters spell them out.
bool make_spelled_out(Builder& b) {
  const Operand x = b.some_float(0, 4);
  const auto one = [&](double v) { return b.constant(Tensor::scalar(x.type(), v)); };
  switch (b.random().between(0, 2)) {
    case 0:
      return b.add("Sigmoid", {x}) && b.add("Mul", {x, b.results()[0]});
    case 1:
      return b.add("Div", {x, one(1.41421356)}) && b.add("Erf", {b.results()[0]}) &&
             b.add("Add", {b.results()[0], one(1)}) && b.add("Mul", {b.results()[0], x}) &&
             b.add("Mul", {b.results()[0], one(0.5)});
    default:
      return b.add("Add", {x, one(3)}) && b.add("Clip", {b.results()[0], one(0), one(6)}) &&
             b.add("Mul", {b.results()[0], x}) && b.add("Div", {b.results()[0], one(6)});
  }
}

}  // namespace

const std::vector<Maker>& elementwise_makers() {
  static const std::vector<Maker> makers = {
      {"function", 8, make_function},
      {"integer function", 1, make_integer_function},
      {"arithmetic", 9, make_arithmetic},
      {"outer", 2, make_outer},
      {"integer arithmetic", 3, make_integer_arithmetic},
      {"shift", 0.6, make_shift},
      {"comparison", 2, make_comparison},
      {"where", 2, make_where},
      {"cast", 2.5, make_cast},
      {"clip", 1.5, make_clip},
      {"is inf", 0.4, make_is_inf},
      {"spelled out", 1.5, make_spelled_out},
  };
  return makers;
}

}  // namespace onnxc::fuzz

// Scalar expressions: what one element of a step's output is. Immutable and shared.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "compiler/ir/dim.h"
#include "compiler/ir/dtype.h"

namespace onnxc {

enum class ScalarOp : uint8_t {
#define SCALAR_OP(enumerator, spelling, arity) enumerator,
#include "compiler/ir/scalar_ops.def"
#undef SCALAR_OP
};
std::string_view name(ScalarOp op);
int arity(ScalarOp op);

// Loads with this input number and above read parts of a `Rows` step, compiler/ir/graph.h.
constexpr int kFirstPart = 1 << 20;

using ExprRef = std::shared_ptr<const Expr>;

struct Expr {
  enum class Kind {
    kConstant,     // `value` or `integer_value`, of `type`
    kInteger,      // the index expression `integer`, as int64
    kLoad,         // element `index` of the step's input number `input`
    kAccumulator,  // the reduced value, in the `finish` of a reduction or contraction
    kCall,         // `op` of `args`; a kCast converts to `type`
  };
  Kind kind;
  DType type;
  double value = 0;           // kConstant of floating-point type
  int64_t integer_value = 0;  // kConstant of integer or bool type
  Dim integer{};
  int input = -1;  // from kFirstPart on: the result of an earlier part of the same step
  std::vector<Dim> index{};
  ScalarOp op{};
  std::vector<ExprRef> args{};
};

// An expression with operators, for writing operators' meanings. Arithmetic needs equal types on
// both sides; a C++ number takes the type of the other side.
class E {
 public:
  E() = default;
  explicit E(ExprRef ref) : ref_(std::move(ref)) {}
  const Expr& operator*() const { return *ref_; }
  const Expr* operator->() const { return ref_.get(); }
  const ExprRef& ref() const { return ref_; }
  DType type() const { return ref_->type; }
  explicit operator bool() const { return ref_ != nullptr; }

 private:
  ExprRef ref_;
};

E constant(DType type, double value);
E constant_integer(DType type, int64_t value);
E integer(const Dim& value);  // an index expression as an int64 scalar
E load(int input, DType type, std::vector<Dim> index);
E accumulator(DType type);
E cast(DType type, E x);  // nothing if x has that type already
E call(ScalarOp op,
       std::vector<E> args);  // folds constants and simple identities (select of a
                              // constant condition, x*1, x+0 on integers, small powers)

// The scalar as an index expression: kInteger gives its Dim; int64/int32 arithmetic that Dim can
// express is translated; the rest becomes an opaque atom assumed to lie in `assumed`.
Dim as_index(const E& x, Range assumed);

E operator+(E a, E b);
E operator-(E a, E b);
E operator*(E a, E b);
E operator/(E a, E b);
E operator-(E a);
E operator+(E a, double b);
E operator-(E a, double b);
E operator*(E a, double b);
E operator/(E a, double b);
E operator+(double a, E b);
E operator-(double a, E b);
E operator*(double a, E b);
E operator/(double a, E b);
E operator<(E a, E b);
E operator<=(E a, E b);
E operator>(E a, E b);
E operator>=(E a, E b);
E operator<(E a, double b);
E operator<=(E a, double b);
E operator>(E a, double b);
E operator>=(E a, double b);
E eq(E a, E b);
E ne(E a, E b);
E operator&&(E a, E b);
E operator||(E a, E b);
E logical_not(E a);
E min(E a, E b);
E max(E a, E b);
E min(E a, double b);
E max(E a, double b);
E exp(E x);
E log(E x);
E sqrt(E x);
E tanh(E x);
E sigmoid(E x);
E erf(E x);
E abs(E x);
E floor(E x);
E pow(E x, E y);
E select(E condition, E a, E b);
E select(E condition, E a, double b);
E select(E condition, double a, E b);

// Rebuilds the tree bottom-up. `replace` sees each node with its children already rebuilt (index
// expressions too, through opaque scalars) and may return another expression, or nothing to keep
// it.
E rewrite(const E& x, const std::function<std::optional<E>(const Expr&)>& replace);
// Loop index k becomes indices[k], everywhere.
E substitute_indices(const E& x, const std::function<Dim(int axis)>& replacement);
Dim substitute_indices(
    const Dim& x, const std::function<Dim(int axis)>& replacement);  // through opaque scalars too
// Load and opaque-load input numbers changed by `renumber`.
E renumber_inputs(const E& x, const std::function<int(int)>& renumber);
E substitute_symbols(const E& x, const std::map<std::string, Dim>& replacement);

void visit(const E& x, const std::function<void(const Expr&)>&
                           visitor);  // each distinct node once, index scalars included
bool mentions_input(const E& x, int input);
std::string text(const E& x);  // "max(add(in0[i0, i1], in1[i1]), 0)"

}  // namespace onnxc

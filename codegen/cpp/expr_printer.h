// Scalar expressions and index expressions as C++ text, for one element or for a vector of lanes.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "compiler/ir/expr.h"

namespace onnxc {

// A floating-point or integer literal of that type.
std::string literal(DType type, const Expr& constant);

// Prints what one loop body computes. Loads carry one flat index, in elements, or
// none where the name given for them is a scalar. With a vector axis,
// everything that varies along it is a vector of `lanes`, an object of the kernel library's
// Lanes<N> named "lanes"; the rest stays scalar.
class ExprPrinter {
 public:
  struct Names {
    std::function<std::string(int input)> pointer;  // of a load
    std::function<std::string(int axis)> index;     // of a loop
    std::string accumulator = "sum";
    bool accumulator_is_vector = false;
    int first_local = 0;  // number of the first local that the printer may define
  };

  ExprPrinter(Names names, int vector_axis) : names_(std::move(names)), vector_axis_(vector_axis) {
    next_ = names_.first_local;
  }

  // The expression's text, after the statements that define what it shares; as a vector if there is
  // a vector axis and `as_vector` asks for one.
  std::string print(const E& e, bool as_vector);
  // Defines a local of that name for the expression, a vector if there is a vector axis, which
  // later prints use.
  void define(const E& e, const std::string& name);
  int next_local() const { return next_; }
  // Definitions needed by what was printed so far, one a line.
  std::vector<std::string> take_statements() { return std::move(statements_); }
  std::string print(const Dim& d);

 private:
  struct Printed {
    std::string text;
    bool vector = false;
    bool infix = false;  // needs parentheses as an operand
  };

  Printed node(const E& e, bool lazy);
  Printed fresh(const E& e, bool lazy);
  Printed print_load(const Expr& e);
  Printed print_call(const E& e, bool lazy);
  Printed print_cast(const E& e, bool lazy);
  Printed print_select(const E& e, bool lazy);
  static std::string vector_text(const Printed& p);
  static std::string operand(const Printed& p) { return p.infix ? "(" + p.text + ")" : p.text; }
  std::string factor(const Dim::Atom& atom);
  void count_uses(const E& e);

  Names names_;
  int vector_axis_;
  std::vector<std::string> statements_;
  std::unordered_map<const Expr*, int> uses_;
  std::unordered_map<const Expr*, Printed> shared_;
  int next_ = 0;
};

}  // namespace onnxc

// Integer expressions over named symbols and loop indices, with bounds: dimensions, offsets and
// indices.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace onnxc {

class Dim;
struct Expr;  // a scalar of the program, compiler/ir/expr.h
bool mentions_loop_index(const Expr& scalar, int axis);  // compiler/ir/expr.cc

// A named run-time size, e.g. `batch`. Identity is the name, which is unique in a graph.
struct Symbol {
  std::string name;
  int64_t min = 1;
  int64_t max = int64_t{1} << 31;
  std::string
      origin;  // what introduces it, for messages: `axis 0 of input "image"`, `NonZero "nz"`
  // Of a size that data decides: what it never exceeds, as an expression; null: `max`.
  std::shared_ptr<const Dim> at_most = nullptr;
  bool from_data = false;  // found out by a step, not given with the inputs' shapes
};
using SymbolRef = std::shared_ptr<const Symbol>;

struct Range {
  int64_t min, max;  // inclusive; saturated at +-2^62
};

// A polynomial with integer coefficients over atoms. Atoms are symbols, loop indices, and
// floor_div, floor_mod, min, max or an opaque scalar of anything that is no polynomial. Kept in one
// canonical form, so equal text means equal value (the converse need not hold). Immutable and cheap
// to copy.
class Dim {
 public:
  struct Atom;
  using AtomRef = std::shared_ptr<const Atom>;
  struct Term {
    int64_t coefficient;
    std::vector<AtomRef> factors;  // sorted by key, repeated for powers
  };
  enum class Kind { kSymbol, kIndex, kFloorDiv, kFloorMod, kMin, kMax, kOpaque };

  Dim(int64_t value = 0) : constant_(value) {}  // NOLINT: integers are dimensions
  explicit Dim(SymbolRef symbol);
  // Loop index number `axis`, which runs over [0, extent).
  static Dim index(int axis, const Dim& extent);
  // An integer scalar known only when it runs, e.g. an index that is loaded; `range` is what may be
  // assumed of it.
  static Dim opaque(std::shared_ptr<const Expr> scalar, std::string key, Range range);

  bool is_constant() const { return terms_ == nullptr; }
  std::optional<int64_t> constant() const;
  // The constant, or InternalError.
  int64_t value() const;
  bool is(int64_t v) const { return is_constant() && constant_ == v; }

  // Constant part and the other terms, in canonical order.
  int64_t offset() const { return constant_; }
  std::vector<Term> terms() const;

  // Smallest and largest value over all symbols and indices within their bounds.
  Range range() const;
  std::string text() const;  // "2*batch + floor_div(seq, 2)"
  bool has_index() const;    // mentions a loop index or an opaque scalar
  bool has_opaque() const;
  bool mentions_index(int axis) const;
  std::vector<SymbolRef> symbols() const;  // sorted by name

  // The coefficient of loop index `axis` if the expression is linear in it with a factor free of
  // indices, else nothing. Zero if it is not mentioned.
  std::optional<Dim> coefficient_of_index(int axis) const;
  // The expression with index `axis` and all others mapped to 0, when linear; used with
  // coefficient_of_index.
  Dim substitute_indices(const std::function<Dim(int axis)>& replacement) const;
  Dim substitute_symbols(const std::map<std::string, Dim>& replacement) const;
  // Rewrites opaque scalars (their expressions mention indices too).
  Dim substitute(const std::function<std::optional<Dim>(const Atom&)>& replacement) const;
  // The value for given symbols; InternalError if one is missing or an index is mentioned.
  int64_t evaluate(const std::map<std::string, int64_t>& symbols) const;

  friend Dim operator+(const Dim& a, const Dim& b);
  friend Dim operator-(const Dim& a, const Dim& b);
  friend Dim operator*(const Dim& a, const Dim& b);
  friend Dim floor_div(const Dim& a, const Dim& b);
  friend Dim floor_mod(const Dim& a, const Dim& b);
  friend Dim min(const Dim& a, const Dim& b);
  friend Dim max(const Dim& a, const Dim& b);
  friend bool operator==(const Dim& a, const Dim& b);
  friend bool operator!=(const Dim& a, const Dim& b) { return !(a == b); }

 private:
  using Terms = std::map<std::string, Term>;  // by key of the monomial
  static Dim of_terms(int64_t constant, Terms terms);
  static Dim of_atom(AtomRef atom);

  int64_t constant_ = 0;
  std::shared_ptr<const Terms> terms_;  // null when constant
};

struct Dim::Atom {
  Kind kind;
  std::string key;                     // canonical text
  SymbolRef symbol;                    // kSymbol
  int axis = -1;                       // kIndex
  std::vector<Dim> args;               // kIndex: its extent; otherwise the operands
  std::shared_ptr<const Expr> scalar;  // kOpaque
  Range range{0, 0};                   // kOpaque
};

Dim ceil_div(const Dim& a, const Dim& b);
// True only if it holds for all values of symbols and indices within their bounds. These never
// throw.
bool proves_nonnegative(const Dim& a);
bool proves_le(const Dim& a, const Dim& b);
bool proves_lt(const Dim& a, const Dim& b);
inline bool proves_ne(const Dim& a, const Dim& b) { return proves_lt(a, b) || proves_lt(b, a); }

using Shape = std::vector<Dim>;
Dim product(const Shape& shape);
Shape row_major_strides(const Shape& shape);
std::optional<std::vector<int64_t>> constant_shape(const Shape& shape);
std::string text(const Shape& shape);  // "[batch,3,224,224]"

}  // namespace onnxc

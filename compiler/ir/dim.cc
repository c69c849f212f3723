// Canonical integer polynomials: arithmetic, division, bounds and text.
#include "compiler/ir/dim.h"

#include <algorithm>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

constexpr int64_t kLimit = int64_t{1} << 62;

int64_t saturate(__int128 v) {
  return v > kLimit ? kLimit : v < -kLimit ? -kLimit : static_cast<int64_t>(v);
}
int64_t checked(__int128 v) {
  if (v > kLimit || v < -kLimit) throw CompileError("a size overflows 64 bits");
  return static_cast<int64_t>(v);
}
int64_t floor_div_int(int64_t a, int64_t b) {
  const int64_t q = a / b;
  return q - ((a % b != 0) && ((a < 0) != (b < 0)));
}
Range add(Range a, Range b) {
  return {saturate(__int128{a.min} + b.min), saturate(__int128{a.max} + b.max)};
}
Range multiply(Range a, Range b) {
  const int64_t p[] = {saturate(__int128{a.min} * b.min), saturate(__int128{a.min} * b.max),
                       saturate(__int128{a.max} * b.min), saturate(__int128{a.max} * b.max)};
  return {*std::min_element(p, p + 4), *std::max_element(p, p + 4)};
}

Range range_of(const Dim::Atom& atom) {
  switch (atom.kind) {
    case Dim::Kind::kSymbol:
      return {atom.symbol->min, atom.symbol->max};
    case Dim::Kind::kIndex:
      return {0, std::max<int64_t>(0, atom.args[0].range().max - 1)};
    case Dim::Kind::kOpaque:
      return atom.range;
    case Dim::Kind::kMin: {
      const Range a = atom.args[0].range(), b = atom.args[1].range();
      return {std::min(a.min, b.min), std::min(a.max, b.max)};
    }
    case Dim::Kind::kMax: {
      const Range a = atom.args[0].range(), b = atom.args[1].range();
      return {std::max(a.min, b.min), std::max(a.max, b.max)};
    }
    case Dim::Kind::kFloorMod: {
      const Range b = atom.args[1].range();
      if (b.min > 0) return {0, b.max - 1};
      return {-kLimit, kLimit};
    }
    case Dim::Kind::kFloorDiv: {
      const Range a = atom.args[0].range(), b = atom.args[1].range();
      if (b.min <= 0) return {-kLimit, kLimit};
      const int64_t q[] = {floor_div_int(a.min, b.min), floor_div_int(a.min, b.max),
                           floor_div_int(a.max, b.min), floor_div_int(a.max, b.max)};
      return {*std::min_element(q, q + 4), *std::max_element(q, q + 4)};
    }
  }
  return {-kLimit, kLimit};
}

std::string key_of(const std::vector<Dim::AtomRef>& factors) {
  std::string key;
  for (const auto& f : factors) {
    if (!key.empty()) key += '*';
    key += f->key;
  }
  return key;
}

bool is_numeric(const Dim::Atom& a) {
  return a.kind == Dim::Kind::kIndex || a.kind == Dim::Kind::kOpaque;
}

// A symbol standing for `symbol - min`, so that non-negativity shows in the coefficients.
Dim shifted(const SymbolRef& symbol) {
  if (symbol->min == 0) return Dim(symbol);
  Symbol s = *symbol;
  s.min = 0;
  s.max = symbol->max - symbol->min;
  return Dim(std::make_shared<const Symbol>(s)) + symbol->min;
}

}  // namespace

Dim::Dim(SymbolRef symbol) {
  if (symbol->min == symbol->max) {
    constant_ = symbol->min;
    return;
  }
  auto atom = std::make_shared<Atom>();
  atom->kind = Kind::kSymbol;
  atom->key = symbol->name;
  atom->symbol = std::move(symbol);
  *this = of_atom(std::move(atom));
}

Dim Dim::index(int axis, const Dim& extent) {
  if (extent.is(1)) return 0;
  auto atom = std::make_shared<Atom>();
  atom->kind = Kind::kIndex;
  atom->key = "i" + std::to_string(axis);
  atom->axis = axis;
  atom->args = {extent};
  return of_atom(std::move(atom));
}

Dim Dim::opaque(std::shared_ptr<const Expr> scalar, std::string key, Range range) {
  auto atom = std::make_shared<Atom>();
  atom->kind = Kind::kOpaque;
  atom->key = std::move(key);
  atom->scalar = std::move(scalar);
  atom->range = range;
  return of_atom(std::move(atom));
}

Dim Dim::of_terms(int64_t constant, Terms terms) {
  for (auto it = terms.begin(); it != terms.end();) {
    it = it->second.coefficient == 0 ? terms.erase(it) : std::next(it);
  }
  Dim d(constant);
  if (!terms.empty()) d.terms_ = std::make_shared<const Terms>(std::move(terms));
  return d;
}

Dim Dim::of_atom(AtomRef atom) {
  Terms terms;
  std::string key = atom->key;
  terms[key] = Term{1, {std::move(atom)}};
  return of_terms(0, std::move(terms));
}

std::optional<int64_t> Dim::constant() const {
  if (terms_) return std::nullopt;
  return constant_;
}

int64_t Dim::value() const {
  ONNXC_CHECK(!terms_, "{} is not a constant", text());
  return constant_;
}

std::vector<Dim::Term> Dim::terms() const {
  std::vector<Term> result;
  if (terms_) {
    for (const auto& [key, term] : *terms_) result.push_back(term);
  }
  return result;
}

Dim operator+(const Dim& a, const Dim& b) {
  const int64_t constant = checked(__int128{a.constant_} + b.constant_);
  if (!a.terms_ && !b.terms_) return constant;
  Dim::Terms terms;
  if (a.terms_) terms = *a.terms_;
  if (b.terms_) {
    for (const auto& [key, term] : *b.terms_) {
      auto [it, fresh] = terms.emplace(key, term);
      if (!fresh)
        it->second.coefficient = checked(__int128{it->second.coefficient} + term.coefficient);
    }
  }
  return Dim::of_terms(constant, std::move(terms));
}

Dim operator-(const Dim& a, const Dim& b) { return a + b * Dim(-1); }

Dim operator*(const Dim& a, const Dim& b) {
  if (!a.terms_ && !b.terms_) return checked(__int128{a.constant_} * b.constant_);
  Dim::Terms terms;
  const auto add = [&](int64_t coefficient, std::vector<Dim::AtomRef> factors) {
    if (coefficient == 0) return;
    std::string key = key_of(factors);
    auto [it, fresh] = terms.emplace(std::move(key), Dim::Term{coefficient, std::move(factors)});
    if (!fresh) it->second.coefficient = checked(__int128{it->second.coefficient} + coefficient);
  };
  for (const auto& ta : a.terms()) add(checked(__int128{ta.coefficient} * b.constant_), ta.factors);
  for (const auto& tb : b.terms()) add(checked(__int128{tb.coefficient} * a.constant_), tb.factors);
  for (const auto& ta : a.terms()) {
    for (const auto& tb : b.terms()) {
      std::vector<Dim::AtomRef> factors = ta.factors;
      factors.insert(factors.end(), tb.factors.begin(), tb.factors.end());
      std::stable_sort(factors.begin(), factors.end(),
                       [](const auto& x, const auto& y) { return x->key < y->key; });
      add(checked(__int128{ta.coefficient} * tb.coefficient), std::move(factors));
    }
  }
  return Dim::of_terms(checked(__int128{a.constant_} * b.constant_), std::move(terms));
}

namespace {

// `a` split as quotient * b + rest, taking every term that b divides exactly.
struct Division {
  Dim quotient, rest;
};

Dim term_dim(int64_t coefficient, const std::vector<Dim::AtomRef>& factors);

Division divide_terms(const Dim& a, const Dim& b) {
  Division d;
  const auto b_terms = b.terms();
  if (b.is_constant()) {
    const int64_t c = b.value();
    for (const auto& t : a.terms()) {
      const int64_t q = floor_div_int(t.coefficient, c);
      d.quotient = d.quotient + term_dim(q, t.factors);
      d.rest = d.rest + term_dim(t.coefficient - q * c, t.factors);
    }
    const int64_t q = floor_div_int(a.offset(), c);
    d.quotient = d.quotient + q;
    d.rest = d.rest + (a.offset() - q * c);
    return d;
  }
  if (b_terms.size() == 1 && b.offset() == 0) {  // one monomial
    const auto& m = b_terms[0];
    for (const auto& t : a.terms()) {
      std::vector<Dim::AtomRef> left = t.factors;
      bool divides = t.coefficient % m.coefficient == 0;
      for (const auto& f : m.factors) {
        const auto it =
            std::find_if(left.begin(), left.end(), [&](const auto& x) { return x->key == f->key; });
        if (it == left.end()) {
          divides = false;
          break;
        }
        left.erase(it);
      }
      if (divides) {
        d.quotient = d.quotient + term_dim(t.coefficient / m.coefficient, left);
      } else {
        d.rest = d.rest + term_dim(t.coefficient, t.factors);
      }
    }
    d.rest = d.rest + a.offset();
    return d;
  }
  // A sum: every index's coefficient that is a multiple of b, e.g. (past + seq) * i0 + i1 divided
  // by past + seq.
  Dim rest = a;
  for (int round = 0; round < 8; ++round) {
    bool changed = false;
    for (const auto& t : rest.terms()) {
      for (const auto& lead : b_terms) {
        std::vector<Dim::AtomRef> left = t.factors;
        bool divides = t.coefficient % lead.coefficient == 0;
        for (const auto& f : lead.factors) {
          const auto it = std::find_if(left.begin(), left.end(),
                                       [&](const auto& x) { return x->key == f->key; });
          if (it == left.end()) {
            divides = false;
            break;
          }
          left.erase(it);
        }
        if (!divides) break;
        const Dim q = term_dim(t.coefficient / lead.coefficient, left);
        const Dim next = rest - q * b;
        if (next.terms().size() >= rest.terms().size()) break;
        d.quotient = d.quotient + q;
        rest = next;
        changed = true;
        break;
      }
      if (changed) break;
    }
    if (!changed) break;
  }
  d.rest = rest;
  return d;
}

Dim term_dim(int64_t coefficient, const std::vector<Dim::AtomRef>& factors) {
  Dim result(coefficient);
  for (const auto& f : factors) {
    Dim one = f->kind == Dim::Kind::kSymbol     ? Dim(f->symbol)
              : f->kind == Dim::Kind::kIndex    ? Dim::index(f->axis, f->args[0])
              : f->kind == Dim::Kind::kOpaque   ? Dim::opaque(f->scalar, f->key, f->range)
              : f->kind == Dim::Kind::kFloorDiv ? floor_div(f->args[0], f->args[1])
              : f->kind == Dim::Kind::kFloorMod ? floor_mod(f->args[0], f->args[1])
              : f->kind == Dim::Kind::kMin      ? min(f->args[0], f->args[1])
                                                : max(f->args[0], f->args[1]);
    result = result * one;
  }
  return result;
}

}  // namespace

Dim floor_div(const Dim& a, const Dim& b) {
  if (b.is(0)) throw CompileError("a size is divided by zero");
  if (b.is(1)) return a;
  if (a.is_constant() && b.is_constant()) return floor_div_int(a.constant_, b.constant_);
  if (a == b) return 1;
  const bool positive = proves_nonnegative(b - 1);
  if (positive) {
    const Division d = divide_terms(a, b);
    if (proves_nonnegative(d.rest) && proves_lt(d.rest, b)) return d.quotient;
    if (!d.quotient.is(0)) return d.quotient + floor_div(d.rest, b);
    // floor(floor(x / c) / b) = floor(x / (c * b))
    const auto terms = a.terms();
    if (a.offset() == 0 && terms.size() == 1 && terms[0].coefficient == 1 &&
        terms[0].factors.size() == 1 && terms[0].factors[0]->kind == Dim::Kind::kFloorDiv &&
        b.is_constant() && terms[0].factors[0]->args[1].is_constant()) {
      return floor_div(terms[0].factors[0]->args[0], terms[0].factors[0]->args[1] * b);
    }
    // A common constant factor of all coefficients cancels.
    if (b.is_constant()) {
      int64_t g = b.value();
      for (const auto& t : a.terms()) g = std::__gcd(g, std::abs(t.coefficient));
      if (g > 1) {
        Dim reduced = floor_div_int(a.offset(), g);
        for (const auto& t : a.terms()) reduced = reduced + term_dim(t.coefficient / g, t.factors);
        return floor_div(reduced, b.value() / g);
      }
    }
  }
  auto atom = std::make_shared<Dim::Atom>();
  atom->kind = Dim::Kind::kFloorDiv;
  atom->key = fmt::format("floor_div({}, {})", a.text(), b.text());
  atom->args = {a, b};
  return Dim::of_atom(std::move(atom));
}

Dim floor_mod(const Dim& a, const Dim& b) {
  if (b.is(0)) throw CompileError("a size is divided by zero");
  if (b.is(1) || a == b) return 0;
  if (a.is_constant() && b.is_constant())
    return a.constant_ - b.constant_ * floor_div_int(a.constant_, b.constant_);
  Dim rest = a;
  if (proves_nonnegative(b - 1)) {
    rest = divide_terms(a, b).rest;
    if (rest.is_constant() && b.is_constant()) return floor_mod(rest, b);
    if (proves_nonnegative(rest) && proves_lt(rest, b)) return rest;
    if (b.is_constant()) {  // floor_mod(g * x + r, g * m) = g * floor_mod(x, m) + r, 0 <= r < g
      int64_t g = b.value();
      for (const auto& t : rest.terms()) g = std::__gcd(g, std::abs(t.coefficient));
      if (g > 1) {
        Dim reduced = floor_div_int(rest.offset(), g);
        const int64_t remainder = rest.offset() - g * floor_div_int(rest.offset(), g);
        for (const auto& t : rest.terms())
          reduced = reduced + term_dim(t.coefficient / g, t.factors);
        return floor_mod(reduced, b.value() / g) * g + remainder;
      }
    }
  }
  auto atom = std::make_shared<Dim::Atom>();
  atom->kind = Dim::Kind::kFloorMod;
  atom->key = fmt::format("floor_mod({}, {})", rest.text(), b.text());
  atom->args = {rest, b};
  return Dim::of_atom(std::move(atom));
}

Dim min(const Dim& a, const Dim& b) {
  if (proves_le(a, b)) return a;
  if (proves_le(b, a)) return b;
  auto atom = std::make_shared<Dim::Atom>();
  atom->kind = Dim::Kind::kMin;
  atom->args = a.text() < b.text() ? std::vector<Dim>{a, b} : std::vector<Dim>{b, a};
  atom->key = fmt::format("min({}, {})", atom->args[0].text(), atom->args[1].text());
  return Dim::of_atom(std::move(atom));
}

Dim max(const Dim& a, const Dim& b) {
  if (proves_le(a, b)) return b;
  if (proves_le(b, a)) return a;
  auto atom = std::make_shared<Dim::Atom>();
  atom->kind = Dim::Kind::kMax;
  atom->args = a.text() < b.text() ? std::vector<Dim>{a, b} : std::vector<Dim>{b, a};
  atom->key = fmt::format("max({}, {})", atom->args[0].text(), atom->args[1].text());
  return Dim::of_atom(std::move(atom));
}

Dim ceil_div(const Dim& a, const Dim& b) { return floor_div(a + b - 1, b); }

bool operator==(const Dim& a, const Dim& b) {
  if (a.constant_ != b.constant_ || !a.terms_ != !b.terms_) return false;
  if (a.terms_ == b.terms_) return true;
  if (a.terms_->size() != b.terms_->size()) return false;
  return std::equal(a.terms_->begin(), a.terms_->end(), b.terms_->begin(),
                    [](const auto& x, const auto& y) {
                      return x.first == y.first && x.second.coefficient == y.second.coefficient;
                    });
}

Range Dim::range() const {
  Range r{constant_, constant_};
  if (!terms_) return r;
  for (const auto& [key, term] : *terms_) {
    Range t{term.coefficient, term.coefficient};
    for (const auto& f : term.factors) t = multiply(t, range_of(*f));
    r = add(r, t);
  }
  return r;
}

namespace {

// `splits` bounds how many minima and maxima are looked into, since each doubles the work.
constexpr int kSplits = 5;
bool has_nonnegative_proof(const Dim& a, int splits);

}  // namespace

bool proves_nonnegative(const Dim& a) {
  if (a.is_constant()) return a.offset() >= 0;
  try {
    return has_nonnegative_proof(a, kSplits);
  } catch (const CompileError&) {
    return false;  // bounds too large to calculate with prove nothing
  }
}

bool proves_le(const Dim& a, const Dim& b) {
  const Range x = a.range(), y = b.range();
  if (x.max <= y.min) return true;
  if (x.min > y.max) return false;
  try {
    return proves_nonnegative(b - a);
  } catch (const CompileError&) {
    return false;
  }
}

bool proves_lt(const Dim& a, const Dim& b) {
  const Range x = a.range(), y = b.range();
  if (x.max < y.min) return true;
  if (x.min >= y.max) return false;
  try {
    return proves_nonnegative(b - a - 1);
  } catch (const CompileError&) {
    return false;
  }
}

namespace {

bool may_be_negative(const Dim::AtomRef& f) { return range_of(*f).min < 0; }

bool has_nonnegative_proof(const Dim& a, int splits) {
  if (a.is_constant()) return a.offset() >= 0;
  if (a.range().min >= 0) return true;
  // Replace loop indices by the end of their run that makes their term smallest, then symbols by
  // min + shift: a polynomial in non-negative shifts with non-negative coefficients is
  // non-negative.
  Dim lowest = a.offset();
  for (const auto& t : a.terms()) {
    Dim product = t.coefficient;
    const bool negative = t.coefficient < 0;
    if (t.factors.size() > 1 && std::any_of(t.factors.begin(), t.factors.end(), may_be_negative))
      return false;
    for (const auto& f : t.factors) {
      if (f->kind == Dim::Kind::kIndex) {
        product = negative ? product * (f->args[0] - 1) : Dim(0);
      } else if (f->kind == Dim::Kind::kSymbol) {
        product = product * Dim(f->symbol);
      } else if (f->kind == Dim::Kind::kMin && !negative && t.factors.size() == 1 && splits > 0) {
        return has_nonnegative_proof(
                   a - term_dim(t.coefficient, t.factors) + Dim(t.coefficient) * f->args[0],
                   splits - 1) &&
               has_nonnegative_proof(
                   a - term_dim(t.coefficient, t.factors) + Dim(t.coefficient) * f->args[1],
                   splits - 1);
      } else if (f->kind == Dim::Kind::kMin && negative && t.factors.size() == 1 && splits > 0) {
        return has_nonnegative_proof(
                   a - term_dim(t.coefficient, t.factors) + Dim(t.coefficient) * f->args[0],
                   splits - 1) ||
               has_nonnegative_proof(
                   a - term_dim(t.coefficient, t.factors) + Dim(t.coefficient) * f->args[1],
                   splits - 1);
      } else if (f->kind == Dim::Kind::kMax && t.factors.size() == 1 && splits > 0) {
        const Dim rest = a - term_dim(t.coefficient, t.factors);
        const bool first =
            has_nonnegative_proof(rest + Dim(t.coefficient) * f->args[0], splits - 1);
        const bool second =
            has_nonnegative_proof(rest + Dim(t.coefficient) * f->args[1], splits - 1);
        return negative ? first && second : first || second;
      } else if (f->kind == Dim::Kind::kFloorDiv && f->args[1].is_constant() &&
                 f->args[1].value() > 0) {
        if (t.factors.size() != 1) return false;
        // (x - c + 1) / c <= floor(x / c) <= x / c: compare after multiplying by c.
        const int64_t c = f->args[1].value();
        const Dim rest = a - term_dim(t.coefficient, t.factors);
        const Dim bound = negative ? f->args[0] : f->args[0] - (c - 1);
        return has_nonnegative_proof(rest * c + Dim(t.coefficient) * bound, splits);
      } else {
        const Range r = range_of(*f);
        if (t.factors.size() != 1) return false;
        product = Dim(t.coefficient) * (negative ? Dim(r.max) : Dim(r.min));
      }
    }
    lowest = lowest + product;
  }
  if (lowest.is_constant()) return lowest.offset() >= 0;
  std::map<std::string, Dim> shift;
  for (const auto& s : lowest.symbols()) shift.emplace(s->name, shifted(s));
  const Dim polynomial = lowest.substitute_symbols(shift);
  if (polynomial.offset() < 0) return polynomial.range().min >= 0;
  for (const auto& t : polynomial.terms()) {
    if (t.coefficient < 0) return polynomial.range().min >= 0;
  }
  return true;
}

}  // namespace

std::string Dim::text() const {
  if (!terms_) return std::to_string(constant_);
  std::string out;
  for (const auto& [key, term] : *terms_) {
    const int64_t c = term.coefficient;
    if (out.empty()) {
      if (c < 0) out += "-";
    } else {
      out += c < 0 ? " - " : " + ";
    }
    if (std::abs(c) != 1) out += std::to_string(std::abs(c)) + "*";
    out += key;
  }
  if (constant_ != 0) out += (constant_ < 0 ? " - " : " + ") + std::to_string(std::abs(constant_));
  return out;
}

bool Dim::has_index() const {
  for (const auto& t : terms()) {
    for (const auto& f : t.factors) {
      if (is_numeric(*f)) return true;
      if (f->kind != Kind::kSymbol &&
          std::any_of(f->args.begin(), f->args.end(), [](const Dim& d) { return d.has_index(); }))
        return true;
    }
  }
  return false;
}

bool Dim::has_opaque() const {
  for (const auto& t : terms()) {
    for (const auto& f : t.factors) {
      if (f->kind == Kind::kOpaque) return true;
      if (f->kind != Kind::kSymbol && f->kind != Kind::kIndex &&
          std::any_of(f->args.begin(), f->args.end(), [](const Dim& d) { return d.has_opaque(); }))
        return true;
    }
  }
  return false;
}

std::vector<SymbolRef> Dim::symbols() const {
  std::map<std::string, SymbolRef> found;
  for (const auto& t : terms()) {
    for (const auto& f : t.factors) {
      if (f->kind == Kind::kSymbol) found.emplace(f->symbol->name, f->symbol);
      for (const Dim& d : f->args) {
        for (const auto& s : d.symbols()) found.emplace(s->name, s);
      }
    }
  }
  std::vector<SymbolRef> result;
  for (auto& [name, s] : found) result.push_back(s);
  return result;
}

Dim Dim::substitute(const std::function<std::optional<Dim>(const Atom&)>& replacement) const {
  if (!terms_) return *this;
  Dim result(constant_);
  for (const auto& [key, term] : *terms_) {
    Dim product(term.coefficient);
    for (const auto& f : term.factors) {
      if (auto r = replacement(*f)) {
        product = product * *r;
        continue;
      }
      if (f->kind == Kind::kIndex || f->kind == Kind::kSymbol || f->kind == Kind::kOpaque) {
        product = product * of_atom(f);
        continue;
      }
      const Dim a = f->args[0].substitute(replacement), b = f->args[1].substitute(replacement);
      product = product * (f->kind == Kind::kFloorDiv   ? floor_div(a, b)
                           : f->kind == Kind::kFloorMod ? floor_mod(a, b)
                           : f->kind == Kind::kMin      ? min(a, b)
                                                        : max(a, b));
    }
    result = result + product;
  }
  return result;
}

Dim Dim::substitute_indices(const std::function<Dim(int)>& replacement) const {
  return substitute([&](const Atom& a) -> std::optional<Dim> {
    if (a.kind == Kind::kIndex) return replacement(a.axis);
    return std::nullopt;
  });
}

Dim Dim::substitute_symbols(const std::map<std::string, Dim>& replacement) const {
  return substitute([&](const Atom& a) -> std::optional<Dim> {
    if (a.kind == Kind::kSymbol) {
      const auto it = replacement.find(a.symbol->name);
      if (it != replacement.end()) return it->second;
    }
    if (a.kind == Kind::kIndex)
      return Dim::index(a.axis, a.args[0].substitute_symbols(replacement));
    return std::nullopt;
  });
}

bool Dim::mentions_index(int axis) const {
  for (const auto& t : terms()) {
    for (const auto& f : t.factors) {
      if (f->kind == Kind::kIndex && f->axis == axis) return true;
      if (f->kind == Kind::kOpaque && mentions_loop_index(*f->scalar, axis)) return true;
      if (f->kind != Kind::kIndex && std::any_of(f->args.begin(), f->args.end(), [&](const Dim& d) {
            return d.mentions_index(axis);
          }))
        return true;
    }
  }
  return false;
}

std::optional<Dim> Dim::coefficient_of_index(int axis) const {
  Dim coefficient = 0;
  for (const auto& t : terms()) {
    Dim rest = t.coefficient;
    int power = 0;
    for (const auto& f : t.factors) {
      if (f->kind == Kind::kIndex && f->axis == axis) {
        ++power;
      } else {
        const Dim one = of_atom(f);
        if (one.mentions_index(axis)) return std::nullopt;
        rest = rest * one;
      }
    }
    if (power > 1) return std::nullopt;
    if (power == 1) {
      if (rest.has_index()) return std::nullopt;
      coefficient = coefficient + rest;
    }
  }
  return coefficient;
}

int64_t Dim::evaluate(const std::map<std::string, int64_t>& symbols) const {
  std::map<std::string, Dim> values;
  for (const auto& [name, v] : symbols) values.emplace(name, Dim(v));
  return substitute_symbols(values).value();
}

Dim product(const Shape& shape) {
  Dim p = 1;
  for (const Dim& d : shape) p = p * d;
  return p;
}

Shape row_major_strides(const Shape& shape) {
  Shape strides(shape.size(), Dim(1));
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

std::optional<std::vector<int64_t>> constant_shape(const Shape& shape) {
  std::vector<int64_t> dims;
  for (const Dim& d : shape) {
    if (!d.is_constant()) return std::nullopt;
    dims.push_back(d.value());
  }
  return dims;
}

std::string text(const Shape& shape) {
  std::string out = "[";
  for (size_t i = 0; i < shape.size(); ++i) out += (i ? "," : "") + shape[i].text();
  return out + "]";
}

}  // namespace onnxc

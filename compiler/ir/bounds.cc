// Interval arithmetic on the sizes that steps find out; other symbols stay as they are.
#include "compiler/ir/bounds.h"

#include <algorithm>

namespace onnxc {
namespace {

using Found = std::map<std::string, SymbolRef>;

enum class Side { kLower, kUpper };
Side other(Side side) { return side == Side::kUpper ? Side::kLower : Side::kUpper; }

Dim extreme(const Dim& d, const Found& found, Side side);

// Factors of sizes are not negative, so the extreme of a product is the product of extremes.
Dim extreme(const Dim::Atom& atom, const Found& found, Side side) {
  switch (atom.kind) {
    case Dim::Kind::kSymbol: {
      const auto it = found.find(atom.symbol->name);
      if (it == found.end()) return Dim(atom.symbol);
      const Symbol& symbol = *it->second;
      if (side == Side::kLower) return symbol.min;
      if (!symbol.at_most) return symbol.max;
      const Dim bound = extreme(*symbol.at_most, found, side);
      return symbol.max < (int64_t{1} << 31) ? min(bound, symbol.max) : bound;
    }
    case Dim::Kind::kFloorDiv:
      return floor_div(extreme(atom.args[0], found, side),
                       max(extreme(atom.args[1], found, other(side)), 1));
    case Dim::Kind::kFloorMod:
      return side == Side::kUpper ? extreme(atom.args[1], found, side) - 1 : Dim(0);
    case Dim::Kind::kMin:
      return min(extreme(atom.args[0], found, side), extreme(atom.args[1], found, side));
    case Dim::Kind::kMax:
      return max(extreme(atom.args[0], found, side), extreme(atom.args[1], found, side));
    default:
      return side == Side::kUpper ? atom.range.max : atom.range.min;
  }
}

Dim extreme(const Dim& d, const Found& found, Side side) {
  if (!mentions_any(d, found)) return d;
  Dim result = d.offset();
  for (const Dim::Term& term : d.terms()) {
    Dim product = 1;
    const Side wanted = term.coefficient > 0 ? side : other(side);
    for (const auto& factor : term.factors) product = product * extreme(*factor, found, wanted);
    result = result + product * term.coefficient;
  }
  return result;
}

}  // namespace

bool mentions_any(const Dim& d, const Found& found) {
  const auto symbols = d.symbols();
  return std::any_of(symbols.begin(), symbols.end(),
                     [&](const SymbolRef& s) { return found.count(s->name) > 0; });
}

std::map<std::string, SymbolRef> found_sizes(const Graph& graph) {
  Found found;
  for (const auto& node : graph.nodes()) {
    for (const SymbolRef& s : symbols_defined_by(*node)) found.emplace(s->name, s);
    for (const Graph* body : bodies_of(*node)) found.merge(found_sizes(*body));
  }
  return found;
}

Dim upper_bound(const Dim& size, const std::map<std::string, SymbolRef>& found) {
  return found.empty() ? size : extreme(size, found, Side::kUpper);
}

}  // namespace onnxc

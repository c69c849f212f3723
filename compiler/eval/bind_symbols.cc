// Solving a shape's sizes for its symbols.
#include "compiler/eval/bind_symbols.h"

#include <optional>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

std::map<std::string, Dim> as_dims(const SymbolValues& symbols) {
  std::map<std::string, Dim> values;
  for (const auto& [name, value] : symbols) values.emplace(name, Dim(value));
  return values;
}

// The one unknown symbol of a size that is linear in it, and its value; nothing otherwise.
struct Solution {
  SymbolRef symbol;
  int64_t value;
};
std::optional<Solution> solve(const Dim& size, int64_t value) {
  const auto unknown = size.symbols();
  const auto terms = size.terms();
  if (unknown.size() != 1 || terms.size() != 1 || terms[0].factors.size() != 1 ||
      terms[0].factors[0]->kind != Dim::Kind::kSymbol)
    return std::nullopt;
  const int64_t rest = value - size.offset();
  if (rest % terms[0].coefficient != 0) return std::nullopt;
  return Solution{unknown[0], rest / terms[0].coefficient};
}

}  // namespace

SymbolValues bind_symbols(const std::string& what, const Shape& shape,
                          const std::vector<int64_t>& dims, SymbolValues symbols) {
  if (shape.size() != dims.size())
    throw CompileError("{} has rank {}, expected {}", what, dims.size(), text(shape));
  for (bool progress = true; progress;) {
    progress = false;
    for (size_t k = 0; k < dims.size(); ++k) {
      const Dim size = shape[k].substitute_symbols(as_dims(symbols));
      const auto solution = solve(size, dims[k]);
      if (!solution) continue;
      const Symbol& s = *solution->symbol;
      if (solution->value < s.min || solution->value > s.max) {
        throw CompileError("{}: size \"{}\" is {}, expected {} to {}", what, s.name,
                           solution->value, s.min, s.max);
      }
      symbols[s.name] = solution->value;
      progress = true;
    }
  }
  for (size_t k = 0; k < dims.size(); ++k) {
    const Dim size = shape[k].substitute_symbols(as_dims(symbols));
    if (size.is_constant() && size.value() != dims[k]) {
      throw CompileError("{}: axis {} has {} elements, expected {} = {}", what, k, dims[k],
                         shape[k].text(), size.value());
    }
  }
  return symbols;
}

std::vector<int64_t> evaluate_shape(const Shape& shape, const SymbolValues& symbols) {
  std::vector<int64_t> dims;
  for (const Dim& d : shape) {
    const Dim size = d.is_constant() ? d : d.substitute_symbols(as_dims(symbols));
    if (!size.is_constant()) throw CompileError("size {} has no value", size.text());
    dims.push_back(size.value());
    if (dims.back() < 0) throw CompileError("size {} is {}", d.text(), dims.back());
  }
  return dims;
}

}  // namespace onnxc

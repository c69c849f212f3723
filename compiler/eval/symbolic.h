// Small tensors as expressions of the graph's symbols: what exporters' shape arithmetic amounts to.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/ir/graph.h"

namespace onnxc {

// A floating-point number that stands for `numerator / denominator` exactly: sizes that exporters
// cast to float, scale and cast back.
struct Ratio {
  Dim numerator;
  int64_t denominator = 1;  // positive
};

// An integer, a floating-point number that is a ratio of sizes, one that is none, or a bool.
using SymbolicScalar = std::variant<Dim, Ratio, double, bool>;

constexpr int64_t kLargestSymbolic = 256;  // elements

// An element of a value, by its number in row-major order.
using Element = std::pair<const Value*, int64_t>;
// Elements that steps read as sizes.
using ReadElements = std::map<Element, SymbolRef>;

// The elements of `value` in row-major order, where each depends on constants and sizes alone:
// follows the Maps, Reshapes and Concats that produce it. Nothing if the value has more than
// kLargestSymbolic elements or a symbolic shape, if it depends on data, or if a comparison cannot
// be decided for all sizes within their bounds. Never throws.
std::optional<std::vector<SymbolicScalar>> symbolic_elements(const Value& value);

// The same for a tensor of integers (bools count as 0 and 1).
std::optional<std::vector<Dim>> symbolic_integers(const Value& value,
                                                  const ReadElements& read = {});

// The same where some elements may depend on data: those are nothing.
std::optional<std::vector<std::optional<Dim>>> partial_integers(const Value& value,
                                                                const ReadElements& read = {});

// The element of which element `offset` of `value` is a mere copy, as far back as it goes.
Element copied_element(const Value& value, int64_t offset);

}  // namespace onnxc

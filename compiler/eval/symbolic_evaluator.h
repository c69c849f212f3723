// The elements of small values, remembered while one question is answered.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "compiler/eval/symbolic_scalar.h"

namespace onnxc {

class SymbolicEvaluator {
 public:
  SymbolicEvaluator() = default;
  explicit SymbolicEvaluator(ReadElements read) : read_(std::move(read)) {}

  // The elements as in symbolic_elements, one by one. The pointer is good as long as the evaluator;
  // null if nothing is known.
  const std::vector<MaybeScalar>* elements(const Value& value);
  // The element of which that one is a copy made by one step; nothing if it is computed.
  std::optional<Element> copied(const Value& value, int64_t offset);

 private:
  using Elements = std::optional<std::vector<MaybeScalar>>;
  using Point = std::vector<int64_t>;
  struct Scope;

  Elements compute(const Value& value, const std::vector<int64_t>& dims);
  Elements of_reads(const Value& value, const std::vector<int64_t>& dims) const;
  Elements of_concat(const Concat& concat, const Node& node, const std::vector<int64_t>& dims);
  Elements of_map(const Map& map, const Node& node, const std::vector<int64_t>& dims);
  Elements of_constants(const Node& node, const Value& value);
  MaybeScalar reduction(const Map& map, const Node& node, const Point& point,
                        const std::vector<int64_t>& reduced);
  MaybeScalar expression(const E& x, Scope& scope);
  MaybeScalar fresh_expression(const Expr& x, Scope& scope);
  MaybeScalar load(const Expr& x, Scope& scope);
  MaybeScalar operation(const Expr& x, Scope& scope);
  std::optional<Dim> index(const Dim& d, Scope& scope);
  // Where in its input, of fixed sizes, a load reads; nothing if that is outside or not known.
  std::optional<int64_t> loaded_offset(const Expr& x, Scope& scope);

  std::unordered_map<const Value*, Elements> done_;
  ReadElements read_;
  int depth_ = 0;
};

}  // namespace onnxc

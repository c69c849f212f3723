// The elements of small values, remembered while one question is answered.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "compiler/eval/symbolic_scalar.h"

namespace onnxc {

class SymbolicEvaluator {
 public:
  // See symbolic_elements. The pointer is good as long as the evaluator; null if nothing is known.
  const std::vector<SymbolicScalar>* elements(const Value& value);

 private:
  using Elements = std::optional<std::vector<SymbolicScalar>>;
  using Point = std::vector<int64_t>;
  struct Scope;

  Elements compute(const Value& value, const std::vector<int64_t>& dims);
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

  std::unordered_map<const Value*, Elements> done_;
  int depth_ = 0;
};

}  // namespace onnxc

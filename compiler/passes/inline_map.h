// Substituting a map's definition for loads of its result.
#pragma once

#include <optional>
#include <vector>

#include "compiler/ir/graph.h"

namespace onnxc {

// The element `index` of `value` in the value that it is a reshape of, or itself; nothing where
// the index arithmetic would need divisions.
struct Element {
  Value* value;
  std::vector<Dim> index;
};
std::optional<Element> through_reshapes(Value& value, const std::vector<Dim>& index);

// The element `index` of `value` as an expression over the inputs of the map that produces it
// (through reshapes, where the index arithmetic stays free of divisions). Loads in it are numbered
// from `first_input`; `inputs` are the values they read.
struct Inlined {
  E element;
  std::vector<Value*> inputs;
};
std::optional<Inlined> inline_element(Value& value, const std::vector<Dim>& index, int first_input);

// The map that produces `value`, looking through reshapes; null if another step does or it reduces.
const Map* elementwise_producer(const Value& value);

// Replaces the loads of input `number` in the node's expressions by its definition, for those loads
// that `wanted` accepts. Says whether any was replaced.
bool inline_input(Graph& graph, Node& node, int number,
                  const std::function<bool(const Map&, const std::vector<Dim>& index)>& wanted);

bool is_pure_load(const Map& map);  // moves elements without arithmetic
bool is_identity_load(const Expr& load, const Shape& space);

}  // namespace onnxc

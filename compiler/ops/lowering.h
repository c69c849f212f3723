// What an operator sees of the node being lowered, and the tools with which it builds core steps.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/graph.h"
#include "compiler/ir/onnx_graph.h"
#include "compiler/ops/container.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {

class Scope;  // names visible to a node, compiler/ops/lower_model.cc

class Lowering {
 public:
  Lowering(Graph& graph, const OnnxNode& node, Scope& scope)
      : graph_(graph), node_(node), scope_(scope) {}

  const OnnxNode& node() const { return node_; }
  int opset() const { return node_.opset; }  // version of the node's domain
  Graph& graph() { return graph_; }
  Scope& scope() { return scope_; }

  // Inputs. `input` and what builds on it throw CompileError if input `i` is not given.
  size_t input_count() const { return node_.inputs.size(); }
  bool has_input(size_t i) const { return i < node_.inputs.size() && !node_.inputs[i].empty(); }
  Value* input(size_t i) const;
  DType type(size_t i) const { return input(i)->type; }
  const Shape& shape(size_t i) const { return input(i)->shape; }
  int rank(size_t i) const { return static_cast<int>(shape(i).size()); }

  // Input `i`, which may be a sequence or an optional.
  const Entity& entity(size_t i) const;

  // Contents known at compile time: a constant, or computed from constants alone.
  std::optional<Tensor> constant(size_t i) const;
  Tensor require_constant(
      size_t i, std::string_view what) const;  // CompileError saying that `what` must be constant
  // Elements of a small integer tensor as expressions of the graph's symbols; nothing if they
  // depend on data.
  std::optional<std::vector<Dim>> integers(size_t i) const;
  std::optional<std::vector<Dim>> integers(const Value* value) const;
  // The same where some may depend on data: those are nothing.
  std::optional<std::vector<std::optional<Dim>>> partial_integers(const Value* value) const;
  // The shape that the model declares for output `k`, if it is complete and static.
  std::optional<Shape> declared_shape(size_t k) const;

  std::optional<size_t> declared_rank(size_t k) const;

  // Attributes. Wrong types throw CompileError.
  bool has_attribute(const std::string& name) const { return node_.attributes.count(name) > 0; }
  int64_t attribute_int(const std::string& name, int64_t fallback) const;
  float attribute_float(const std::string& name, float fallback) const;
  std::string attribute_string(const std::string& name, const std::string& fallback) const;
  std::vector<int64_t> attribute_ints(const std::string& name, std::vector<int64_t> fallback) const;
  std::vector<float> attribute_floats(const std::string& name, std::vector<float> fallback) const;
  std::vector<std::string> attribute_strings(const std::string& name,
                                             std::vector<std::string> fallback) const;
  const Tensor* attribute_tensor(const std::string& name) const;  // null if absent
  const OnnxGraph* attribute_graph(const std::string& name) const;
  const OnnxType* attribute_type(const std::string& name) const;
  // `axis` counted from the end if negative; CompileError outside [-rank, rank).
  int normalized_axis(int64_t axis, int rank) const;

  // Outputs.
  size_t output_count() const { return node_.outputs.size(); }
  bool wants_output(size_t k) const {
    return k < node_.outputs.size() && !node_.outputs[k].empty();
  }
  void output(size_t k, Entity entity);
  void output_sequence(size_t k, Sequence sequence) { output(k, Entity(std::move(sequence))); }

  // Building. Values get names after the node's first output and `part`.
  Value* add(Node::Op op, std::vector<Value*> inputs, DType type, Shape shape,
             const std::string& part = "");
  Value* reshape(Value* x, Shape shape);
  Value* transpose(Value* x, const std::vector<int>& permutation);
  // Stretches size-1 and missing leading axes, as numpy does.
  Value* broadcast(Value* x, const Shape& shape);
  Value* cast_to(Value* x, DType type);
  Value* constant_value(Tensor tensor, const std::string& part = "constant");
  // Reduces `axes` (sorted or not); kept as size 1 if `keep`. `before` maps each element, `after`
  // the accumulator.
  Value* reduce(Reduction reduction, Value* x, std::vector<int> axes, bool keep,
                const std::function<E(E)>& before = nullptr,
                const std::function<E(E)>& after = nullptr, const std::string& part = "");
  // Lowers a subgraph in place, its inputs being `inputs`; its outputs.
  std::vector<Entity> lower_subgraph(const OnnxGraph& body, const std::vector<Entity>& inputs = {});
  // A size that is known only when it runs, at most `max`.
  SymbolRef fresh_symbol(const std::string& stem, int64_t min, const Dim& max);
  // A size of which nothing is known but what the user states or the model declares.
  SymbolRef open_symbol(const std::string& stem);
  // The only element of an integer tensor as a size, read when it runs. Where it is a copy of an
  // element, later uses of that one know its size.
  SymbolRef read_size(Value* value, SymbolRef symbol);
  // The generated function gives an error code where this bool is false.
  void require(Value* condition);
  // The same where the size is negative; nothing where it cannot be. `require_equal` where the
  // sizes differ.
  void require_nonnegative(const Dim& size) const;
  void require_equal(const Dim& a, const Dim& b) const;
  std::vector<std::string> origins() const;
  std::string part_name(const std::string& part) const;
  // The shape of numpy broadcasting; CompileError naming both if they do not fit.
  Shape broadcast_shape(const Shape& a, const Shape& b) const;
  template <class... Args>
  CompileError error(fmt::format_string<Args...> format, Args&&... args) const {
    return CompileError(format, std::forward<Args>(args)...);
  }

 private:
  Graph& graph_;
  const OnnxNode& node_;
  Scope& scope_;
};

// Narrow floats compute in float; all other types as themselves.
DType compute_type(DType type);

// One map under construction: loop indices, loads that register their value as an input, and the
// result.
class MapBuilder {
 public:
  MapBuilder(Lowering& lowering, Shape space, Shape reduced = {})
      : x_(lowering), space_(std::move(space)), reduced_(std::move(reduced)) {}

  // Loop index: 0..rank-1 of the space, then the reduced axes.
  Dim index(int axis) const;
  int rank() const { return static_cast<int>(space_.size()); }
  // Element `at` of `value`, widened to its compute type.
  E load(Value* value, std::vector<Dim> at);
  // The element that numpy broadcasting pairs with the loop indices of the space.
  E load(Value* value);
  // As load, in the stored type.
  E load_raw(Value* value, std::vector<Dim> at);
  // Element of an integer tensor as an index assumed to lie in `assumed`.
  Dim load_index(Value* value, std::vector<Dim> at, Range assumed);
  // The map's value, cast to `type`.
  Value* build(E body, DType type, const std::string& part = "");
  Value* build_reduction(Reduction reduction, E body, const std::function<E(E)>& finish, DType type,
                         const std::string& part = "");

 private:
  int slot(Value* value);
  std::vector<Dim> broadcast_index(const Value* value) const;

  Lowering& x_;
  Shape space_, reduced_;
  std::vector<Value*> inputs_;
};

}  // namespace onnxc

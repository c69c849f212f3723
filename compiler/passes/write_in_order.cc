// Lets a matrix product write its result in the order in which its only reader would copy it.
//   c = matmul 1x12 of 128x64xK (a, b); y = map in0[i1, i0, i2] (c)   ->   y = matmul writing
//   through the strides of y (a, b)
#include <algorithm>

#include "compiler/ir/loop_nest.h"
#include "compiler/passes/inline_map.h"
#include "compiler/passes/pass.h"
#include "compiler/passes/split_batch.h"

namespace onnxc {
namespace {

// One loop of a copy: its extent, and its steps through the source and the result.
struct Loop {
  Dim extent, from, to;
};

// The loops of a copy that moves every element of the source once, the outermost of the source
// first; nothing if it is another copy.
std::optional<std::vector<Loop>> loops_of(const Map& copy, const Value& source,
                                          const Value& result) {
  if (!is_pure_load(copy) || product(source.shape) != product(result.shape)) return std::nullopt;
  const Dim from = flat_index(copy.body->index, source.shape);
  const Dim to = flat_index(identity_index(copy.space), copy.space);
  Dim rest = from;
  std::vector<Loop> loops;
  for (size_t i = 0; i < copy.space.size(); ++i) {
    const int axis = static_cast<int>(i);
    const auto a = from.coefficient_of_index(axis), b = to.coefficient_of_index(axis);
    if (!a || !b || a->has_index()) return std::nullopt;
    rest = rest - Dim::index(axis, copy.space[i]) * *a;
    if (!copy.space[i].is(1)) loops.push_back({copy.space[i], *a, *b});
  }
  if (!rest.is(0)) return std::nullopt;
  std::vector<Loop> sorted;
  for (Dim step = 1; !loops.empty();) {
    const auto next =
        std::find_if(loops.begin(), loops.end(), [&](const Loop& l) { return l.from == step; });
    if (next == loops.end()) return std::nullopt;
    step = step * next->extent;
    sorted.insert(sorted.begin(), *next);
    loops.erase(next);
  }
  return sorted;
}

// The step through the copy's result that follows `extent` elements `step` apart in its source.
std::optional<Dim> followed(const std::vector<Loop>& loops, const Dim& extent, const Dim& step) {
  if (extent.is(1)) return Dim(0);
  for (size_t last = 0; last < loops.size(); ++last) {
    if (loops[last].from != step) continue;
    Dim covered = loops[last].extent;
    for (size_t k = last; covered != extent; --k) {
      if (k == 0 || loops[k - 1].to != loops[k].to * loops[k].extent) return std::nullopt;
      covered = covered * loops[k - 1].extent;
    }
    return loops[last].to;
  }
  return std::nullopt;
}

// The product with its one batch loop split in two where the copy moves the two apart.
MatMul with_batch_split(MatMul product, const std::vector<Loop>& loops) {
  if (!product.outer.is(1) || followed(loops, product.inner, product.c.inner)) return product;
  const auto last = std::find_if(loops.begin(), loops.end(),
                                 [&](const Loop& l) { return l.from == product.c.inner; });
  if (last == loops.begin() || last == loops.end()) return product;
  const Dim inner = last->extent, outer = std::prev(last)->extent;
  if (inner * outer != product.inner) return product;
  return split_batch(std::move(product), outer, inner);
}

bool redirect(Graph& graph, Node& copy) {
  Value* value = copy.inputs[0];
  std::vector<Node*> views;
  while (value->producer && value->producer->as<Reshape>()) {
    if (value->users.size() != 1 || graph.is_output(value)) return false;
    views.push_back(value->producer);
    value = value->producer->inputs[0];
  }
  Node* node = value->producer;
  MatMul* product = node ? node->as<MatMul>() : nullptr;
  if (!product || value->users.size() != 1 || graph.is_output(value) || !product->c.offset.is(0))
    return false;
  Value* result = copy.output();
  const auto loops = loops_of(*copy.as<Map>(), *copy.inputs[0], *result);
  if (!loops) return false;
  MatMul redirected = with_batch_split(*product, *loops);
  MatMul::Strides& c = redirected.c;
  const std::pair<Dim, Dim*> steps[] = {{redirected.outer, &c.outer},
                                        {redirected.inner, &c.inner},
                                        {redirected.m, &c.row},
                                        {redirected.n, &c.column}};
  for (const auto& [extent, step] : steps) {
    const auto there = followed(*loops, extent, *step);
    if (!there) return false;
    *step = *there;
  }
  if (!c.column.is(1)) return false;
  std::vector<std::string> origins = node->origins;
  origins.insert(origins.end(), copy.origins.begin(), copy.origins.end());
  Node* fresh =
      graph.add_node(std::move(redirected), node->inputs,
                     {{result->name, result->type, result->shape}}, std::move(origins), node);
  graph.replace_uses(result, fresh->output());
  graph.take_name(fresh->output(), result);
  graph.erase(&copy);
  for (Node* view : views) graph.erase(view);
  graph.erase(node);
  return true;
}

}  // namespace

bool write_in_order(Graph& graph, const Options&) {
  std::vector<Node*> copies;
  for (const auto& node : graph.nodes()) {
    if (const Map* map = node->as<Map>(); map && is_pure_load(*map) && node->inputs.size() == 1)
      copies.push_back(node.get());
  }
  bool changed = false;
  for (Node* copy : copies) changed |= redirect(graph, *copy);
  return changed;
}

}  // namespace onnxc

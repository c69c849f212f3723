// Copies of carried values that change places.
#include "compiler/plan/carried_values.h"

#include <algorithm>

namespace onnxc {
namespace {

const Value* through_reshapes(const Value* v) {
  while (v->producer && v->producer->as<Reshape>()) v = v->producer->inputs[0];
  return v;
}

void copy_exchanged(const Loop& loop) {
  Graph& body = *loop.body;
  const auto end = body.inputs.begin() + static_cast<std::ptrdiff_t>(loop.carried);
  const size_t first = loop.tests_next ? 1 : 0;
  for (size_t k = 0; k < loop.carried; ++k) {
    Value* out = body.outputs[first + k];
    const auto source = std::find(body.inputs.begin(), end, through_reshapes(out));
    if (source == end || source == body.inputs.begin() + static_cast<std::ptrdiff_t>(k)) continue;
    Map map;
    map.space = out->shape;
    map.body = load(0, out->type, identity_index(out->shape));
    body.outputs[first + k] =
        body.add_map(std::move(map), {out}, out->name + "/copy", {"copy of " + out->name});
  }
}

}  // namespace

void copy_exchanged_values(Graph& graph) {
  for (const auto& node : graph.nodes()) {
    if (const Loop* loop = node->as<Loop>()) copy_exchanged(*loop);
    for (Graph* body : bodies_of(*node)) copy_exchanged_values(*body);
  }
}

}  // namespace onnxc

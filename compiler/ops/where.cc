// Choices between whole values: Where, and If.
#include "compiler/ops/lowering.h"
#include "compiler/ops/op.h"

namespace onnxc {
namespace {

Value* choice(Lowering& x, Value* condition, Value* a, Value* b, const Shape& shape) {
  MapBuilder map(x, shape);
  return map.build(select(map.load(condition), map.load(a), map.load(b)), a->type);
}

void where(Lowering& x) {
  if (x.type(1) != x.type(2))
    throw x.error("input 1 is {}, input 2 is {}; they must have one type", name(x.type(1)),
                  name(x.type(2)));
  const Shape shape = x.broadcast_shape(x.broadcast_shape(x.shape(0), x.shape(1)), x.shape(2));
  x.output(0, choice(x, x.input(0), x.input(1), x.input(2), shape));
}

// A known condition leaves the branch that is taken. Otherwise both are computed and the results
// chosen from.
void if_else(Lowering& x) {
  const OnnxGraph* then_branch = x.attribute_graph("then_branch");
  const OnnxGraph* else_branch = x.attribute_graph("else_branch");
  if (!then_branch || !else_branch) throw x.error("a branch is missing");
  if (!product(x.shape(0)).is(1))
    throw x.error("the condition must be one bool, has shape {}", text(x.shape(0)));
  const auto known = x.integers(x.input(0));
  if (known && known->front().is_constant()) {
    const auto taken = x.lower_subgraph(known->front().is(0) ? *else_branch : *then_branch);
    for (size_t k = 0; k < taken.size(); ++k) x.output(k, taken[k]);
    return;
  }
  const auto yes = x.lower_subgraph(*then_branch), no = x.lower_subgraph(*else_branch);
  for (size_t k = 0; k < x.output_count() && k < yes.size() && k < no.size(); ++k) {
    if (yes[k]->type != no[k]->type || text(yes[k]->shape) != text(no[k]->shape))
      throw x.error(
          "the condition depends on the model's inputs, and output {} is {}{} in one branch and "
          "{}{} in the "
          "other; only branches of one shape can be chosen from when the model runs",
          k, name(yes[k]->type), text(yes[k]->shape), name(no[k]->type), text(no[k]->shape));
    x.output(k, choice(x, x.reshape(x.input(0), {}), yes[k], no[k], yes[k]->shape));
  }
}

}  // namespace

OPS_TABLE(where){
    {"If", 1, "any", if_else, "a condition that depends on data needs branches of one shape"},
    {"Where", 9, "any", where},
};
OPS_END(where)

}  // namespace onnxc

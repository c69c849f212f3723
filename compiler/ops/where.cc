// Where: a choice for each element.
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

}  // namespace

OPS_TABLE(where){
    {"Where", 9, "any", where},
};
OPS_END(where)

}  // namespace onnxc

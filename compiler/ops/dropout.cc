// Dropout as inference means it: nothing is dropped.
#include "compiler/ops/lowering.h"
#include "compiler/ops/op.h"
#include "compiler/ops/operands.h"

namespace onnxc {
namespace {

void require_inference(Lowering& x) {
  if (!x.has_input(2)) return;
  const auto mode = x.constant(2);
  if (!mode)
    throw x.error(
        "training mode (input 2, \"{}\") depends on the model's inputs; only inference is "
        "supported, so it "
        "must be a constant false",
        x.node().inputs[2]);
  if (mode->as_int64(0) == 0) return;
  const auto ratio = x.has_input(1) ? x.constant(1) : std::nullopt;
  if (ratio && ratio->as_double(0) == 0) return;
  throw x.error("training mode drops random elements; only inference is supported")
      .note("export the model in evaluation mode");
}

void dropout(Lowering& x) {
  require_inference(x);
  x.output(0, x.input(0));
  if (!x.wants_output(1)) return;
  const DType type = x.opset() < 10 ? x.type(0) : DType::kBool;
  MapBuilder map(x, x.shape(0));
  x.output(1, map.build(onnxc::constant(compute_type(type), 1), type, "mask"));
}

}  // namespace

OPS_TABLE(dropout){
    {"Dropout", 1, "float", dropout, "inference only"},
};
OPS_END(dropout)

}  // namespace onnxc

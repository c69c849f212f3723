// SequenceMap: its body once for each element.
#include <algorithm>

#include "compiler/ops/loop_builder.h"
#include "compiler/ops/op.h"
#include "compiler/ops/sequence_value.h"

namespace onnxc {
namespace {

const OnnxGraph& body_of(Lowering& x) {
  const OnnxGraph* body = x.attribute_graph("body");
  if (!body) throw x.error("its body is missing");
  return *body;
}

void map_known(Lowering& x, const OnnxGraph& source, size_t length) {
  std::vector<Sequence> results(source.outputs.size());
  for (size_t i = 0; i < length; ++i) {
    std::vector<Entity> inputs;
    for (size_t k = 0; k < x.input_count(); ++k) {
      const Entity& operand = x.entity(k);
      if (operand.sequence && operand.sequence->elements.size() <= i)
        throw x.error("sequence {} is shorter than the first", k);
      inputs.push_back(operand.sequence ? Entity(operand.sequence->elements[i]) : operand);
    }
    const auto outputs = x.lower_subgraph(source, inputs);
    for (size_t k = 0; k < outputs.size(); ++k) {
      results[k].elements.push_back(tensor_of(outputs[k]));
      results[k].type = results[k].elements.back()->type;
    }
  }
  for (size_t k = 0; k < results.size(); ++k) x.output_sequence(k, results[k]);
}

void map_packed(Lowering& x, const OnnxGraph& source, const Dim& length) {
  std::vector<Entity> operands;
  for (size_t k = 0; k < x.input_count(); ++k) {
    Entity operand = x.entity(k);
    if (operand.sequence) operand.sequence = packed(x, *operand.sequence);
    operands.push_back(operand);
  }
  std::vector<Boxes> boxes;
  LoopPlan plan;
  plan.trips = length;
  plan.lower = [&](Body& body, const Dim& iteration, const std::vector<Value*>&) {
    std::vector<Entity> inputs;
    for (const Entity& operand : operands) {
      const Entity inner = body.read(operand);
      inputs.push_back(
          inner.sequence ? Entity(element_at(body.lowering(), *inner.sequence, iteration)) : inner);
    }
    Iteration result;
    boxes.clear();
    for (const Entity& output : body.lower(inputs)) {
      const Sequence one = packed(body.lowering(), Sequence{{}, {tensor_of(output)}});
      boxes.push_back(boxes_of(body.lowering(), one));
      for (Value* part : {one.boxes, one.shapes}) {
        if (!part) continue;
        const Shape row(part->shape.begin() + 1, part->shape.end());
        result.stacked.push_back(body.lowering().reshape(part, row));
      }
    }
    return result;
  };
  const std::vector<Value*> results = build_loop(x, source, plan).value();
  auto next = results.begin();
  for (size_t k = 0; k < boxes.size(); ++k) {
    Sequence sequence{boxes[k].type, {}, *next++, nullptr};
    if (!boxes[k].fixed && !boxes[k].box->empty()) sequence.shapes = *next++;
    x.output_sequence(k, sequence);
  }
}

void sequence_map(Lowering& x) {
  const OnnxGraph& source = body_of(x);
  const Entity& first = x.entity(0);
  if (!first.sequence) throw x.error("input 0 must be a sequence");
  bool known = true;
  for (size_t k = 0; k < x.input_count(); ++k) {
    const Entity& operand = x.entity(k);
    known &= !operand.sequence || !operand.sequence->is_packed();
  }
  if (known) return map_known(x, source, first.sequence->elements.size());
  map_packed(x, source, first.sequence->length());
}

}  // namespace

OPS_TABLE(sequence_map){
    {"SequenceMap", 17, "any", sequence_map},
};
OPS_END(sequence_map)

}  // namespace onnxc

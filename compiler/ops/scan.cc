// Scan: a loop over the elements of its inputs.
#include <algorithm>

#include "compiler/ops/loop_builder.h"
#include "compiler/ops/op.h"

namespace onnxc {
namespace {

// Element `at` along an axis, the axis removed.
Value* element_along(Lowering& x, Value* from, int axis, const Dim& at) {
  Shape shape = from->shape;
  shape.erase(shape.begin() + axis);
  MapBuilder map(x, shape);
  std::vector<Dim> index = identity_index(shape);
  index.insert(index.begin() + axis, at);
  return map.build(map.load_raw(from, index), from->type, "element");
}

// `value` with axis 0 moved to `axis`, from the last element to the first if `reversed`.
Value* placed(Lowering& x, Value* value, int axis, bool reversed) {
  if (axis == 0 && !reversed) return value;
  Shape shape(value->shape.begin() + 1, value->shape.end());
  shape.insert(shape.begin() + axis, value->shape[0]);
  MapBuilder map(x, shape);
  std::vector<Dim> index = identity_index(shape);
  const Dim at = index[axis];
  index.erase(index.begin() + axis);
  index.insert(index.begin(), reversed ? value->shape[0] - 1 - at : at);
  return map.build(map.load_raw(value, index), value->type, "placed");
}

// What both forms of the operator say.
struct ScanForm {
  size_t states, scanned, collected;
  std::vector<int64_t> input_axes, input_reversed, output_axes, output_reversed;
};

struct ScanOperands {
  std::vector<Value*> states, scanned;
};

// One run over the elements: the last states, then what was collected.
std::vector<Value*> run_scan(Lowering& x, const OnnxGraph& source, const ScanForm& form,
                             const ScanOperands& operands) {
  std::vector<int> axes;
  for (size_t k = 0; k < form.scanned; ++k)
    axes.push_back(x.normalized_axis(form.input_axes.at(k),
                                     static_cast<int>(operands.scanned[k]->shape.size())));
  LoopPlan plan;
  plan.trips = operands.scanned[0]->shape[axes[0]];
  for (size_t k = 0; k < form.scanned; ++k) {
    const Dim& length = operands.scanned[k]->shape[axes[k]];
    if (proves_ne(length, plan.trips))
      throw x.error("the scanned inputs have {} and {} elements", plan.trips.text(), length.text());
  }
  plan.start = operands.states;
  plan.lower = [&](Body& body, const Dim& iteration, const std::vector<Value*>& carried) {
    std::vector<Entity> inputs(carried.begin(), carried.end());
    for (size_t k = 0; k < form.scanned; ++k) {
      const Dim at = form.input_reversed.at(k) != 0 ? plan.trips - 1 - iteration : iteration;
      inputs.push_back(element_along(body.lowering(), body.read(operands.scanned[k]), axes[k], at));
    }
    std::vector<Value*> results;
    for (const Entity& result : body.lower(inputs)) results.push_back(tensor_of(result));
    const auto collected = results.begin() + static_cast<std::ptrdiff_t>(form.states);
    return Iteration{nullptr, {results.begin(), collected}, {collected, results.end()}};
  };
  std::vector<Value*> results = build_loop(x, source, plan).value();
  for (size_t k = 0; k < form.collected; ++k) {
    Value*& value = results[form.states + k];
    const int axis =
        x.normalized_axis(form.output_axes.at(k), static_cast<int>(value->shape.size()));
    value = placed(x, value, axis, form.output_reversed.at(k) != 0);
  }
  return results;
}

ScanForm form_of(Lowering& x, const OnnxGraph& body, size_t first_input) {
  ScanForm form;
  form.scanned = static_cast<size_t>(x.attribute_int("num_scan_inputs", 0));
  if (form.scanned == 0 || form.scanned + first_input > x.input_count())
    throw x.error("attribute \"num_scan_inputs\" is {}, there are {} inputs", form.scanned,
                  x.input_count());
  form.states = x.input_count() - first_input - form.scanned;
  if (body.outputs.size() < form.states)
    throw x.error("its body has {} outputs for {} states", body.outputs.size(), form.states);
  form.collected = body.outputs.size() - form.states;
  const std::vector<int64_t> no_inputs(form.scanned, 0), no_outputs(form.collected, 0);
  form.input_axes = x.attribute_ints("scan_input_axes", no_inputs);
  form.input_reversed = x.attribute_ints("scan_input_directions", no_inputs);
  form.output_axes = x.attribute_ints("scan_output_axes", no_outputs);
  form.output_reversed = x.attribute_ints("scan_output_directions", no_outputs);
  return form;
}

// Opset 8: inputs have a batch axis, and each of the batch is scanned by itself.
void scan_batched(Lowering& x, const OnnxGraph& source) {
  if (x.has_input(0)) throw x.error("lengths that differ within the batch are not supported");
  ScanForm form = form_of(x, source, 1);
  form.input_reversed = x.attribute_ints("directions", std::vector<int64_t>(form.scanned, 0));
  LoopPlan batch;
  batch.trips = x.shape(1)[0];
  batch.lower = [&](Body& body, const Dim& at, const std::vector<Value*>&) {
    ScanOperands operands;
    for (size_t k = 1; k < x.input_count(); ++k)
      (k <= form.states ? operands.states : operands.scanned)
          .push_back(element_along(body.lowering(), body.read(x.input(k)), 0, at));
    return Iteration{nullptr, {}, run_scan(body.lowering(), source, form, operands)};
  };
  const std::vector<Value*> results = build_loop(x, source, batch).value();
  for (size_t k = 0; k < results.size(); ++k) x.output(k, results[k]);
}

void scan(Lowering& x) {
  const OnnxGraph* source = x.attribute_graph("body");
  if (!source) throw x.error("its body is missing");
  if (x.opset() < 9) return scan_batched(x, *source);
  const ScanForm form = form_of(x, *source, 0);
  ScanOperands operands;
  for (size_t k = 0; k < x.input_count(); ++k)
    (k < form.states ? operands.states : operands.scanned).push_back(x.input(k));
  const std::vector<Value*> results = run_scan(x, *source, form, operands);
  for (size_t k = 0; k < results.size(); ++k) x.output(k, results[k]);
}

}  // namespace

OPS_TABLE(scan){
    {"Scan", 8, "any", scan, "of opset 8 without lengths"},
};
OPS_END(scan)

}  // namespace onnxc

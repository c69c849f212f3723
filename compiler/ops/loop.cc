// Loop and Scan with a number of iterations known at compile time: their bodies, one after the
// other.
#include <algorithm>

#include "compiler/ops/op.h"
#include "compiler/ops/operands.h"

namespace onnxc {
namespace {

constexpr int64_t kMostIterations = 1024;

const OnnxGraph& body_of(Lowering& x) {
  const OnnxGraph* body = x.attribute_graph("body");
  if (!body) throw x.error("its body is missing");
  return *body;
}

// One of the stacked results: equal shapes side by side along a new axis.
Value* stacked(Lowering& x, const std::vector<Value*>& parts, int axis, size_t output) {
  if (parts.empty())
    throw x.error("output {} collects a result of every iteration, but there is none", output);
  std::vector<Value*> rows;
  for (Value* part : parts) {
    if (text(part->shape) != text(parts[0]->shape))
      throw x.error("output {} collects results of shapes {} and {}; they must be equal", output,
                    text(parts[0]->shape), text(part->shape));
    Shape shape = part->shape;
    shape.insert(shape.begin() + axis, 1);
    rows.push_back(x.reshape(part, shape));
  }
  if (rows.size() == 1) return rows[0];
  Shape shape = rows[0]->shape;
  shape[axis] = static_cast<int64_t>(rows.size());
  return x.add(Concat{axis}, rows, rows[0]->type, shape);
}

// The value of a bool known at compile time.
std::optional<bool> known_bool(Lowering& x, const Value* value) {
  const auto known = x.integers(value);
  if (!known || known->size() != 1 || !known->front().is_constant()) return std::nullopt;
  return !known->front().is(0);
}

Value* scalar(Lowering& x, DType type, int64_t value) {
  Tensor t(type, {});
  t.set_int64(0, value);
  return x.constant_value(t);
}

int64_t trip_limit(Lowering& x) {
  if (!x.has_input(0)) return kMostIterations + 1;
  const Integers limit(x, 0);
  if (!limit.known() || !limit[0].is_constant())
    throw x.error("the number of iterations (input 0, \"{}\") must be known at compile time",
                  x.node().inputs[0]);
  return limit[0].value();
}

void loop(Lowering& x) {
  const OnnxGraph& body = body_of(x);
  const int64_t limit = trip_limit(x);
  const auto require_known = [&](const Value* condition) {
    const auto known = known_bool(x, condition);
    if (!known) throw x.error("its condition must be known at compile time");
    return *known;
  };
  bool running = !x.has_input(1) || require_known(x.input(1));
  std::vector<Value*> carried;
  for (size_t i = 2; i < x.input_count(); ++i) carried.push_back(x.input(i));
  if (body.outputs.size() < carried.size() + 1)
    throw x.error("its body has {} outputs for {} carried values", body.outputs.size(),
                  carried.size());
  std::vector<std::vector<Value*>> collected(body.outputs.size() - 1 - carried.size());
  for (int64_t i = 0; i < limit && running; ++i) {
    if (i == kMostIterations)
      throw x.error("more than {} iterations are not supported", kMostIterations);
    std::vector<Value*> inputs = {scalar(x, DType::kInt64, i), scalar(x, DType::kBool, 1)};
    inputs.insert(inputs.end(), carried.begin(), carried.end());
    const std::vector<Value*> results = x.lower_subgraph(body, inputs);
    running = require_known(results[0]);
    std::copy_n(results.begin() + 1, carried.size(), carried.begin());
    for (size_t k = 0; k < collected.size(); ++k)
      collected[k].push_back(results[1 + carried.size() + k]);
  }
  for (size_t k = 0; k < carried.size(); ++k) x.output(k, carried[k]);
  for (size_t k = 0; k < collected.size(); ++k) {
    const size_t output = carried.size() + k;
    if (x.wants_output(output)) x.output(output, stacked(x, collected[k], 0, output));
  }
}

// Element `at` along an axis, the axis removed.
Value* element_along(Lowering& x, Value* from, int axis, int64_t at) {
  Shape shape = from->shape;
  shape.erase(shape.begin() + axis);
  MapBuilder map(x, shape);
  std::vector<Dim> index;
  for (int k = 0; k < map.rank(); ++k) index.push_back(map.index(k));
  index.insert(index.begin() + axis, at);
  return map.build(map.load_raw(from, index), from->type, "element");
}

int64_t scan_length(Lowering& x, size_t states, const std::vector<int>& axes) {
  const Dim length = x.shape(states)[axes[0]];
  for (size_t k = 0; k < axes.size(); ++k) {
    if (proves_ne(x.shape(states + k)[axes[k]], length))
      throw x.error("the scanned inputs have {} and {} elements", length.text(),
                    x.shape(states + k)[axes[k]].text());
  }
  if (!length.is_constant())
    throw x
        .error("the number of scanned elements, {}, must be known at compile time", length.text())
        .note("fix it with --dim NAME=VALUE");
  if (length.value() > kMostIterations)
    throw x.error("{} scanned elements, more than {} are not supported", length.value(),
                  kMostIterations);
  return length.value();
}

void scan(Lowering& x) {
  if (x.opset() < 9) throw x.error("the batched form of opset 8 is not supported");
  const OnnxGraph& body = body_of(x);
  const auto scanned = static_cast<size_t>(x.attribute_int("num_scan_inputs", 0));
  if (scanned == 0 || scanned > x.input_count())
    throw x.error("attribute \"num_scan_inputs\" is {}, there are {} inputs", scanned,
                  x.input_count());
  const size_t states = x.input_count() - scanned;
  if (body.outputs.size() < states)
    throw x.error("its body has {} outputs for {} states", body.outputs.size(), states);
  const size_t collected_count = body.outputs.size() - states;
  const std::vector<int64_t> no_inputs(scanned, 0), no_outputs(collected_count, 0);
  const auto input_axes = x.attribute_ints("scan_input_axes", no_inputs);
  const auto input_reversed = x.attribute_ints("scan_input_directions", no_inputs);
  const auto output_axes = x.attribute_ints("scan_output_axes", no_outputs);
  const auto output_reversed = x.attribute_ints("scan_output_directions", no_outputs);
  std::vector<int> axes;
  for (size_t k = 0; k < scanned; ++k)
    axes.push_back(x.normalized_axis(input_axes.at(k), x.rank(states + k)));
  const int64_t length = scan_length(x, states, axes);

  std::vector<Value*> state;
  for (size_t k = 0; k < states; ++k) state.push_back(x.input(k));
  std::vector<std::vector<Value*>> collected(collected_count);
  for (int64_t i = 0; i < length; ++i) {
    std::vector<Value*> inputs = state;
    for (size_t k = 0; k < scanned; ++k)
      inputs.push_back(element_along(x, x.input(states + k), axes[k],
                                     input_reversed.at(k) != 0 ? length - 1 - i : i));
    const std::vector<Value*> results = x.lower_subgraph(body, inputs);
    std::copy_n(results.begin(), states, state.begin());
    for (size_t k = 0; k < collected_count; ++k) collected[k].push_back(results[states + k]);
  }
  for (size_t k = 0; k < states; ++k) x.output(k, state[k]);
  for (size_t k = 0; k < collected_count; ++k) {
    if (!x.wants_output(states + k)) continue;
    if (output_reversed.at(k) != 0) std::reverse(collected[k].begin(), collected[k].end());
    const int rank = collected[k].empty() ? 0 : static_cast<int>(collected[k][0]->shape.size());
    const int axis = x.normalized_axis(output_axes.at(k), rank + 1);
    x.output(states + k, stacked(x, collected[k], axis, states + k));
  }
}

}  // namespace

OPS_TABLE(loop){
    {"Loop", 1, "any", loop, "the number of iterations must be known at compile time"},
    {"Scan", 8, "any", scan, "from opset 9; the number of elements must be known at compile time"},
};
OPS_END(loop)

}  // namespace onnxc

// Loop: a few iterations known at compile time become its body, one after the other; more of them,
// or a number that is found out when it runs, a loop step.
#include <algorithm>

#include "compiler/ops/entity_form.h"
#include "compiler/ops/loop_builder.h"
#include "compiler/ops/op.h"
#include "compiler/ops/operands.h"

namespace onnxc {
namespace {

constexpr int64_t kMostUnrolled = 1024;
constexpr int kMostForms = 4;
constexpr int64_t kFewIterations = 4;  // unrolled in any case

const OnnxGraph& body_of(Lowering& x) {
  const OnnxGraph* body = x.attribute_graph("body");
  if (!body) throw x.error("its body is missing");
  if (body->outputs.size() + 1 < x.input_count())
    throw x.error("its body has {} outputs for {} carried values", body->outputs.size(),
                  x.input_count() - 2);
  return *body;
}

size_t carried_count(const Lowering& x) { return x.input_count() > 2 ? x.input_count() - 2 : 0; }

std::vector<Entity> carried_inputs(Lowering& x) {
  std::vector<Entity> carried;
  for (size_t i = 0; i < carried_count(x); ++i) carried.push_back(x.entity(2 + i));
  return carried;
}

// Results side by side along a new first axis.
Value* stacked(Lowering& x, const std::vector<Value*>& parts, size_t output) {
  if (parts.empty())
    throw x.error("output {} collects a result of every iteration, but there is none", output);
  std::vector<Value*> rows;
  for (Value* part : parts) {
    if (text(part->shape) != text(parts[0]->shape))
      throw x.error("output {} collects results of shapes {} and {}; they must be equal", output,
                    text(parts[0]->shape), text(part->shape));
    Shape shape = part->shape;
    shape.insert(shape.begin(), 1);
    rows.push_back(x.reshape(part, shape));
  }
  if (rows.size() == 1) return rows[0];
  Shape shape = rows[0]->shape;
  shape[0] = static_cast<int64_t>(rows.size());
  return x.add(Concat{0}, rows, rows[0]->type, shape);
}

// The number of iterations, where it is an expression of sizes; no limit is a very large one.
std::optional<Dim> known_trips(Lowering& x) {
  if (!x.has_input(0)) return Dim(int64_t{1} << 31);
  const Integers limit(x, 0);
  return limit.known() ? std::optional(limit[0]) : std::nullopt;
}

void unroll(Lowering& x, const OnnxGraph& body, int64_t trips) {
  const auto require_known = [&](const Value* condition) {
    const auto known = known_bool(x, condition);
    if (!known) throw x.error("its condition must be known at compile time");
    return *known;
  };
  bool running = !x.has_input(1) || require_known(x.input(1));
  std::vector<Entity> carried = carried_inputs(x);
  std::vector<std::vector<Value*>> collected(body.outputs.size() - 1 - carried.size());
  for (int64_t i = 0; i < trips && running; ++i) {
    if (i == kMostUnrolled)
      throw x.error("more than {} iterations are not unrolled", kMostUnrolled);
    std::vector<Entity> inputs = {scalar_value(x, DType::kInt64, i),
                                  scalar_value(x, DType::kBool, 1)};
    inputs.insert(inputs.end(), carried.begin(), carried.end());
    const std::vector<Entity> results = x.lower_subgraph(body, inputs);
    running = require_known(tensor_of(results[0]));
    std::copy_n(results.begin() + 1, carried.size(), carried.begin());
    for (size_t k = 0; k < collected.size(); ++k)
      collected[k].push_back(tensor_of(results[1 + carried.size() + k]));
  }
  std::vector<Entity> outputs = carried;
  for (size_t k = 0; k < collected.size(); ++k) {
    const bool wanted = x.wants_output(carried.size() + k);
    outputs.push_back(wanted ? stacked(x, collected[k], carried.size() + k) : nullptr);
  }
  for (size_t k = 0; k < outputs.size(); ++k) x.output(k, outputs[k]);
}

// What an iteration gives, in the forms of the carried values; they may have to become wider.
Iteration iteration_of(Lowering& x, const std::vector<Entity>& results, std::vector<Form>& forms) {
  Iteration iteration;
  iteration.goes_on = tensor_of(results.at(0));
  for (size_t k = 0; k < forms.size(); ++k) {
    const Form form = common_form(x, forms[k], form_of(x, results.at(1 + k)));
    iteration.again |= !(form == forms[k]);
    forms[k] = form;
  }
  if (iteration.again) return iteration;
  for (size_t k = 0; k < forms.size(); ++k) {
    const auto parts = in_form(x, results[1 + k], forms[k]).parts();
    iteration.carried.insert(iteration.carried.end(), parts.begin(), parts.end());
  }
  for (size_t k = 1 + forms.size(); k < results.size(); ++k)
    iteration.stacked.push_back(tensor_of(results[k]));
  return iteration;
}

void build(Lowering& x, const OnnxGraph& body, const std::optional<Dim>& trips) {
  LoopPlan plan;
  plan.trips = trips ? max(*trips, 0) : Dim(x.read_size(x.input(0), x.open_symbol("trip_count")));
  if (x.has_input(1)) {
    const auto begins = known_bool(x, x.input(1));
    if (begins == false) plan.trips = 0;
    if (!begins) plan.entry = x.input(1);
  }
  const std::vector<Entity> start = carried_inputs(x);
  std::vector<Form> forms;
  for (const Entity& entity : start) forms.push_back(form_of(x, entity));
  plan.lower = [&](Body& inner, const Dim& iteration, const std::vector<Value*>& carried) {
    std::vector<Entity> inputs = {
        add_dims(inner.graph(), "iteration", DType::kInt64, {iteration}, {}),
        scalar_value(inner.lowering(), DType::kBool, 1)};
    auto part = carried.begin();
    for (const Form& form : forms) inputs.push_back(from_parts(form, part));
    return iteration_of(inner.lowering(), inner.lower(inputs), forms);
  };
  for (int round = 0; round < kMostForms; ++round) {
    plan.start.clear();
    for (size_t k = 0; k < start.size(); ++k) {
      const auto parts = in_form(x, start[k], forms[k]).parts();
      plan.start.insert(plan.start.end(), parts.begin(), parts.end());
    }
    const auto results = build_loop(x, body, plan);
    if (!results) continue;
    auto next = results->begin();
    for (size_t k = 0; k < start.size(); ++k) x.output(k, from_parts(forms[k], next));
    for (size_t k = start.size(); next != results->end(); ++k) x.output(k, *next++);
    return;
  }
  throw x.error("its carried values do not settle");
}

void loop(Lowering& x) {
  const OnnxGraph& body = body_of(x);
  const auto trips = known_trips(x);
  const bool few = trips && trips->is_constant() && trips->value() <= kFewIterations;
  if (few) {
    try {
      return unroll(x, body, trips->value());
    } catch (const CompileError&) {
      return build(x, body, trips);
    }
  }
  try {
    return build(x, body, trips);
  } catch (const CompileError&) {
    if (!trips || !trips->is_constant()) throw;
  }
  unroll(x, body, trips->value());
}

}  // namespace

OPS_TABLE(loop){
    {"Loop", 1, "any", loop},
};
OPS_END(loop)

}  // namespace onnxc

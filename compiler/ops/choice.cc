// If: the branch that is taken, known at compile time or chosen when it runs.
#include <algorithm>
#include <memory>
#include <optional>

#include "compiler/ops/body.h"
#include "compiler/ops/entity_form.h"
#include "compiler/ops/op.h"

namespace onnxc {
namespace {

const OnnxGraph& branch_of(Lowering& x, const std::string& name) {
  const OnnxGraph* branch = x.attribute_graph(name);
  if (!branch) throw x.error("its {} is missing", name);
  return *branch;
}

// Results of both branches as one: sizes that differ become sizes of the choice.
class Joined {
 public:
  explicit Joined(Lowering& x) : x_(x) {}

  Shape shape(size_t output, const Value& yes, const Value& no) {
    if (yes.type != no.type || yes.shape.size() != no.shape.size())
      throw x_.error("output {} is {}{} in one branch and {}{} in the other", output,
                     name(yes.type), text(yes.shape), name(no.type), text(no.shape));
    Shape joined;
    for (size_t axis = 0; axis < yes.shape.size(); ++axis)
      joined.push_back(size(yes.shape[axis], no.shape[axis]));
    return joined;
  }

  const std::vector<SymbolRef>& symbols() const { return symbols_; }
  const std::vector<Dim>& in_then() const { return yes_; }
  const std::vector<Dim>& in_else() const { return no_; }

 private:
  Dim size(const Dim& yes, const Dim& no) {
    if (yes == no) return yes;
    for (size_t k = 0; k < symbols_.size(); ++k) {
      if (yes_[k] == yes && no_[k] == no) return Dim(symbols_[k]);
    }
    symbols_.push_back(x_.fresh_symbol(
        "chosen_size", std::max<int64_t>(0, std::min(yes.range().min, no.range().min)),
        max(yes, no)));
    yes_.push_back(yes);
    no_.push_back(no);
    return Dim(symbols_.back());
  }

  Lowering& x_;
  std::vector<SymbolRef> symbols_;
  std::vector<Dim> yes_, no_;
};

std::vector<Value*> captured_by(const Body& a, const Body& b) {
  std::vector<Value*> all = a.captured();
  for (Value* v : b.captured()) {
    if (std::find(all.begin(), all.end(), v) == all.end()) all.push_back(v);
  }
  return all;
}

bool same_ranks(const std::vector<Entity>& a, const std::vector<Entity>& b) {
  for (size_t k = 0; k < a.size() && k < b.size(); ++k) {
    if (a[k].tensor && b[k].tensor && a[k].tensor->shape.size() != b[k].tensor->shape.size())
      return false;
  }
  return true;
}

Value* negation(Lowering& x, Value* condition) {
  MapBuilder map(x, condition->shape);
  return map.build(logical_not(map.load(condition)), DType::kBool, "not");
}

void take(Lowering& x, const OnnxGraph& branch) {
  const auto taken = x.lower_subgraph(branch);
  for (size_t k = 0; k < taken.size(); ++k) x.output(k, taken[k]);
}

struct Rest {
  std::unique_ptr<Body> body;
  std::vector<Entity> results;
  std::optional<CompileError> error;
};

Rest lower_rest(Lowering& x, const OnnxGraph& branch) {
  Rest rest;
  try {
    rest.body = std::make_unique<Body>(x, x.scope().source());
    rest.results = rest.body->lower_rest(branch);
    rest.body->publish_symbols();
  } catch (const CompileError& error) {
    rest.error = error;
  }
  return rest;
}

void add_choice(Lowering& x, Body& yes, const std::vector<Entity>& in_then, Body& no,
                const std::vector<Entity>& in_else, const std::vector<std::string>& names);

// Results of different ranks have nothing in common, so what follows is lowered once for each
// branch. Where that fails for one of them, inputs that would take it are refused when they come.
void choose_with_rest(Lowering& x, const OnnxGraph& then_branch, const OnnxGraph& else_branch) {
  Rest yes = lower_rest(x, then_branch), no = lower_rest(x, else_branch);
  if (yes.error && no.error) throw *yes.error;
  if (yes.error) {
    x.require(negation(x, x.input(0)));
    return take(x, else_branch);
  }
  if (no.error) {
    x.require(x.input(0));
    return take(x, then_branch);
  }
  std::vector<std::string> names;
  for (const OnnxValueInfo& output : x.scope().source().outputs) names.push_back(output.name);
  add_choice(x, *yes.body, yes.results, *no.body, no.results, names);
  x.scope().finish();
}

void choose(Lowering& x, const OnnxGraph& then_branch, const OnnxGraph& else_branch) {
  Body yes(x, then_branch);
  const std::vector<Entity> in_then = yes.lower({});
  yes.publish_symbols();
  Body no(x, else_branch);
  const std::vector<Entity> in_else = no.lower({});
  no.publish_symbols();
  if (in_then.size() != in_else.size() || in_then.size() < x.output_count())
    throw x.error("its branches have {} and {} outputs", in_then.size(), in_else.size());
  if (!same_ranks(in_then, in_else)) return choose_with_rest(x, then_branch, else_branch);
  std::vector<std::string> names = x.node().outputs;
  names.resize(in_then.size());
  add_choice(x, yes, in_then, no, in_else, names);
}

std::vector<Value*> parts_of(Body& body, const std::vector<Entity>& entities,
                             const std::vector<Form>& forms) {
  std::vector<Value*> all;
  for (size_t k = 0; k < entities.size(); ++k) {
    const auto parts = in_form(body.lowering(), entities[k], forms[k]).parts();
    all.insert(all.end(), parts.begin(), parts.end());
  }
  return all;
}

size_t parts_count(const Form& form) {
  const bool shapes =
      form.sequence && form.boxes.box && !form.boxes.fixed && !form.boxes.box->empty();
  const bool content = form.sequence ? form.boxes.box.has_value() : form.has_content();
  return (content ? 1 : 0) + (shapes ? 1 : 0) + (form.optional ? 1 : 0);
}

// The step, whose results have these names in the graph around.
void add_choice(Lowering& x, Body& yes, const std::vector<Entity>& in_then, Body& no,
                const std::vector<Entity>& in_else, const std::vector<std::string>& names) {
  std::vector<Form> forms;
  for (size_t k = 0; k < in_then.size(); ++k)
    forms.push_back(
        common_form(x, form_of(yes.lowering(), in_then[k]), form_of(no.lowering(), in_else[k])));
  const std::vector<Value*> then_parts = parts_of(yes, in_then, forms),
                            else_parts = parts_of(no, in_else, forms);
  Joined joined(x);
  std::vector<Graph::Result> results;
  for (size_t k = 0; k < forms.size(); ++k) {
    for (size_t part = parts_count(forms[k]); part > 0; --part) {
      const size_t at = results.size();
      results.push_back({names[k].empty() ? x.part_name("unused") : names[k], then_parts[at]->type,
                         joined.shape(k, *then_parts[at], *else_parts[at])});
    }
  }
  yes.set_outputs(then_parts);
  no.set_outputs(else_parts);
  yes.graph().sizes = joined.in_then();
  no.graph().sizes = joined.in_else();
  std::vector<Value*> inputs = captured_by(yes, no);
  yes.set_captured(inputs);
  no.set_captured(inputs);
  inputs.insert(inputs.begin(), x.input(0));
  const Node* node = x.graph().add_node(If{yes.take_graph(), no.take_graph(), joined.symbols()},
                                        inputs, results, x.origins());
  const std::vector<Value*> values = node->outputs;
  auto next = values.begin();
  for (size_t k = 0; k < names.size(); ++k) {
    Entity entity = from_parts(forms[k], next);
    if (!names[k].empty()) x.scope().define(names[k], std::move(entity));
  }
}

void if_else(Lowering& x) {
  const OnnxGraph &then_branch = branch_of(x, "then_branch"),
                  &else_branch = branch_of(x, "else_branch");
  if (!product(x.shape(0)).is(1))
    throw x.error("the condition must be one bool, has shape {}", text(x.shape(0)));
  const auto known = x.integers(x.input(0));
  if (!known || !known->front().is_constant()) return choose(x, then_branch, else_branch);
  take(x, known->front().is(0) ? else_branch : then_branch);
}

}  // namespace

OPS_TABLE(choice){
    {"If", 1, "any", if_else},
};
OPS_END(choice)

}  // namespace onnxc

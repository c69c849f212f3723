// The graph's invariants, checked after every pass.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "compiler/ir/graph.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

void check_indices(const Dim& d, size_t axes, const std::string& where) {
  for (const auto& t : d.terms()) {
    for (const auto& f : t.factors) {
      if (f->kind == Dim::Kind::kIndex)
        ONNXC_CHECK(f->axis >= 0 && static_cast<size_t>(f->axis) < axes, "{}: loop index {} of {}",
                    where, f->axis, axes);
      for (const Dim& a : f->args) check_indices(a, axes, where);
    }
  }
}

void check_expression(const E& e, size_t axes, const Node& node, bool accumulates,
                      const std::string& where) {
  visit(e, [&](const Expr& x) {
    ONNXC_CHECK(x.kind != Expr::Kind::kAccumulator || accumulates, "{}: accumulator outside finish",
                where);
    for (const Dim& d : x.index) check_indices(d, axes, where);
    if (x.kind == Expr::Kind::kInteger) check_indices(x.integer, axes, where);
    if (x.kind != Expr::Kind::kLoad || (x.input >= kFirstPart && node.as<Rows>())) return;
    ONNXC_CHECK(x.input >= 0 && static_cast<size_t>(x.input) < node.inputs.size(),
                "{}: load of input {} of {}", where, x.input, node.inputs.size());
    const Value& v = *node.inputs[x.input];
    ONNXC_CHECK(x.type == v.type, "{}: {} loaded as {}, is {}", where, v.name, name(x.type),
                name(v.type));
    ONNXC_CHECK(x.index.size() == v.shape.size(), "{}: {} loaded with {} indices, has rank {}",
                where, v.name, x.index.size(), v.shape.size());
  });
}

void check_map(const Map& m, const Value& result, const Node& node, const std::string& where) {
  ONNXC_CHECK(m.body.ref() != nullptr, "{}: map without a body", where);
  const size_t axes = m.space.size() + m.reduced.size();
  check_expression(m.body, axes, node, false, where);
  if (m.finish) check_expression(m.finish, m.space.size(), node, true, where);
  ONNXC_CHECK(
      (m.reduction == Reduction::kNone) == m.reduced.empty() || m.reduction != Reduction::kNone,
      "{}: reduced axes without a reduction", where);
  ONNXC_CHECK(result.type == result_type(m), "{}: is {}, map gives {}", where, name(result.type),
              name(result_type(m)));
  ONNXC_CHECK(text(result.shape) == text(m.space), "{}: shape {}, map gives {}", where,
              text(result.shape), text(m.space));
}

// A part read by a later one: of the same row.
void check_part_load(const Rows& rows, const Expr& x, int before, const std::string& where) {
  const int number = x.input - kFirstPart;
  ONNXC_CHECK(number < before, "{}: part {} is read before it is computed", where, number);
  const Map& part = rows.parts[static_cast<size_t>(number)].map;
  ONNXC_CHECK(x.type == result_type(part) && x.index.size() == part.space.size(),
              "{}: part {} is read as what it is not", where, number);
  for (int d = 0; d < rows.outer; ++d)
    ONNXC_CHECK(x.index[d] == Dim::index(d, part.space[d]), "{}: part {} is read in another row",
                where, number);
}

void check_rows(const Rows& rows, const Node& node, const std::string& where) {
  ONNXC_CHECK(!rows.parts.empty(), "{}: rows without parts", where);
  const Shape& first = rows.parts[0].map.space;
  for (size_t k = 0; k < rows.parts.size(); ++k) {
    const Rows::Part& part = rows.parts[k];
    ONNXC_CHECK(part.map.space.size() >= static_cast<size_t>(rows.outer) &&
                    std::equal(first.begin(), first.begin() + rows.outer, part.map.space.begin()),
                "{}: part {} has other rows", where, k);
    const Dim size = product(row_shape(rows, part));
    ONNXC_CHECK(
        part.home != Rows::kNoHome || (size.is_constant() && size.value() <= Rows::kLargestRow),
        "{}: part {} has no place", where, k);
    Value result;
    result.type = result_type(part.map);
    result.shape = part.map.space;
    if (part.home != Rows::kNoHome) {
      const Value& output = *node.outputs.at(static_cast<size_t>(part.home));
      ONNXC_CHECK(output.type == result.type && output.shape == result.shape,
                  "{}: part {} does not fit its home", where, k);
    }
    check_map(part.map, result, node, where);
    for (const E* e : {&part.map.body, &part.map.finish}) {
      if (!*e) continue;
      visit(*e, [&](const Expr& x) {
        if (x.kind == Expr::Kind::kLoad && x.input >= kFirstPart)
          check_part_load(rows, x, static_cast<int>(k), where);
      });
    }
  }
}

void check_node(const Node& node) {
  const std::string where = node.outputs.empty() ? "node" : node.output()->name;
  if (const Map* m = node.as<Map>()) {
    check_map(*m, *node.output(), node, where);
  }
  if (const Attention* a = node.as<Attention>()) {
    ONNXC_CHECK(node.inputs.size() >= 3, "{}: attention without keys or values", where);
    ONNXC_CHECK(a->scores.outer == a->values.outer && a->scores.inner == a->values.inner &&
                    a->scores.m == a->values.m && a->scores.n == a->values.k,
                "{}: the two products of attention do not fit", where);
  }
  if (const Rows* rows = node.as<Rows>()) check_rows(*rows, node, where);
  if (const Conv* c = node.as<Conv>()) {
    ONNXC_CHECK(node.inputs.size() >= 2, "{}: convolution without weights", where);
    if (c->finish) check_expression(c->finish, node.output()->shape.size(), node, true, where);
  }
  if (const MatMul* m = node.as<MatMul>()) {
    ONNXC_CHECK(node.inputs.size() >= 2, "{}: matrix product with one operand", where);
    if (m->finish) {
      visit(m->finish, [&](const Expr& x) {
        ONNXC_CHECK(x.kind != Expr::Kind::kLoad || x.index.size() == 1,
                    "{}: load without a flat index", where);
      });
    }
  }
  if (node.as<Reshape>()) {
    ONNXC_CHECK(node.inputs.size() == 1 && node.inputs[0]->type == node.output()->type,
                "{}: reshape changes the type", where);
  }
  if (const Concat* c = node.as<Concat>()) {
    Dim total = 0;
    for (const Value* v : node.inputs) {
      ONNXC_CHECK(v->type == node.output()->type && v->shape.size() == node.output()->shape.size(),
                  "{}: concat of unlike {}", where, v->name);
      total = total + v->shape[c->axis];
    }
    ONNXC_CHECK(total == node.output()->shape[c->axis], "{}: concat of {} into {}", where,
                total.text(), node.output()->shape[c->axis].text());
  }
}

void check_alike(const Value& outer, const Value& inner, const std::string& where) {
  ONNXC_CHECK(outer.type == inner.type && outer.shape.size() == inner.shape.size(),
              "{}: {} {}{} stands for {} {}{}", where, inner.name, name(inner.type),
              text(inner.shape), outer.name, name(outer.type), text(outer.shape));
}

void check_body(const Node& node, const Graph& body, size_t conditions, size_t carried) {
  const std::string where = node.outputs.empty() ? "node" : node.output()->name;
  const size_t first = first_body_input(node);
  ONNXC_CHECK(body.inputs.size() + first == node.inputs.size(), "{}: a body of {} inputs for {}",
              where, body.inputs.size(), node.inputs.size() - first);
  for (size_t i = 0; i < body.inputs.size(); ++i)
    check_alike(*node.inputs[first + i], *body.inputs[i], where);
  ONNXC_CHECK(body.outputs.size() == node.outputs.size() + conditions,
              "{}: a body of {} outputs for {}", where, body.outputs.size(), node.outputs.size());
  ONNXC_CHECK(body.sizes.size() + (node.as<Loop>() ? 1 : 0) == symbols_defined_by(node).size(),
              "{}: a body of {} sizes", where, body.sizes.size());
  for (size_t k = 0; k < node.outputs.size(); ++k) {
    const Value &outer = *node.outputs[k], &inner = *body.outputs[k + conditions];
    const size_t stacked = node.as<Loop>() && k >= carried ? 1 : 0;
    ONNXC_CHECK(outer.type == inner.type && outer.shape.size() == inner.shape.size() + stacked,
                "{}: {} {}{} gives {} {}{}", where, inner.name, name(inner.type), text(inner.shape),
                outer.name, name(outer.type), text(outer.shape));
  }
  verify(body);
}

void check_condition(const Value& value, const std::string& where) {
  ONNXC_CHECK(value.type == DType::kBool && product(value.shape).is(1), "{}: condition {} is {}{}",
              where, value.name, name(value.type), text(value.shape));
}

void check_bodies(const Node& node) {
  const std::string where = node.outputs.empty() ? "node" : node.output()->name;
  if (node.as<If>()) {
    check_condition(*node.inputs.at(0), where);
    for (const Graph* body : bodies_of(node)) check_body(node, *body, 0, 0);
  }
  if (const Loop* loop = node.as<Loop>()) {
    ONNXC_CHECK(loop->first_sizes.size() == loop->sizes.size(), "{}: {} sizes begin at {} values",
                where, loop->sizes.size(), loop->first_sizes.size());
    if (loop->tests_entry) check_condition(*node.inputs.at(0), where);
    if (loop->tests_next) check_condition(*loop->body->outputs.at(0), where);
    check_body(node, *loop->body, loop->tests_next ? 1 : 0, loop->carried);
  }
}

}  // namespace

void verify(const Graph& graph) {
  std::unordered_set<const Value*> defined(graph.inputs.begin(), graph.inputs.end());
  std::unordered_map<const Value*, size_t> uses;
  for (const auto& v : graph.values()) {
    if (v->is_constant()) defined.insert(v.get());
  }
  for (const auto& n : graph.nodes()) {
    for (const Value* v : n->inputs) {
      ONNXC_CHECK(defined.count(v), "{} is used before it is defined", v->name);
      ONNXC_CHECK(std::find(v->users.begin(), v->users.end(), n.get()) != v->users.end(),
                  "{} does not know a user", v->name);
      ++uses[v];
    }
    check_node(*n);
    check_bodies(*n);
    for (const Value* v : n->outputs) {
      ONNXC_CHECK(v->producer == n.get(), "{} does not know its producer", v->name);
      defined.insert(v);
    }
  }
  for (const auto& v : graph.values())
    ONNXC_CHECK(v->users.size() == uses[v.get()], "{} counts {} users, has {}", v->name,
                v->users.size(), uses[v.get()]);
  ONNXC_CHECK(graph.outputs.size() == graph.output_names.size(),
              "outputs and their names differ in number");
  for (const Value* v : graph.outputs)
    ONNXC_CHECK(defined.count(v), "output {} is not defined", v->name);
}

}  // namespace onnxc

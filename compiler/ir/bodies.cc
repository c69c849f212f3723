// What a node holds and mentions: bodies and symbols.
#include "compiler/ir/graph.h"

namespace onnxc {
namespace {

using SymbolVisitor = std::function<void(const SymbolRef&)>;

void visit_dim(const Dim& d, const SymbolVisitor& visitor) {
  for (const SymbolRef& s : d.symbols()) visitor(s);
}

void visit_dims(const Shape& dims, const SymbolVisitor& visitor) {
  for (const Dim& d : dims) visit_dim(d, visitor);
}

void visit_expression(const E& e, const SymbolVisitor& visitor) {
  if (!e) return;
  visit(e, [&](const Expr& x) {
    visit_dim(x.integer, visitor);
    visit_dims(x.index, visitor);
  });
}

struct VisitOp {
  const SymbolVisitor& visitor;

  void operator()(const Map& m) const {
    visit_dims(m.space, visitor);
    visit_dims(m.reduced, visitor);
    visit_expression(m.body, visitor);
    visit_expression(m.finish, visitor);
  }
  void operator()(const Reshape&) const {}
  void operator()(const Concat&) const {}
  void operator()(const Conv& c) const { visit_expression(c.finish, visitor); }
  void operator()(const Rows& rows) const {
    for (const Rows::Part& part : rows.parts) (*this)(part.map);
  }
  void operator()(const Attention& a) const {
    (*this)(a.scores);
    (*this)(a.values);
    visit_dim(a.scratch_bytes, visitor);
  }
  void operator()(const MatMul& m) const {
    visit_dims({m.outer, m.inner, m.m, m.n, m.k}, visitor);
    for (const MatMul::Strides& s : {m.a, m.b, m.c})
      visit_dims({s.offset, s.outer, s.inner, s.row, s.column}, visitor);
    visit_expression(m.finish, visitor);
  }
  void operator()(const KernelCall& k) const {
    for (const KernelCall::Argument& a : k.arguments) {
      if (const auto* d = std::get_if<Dim>(&a)) visit_dim(*d, visitor);
      if (const auto* list = std::get_if<std::vector<Dim>>(&a)) visit_dims(*list, visitor);
    }
    visit_dim(k.scratch_bytes, visitor);
  }
  void operator()(const If&) const {}
  void operator()(const Loop& l) const {
    visit_dim(l.trips, visitor);
    visit_dims(l.first_sizes, visitor);
  }
};

}  // namespace

std::vector<Graph*> bodies_of(const Node& node) {
  if (const If* choice = node.as<If>()) return {choice->then_body.get(), choice->else_body.get()};
  if (const Loop* loop = node.as<Loop>()) return {loop->body.get()};
  return {};
}

size_t first_body_input(const Node& node) {
  const Loop* loop = node.as<Loop>();
  return node.as<If>() || (loop && loop->tests_entry) ? 1 : 0;
}

std::vector<SymbolRef> symbols_defined_by(const Node& node) {
  if (const KernelCall* k = node.as<KernelCall>(); k && k->result) return {k->result};
  if (const If* choice = node.as<If>()) return choice->sizes;
  if (const Loop* loop = node.as<Loop>()) {
    std::vector<SymbolRef> all = loop->sizes;
    all.push_back(loop->iteration);
    return all;
  }
  return {};
}

void visit_symbols(const Node& node, const SymbolVisitor& visitor) {
  std::visit(VisitOp{visitor}, node.op);
  for (const Value* v : node.outputs) visit_dims(v->shape, visitor);
  for (const Graph* body : bodies_of(node)) {
    visit_dims(body->sizes, visitor);
    for (const auto& n : body->nodes()) visit_symbols(*n, visitor);
  }
}

}  // namespace onnxc

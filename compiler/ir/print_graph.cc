// A graph as text: one line a node, stable, read by people and compared by tests.
#include "compiler/ir/graph.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

std::string describe(const Value& v) {
  return fmt::format("{} {}{}{}", v.name, name(v.type), text(v.shape),
                     v.layout.blocked ? " blocked" : "");
}

std::string names_of(const std::vector<Value*>& values) {
  std::string out;
  for (const Value* v : values) out += (out.empty() ? "" : ", ") + v->name;
  return out;
}

std::string list(const std::vector<int64_t>& v) { return fmt::format("[{}]", fmt::join(v, ",")); }

struct PrintOp {
  std::string operator()(const Map& m) const {
    std::string out = "map";
    if (m.reduction != Reduction::kNone)
      out += fmt::format(" {} over {}", name(m.reduction), text(m.reduced));
    out += " " + text(m.body);
    if (m.finish) out += " then " + text(m.finish);
    return out;
  }
  std::string operator()(const Reshape&) const { return "reshape"; }
  std::string operator()(const Concat& c) const { return fmt::format("concat axis {}", c.axis); }
  std::string operator()(const Conv& c) const {
    std::string out =
        fmt::format("conv strides {} dilations {} pads {}{} groups {}", list(c.strides),
                    list(c.dilations), list(c.pads_begin), list(c.pads_end), c.groups);
    if (!c.method.empty()) out += " by " + c.method;
    if (c.finish) out += " then " + text(c.finish);
    return out;
  }
  std::string operator()(const MatMul& m) const {
    std::string out = fmt::format("{} {}x{} of {}x{}x{}", m.method, m.outer.text(), m.inner.text(),
                                  m.m.text(), m.n.text(), m.k.text());
    if (m.finish) out += " then " + text(m.finish);
    return out;
  }
  std::string operator()(const Attention& a) const {
    std::string out = fmt::format("attention {}x{} of {} queries, {} keys, {} to {}",
                                  a.scores.outer.text(), a.scores.inner.text(), a.scores.m.text(),
                                  a.scores.n.text(), a.scores.k.text(), a.values.n.text());
    if (a.scores.finish) out += " scores " + text(a.scores.finish);
    if (a.values.finish) out += " then " + text(a.values.finish);
    return out;
  }
  std::string operator()(const Rows& r) const {
    const Shape& space = r.parts.at(0).map.space;
    std::string out = "rows of " + text(Shape(space.begin(), space.begin() + r.outer));
    for (size_t k = 0; k < r.parts.size(); ++k) {
      const Rows::Part& part = r.parts[k];
      out += fmt::format("; part{} {}", k, text(row_shape(r, part)));
      if (part.home != Rows::kNoHome) out += fmt::format(" in out{}", part.home);
      out += " = " + (*this)(part.map).substr(4);
    }
    return out;
  }
  std::string operator()(const KernelCall& k) const {
    return "kernel " + k.kernel + (k.result ? " giving " + k.result->name : "");
  }
  std::string operator()(const If& choice) const {
    std::string out = "if";
    for (const SymbolRef& s : choice.sizes) out += " " + s->name;
    return out;
  }
  std::string operator()(const Loop& l) const {
    std::string out = fmt::format("loop {} < {}", l.iteration->name, l.trips.text());
    for (size_t k = 0; k < l.sizes.size(); ++k)
      out += fmt::format(" {} from {}", l.sizes[k]->name, l.first_sizes[k].text());
    return out;
  }
};

std::string indented(const std::string& lines) {
  std::string out = "  ";
  for (size_t i = 0; i + 1 < lines.size(); ++i) {
    out += lines[i];
    if (lines[i] == '\n') out += "  ";
  }
  return out + "\n";
}

// A body's inputs, constants, nodes and results; its symbols are the whole graph's.
std::string body_text(const Graph& body) {
  std::string out = text(body);
  while (out.rfind("symbol ", 0) == 0) out.erase(0, out.find('\n') + 1);
  for (const Dim& d : body.sizes) out += "size " + d.text() + "\n";
  return out;
}

}  // namespace

std::string text(const Graph& graph) {
  std::string out;
  for (const auto& [key, s] : graph.symbols)
    out += fmt::format("symbol {} in {}..{}\n", s->name, s->min, s->max);
  for (const Value* v : graph.inputs) out += fmt::format("input {}\n", describe(*v));
  for (const Dim& d : graph.nonnegative) out += fmt::format("{} >= 0\n", d.text());
  for (const auto& v : graph.values()) {
    if (v->is_constant()) out += fmt::format("constant {}\n", describe(*v));
  }
  for (const auto& n : graph.nodes()) {
    std::string results;
    for (const Value* v : n->outputs) results += (results.empty() ? "" : ", ") + describe(*v);
    out +=
        fmt::format("{} = {} ({})\n", results, std::visit(PrintOp{}, n->op), names_of(n->inputs));
    for (const Graph* body : bodies_of(*n)) out += "{\n" + indented(body_text(*body)) + "}\n";
  }
  for (size_t i = 0; i < graph.outputs.size(); ++i)
    out += fmt::format("output {} = {}\n", graph.output_names[i], graph.outputs[i]->name);
  return out;
}

}  // namespace onnxc

// The graph's verbs: adding, replacing and erasing keep values, users and order consistent.
#include "compiler/ir/graph.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "compiler/support/diagnostics.h"

namespace onnxc {

std::string_view name(Reduction r) {
  constexpr std::string_view kNames[] = {"none",         "sum",           "product",
                                         "max",          "min",           "arg_max_first",
                                         "arg_max_last", "arg_min_first", "arg_min_last"};
  return kNames[static_cast<int>(r)];
}

DType result_type(const Map& map) {
  if (map.finish) return map.finish.type();
  switch (map.reduction) {
    case Reduction::kArgMaxFirst:
    case Reduction::kArgMaxLast:
    case Reduction::kArgMinFirst:
    case Reduction::kArgMinLast:
      return DType::kInt64;
    default:
      return map.body.type();
  }
}

std::vector<Dim> identity_index(const Shape& space) {
  std::vector<Dim> index;
  for (size_t i = 0; i < space.size(); ++i)
    index.push_back(Dim::index(static_cast<int>(i), space[i]));
  return index;
}

int64_t Conv::SplitImage::pixels() const {
  const int64_t count = (height + top + bottom) * (width + beside) + beside + 32;
  return (count + 15) / 16 * 16;
}

Shape conv_output_shape(const Conv& conv, const Shape& x, const Shape& w) {
  Shape out{x[0], w[0]};
  for (size_t i = 0; i < conv.strides.size(); ++i) {
    const Dim reach = (w[2 + i] - 1) * conv.dilations[i] + 1;
    out.push_back(
        floor_div(x[2 + i] + conv.pads_begin[i] + conv.pads_end[i] - reach, conv.strides[i]) + 1);
  }
  return out;
}

Map meaning_of(const Conv& conv, const Shape& x, const Shape& w, DType type, const Shape& out) {
  Map map;
  map.space = out;
  map.reduction = Reduction::kSum;
  map.reduced = Shape(w.begin() + 1, w.end());
  const int rank = static_cast<int>(out.size());
  const Dim n = Dim::index(0, out[0]), o = Dim::index(1, out[1]), c = Dim::index(rank, w[1]);
  const Dim group = conv.groups == 1 ? Dim(0) : floor_div(o, floor_div(w[0], conv.groups));
  std::vector<Dim> x_index{n, group * w[1] + c}, w_index{o, c};
  E inside = constant_integer(DType::kBool, 1);
  for (int i = 0; i + 2 < rank; ++i) {
    const Dim k = Dim::index(rank + 1 + i, w[2 + i]);
    const Dim at = Dim::index(2 + i, out[2 + i]) * conv.strides[i] + k * conv.dilations[i] -
                   conv.pads_begin[i];
    inside = inside && integer(at) >= integer(0) && integer(at) < integer(x[2 + i]);
    x_index.push_back(at);
    w_index.push_back(k);
  }
  map.body = select(inside, load(0, type, x_index), 0.0) * load(1, type, w_index);
  map.finish = conv.finish;
  return map;
}

Shape row_shape(const Rows& rows, const Rows::Part& part) {
  return Shape(part.map.space.begin() + rows.outer, part.map.space.end());
}

Value* Graph::add_input(std::string value_name, DType type, Shape shape) {
  auto v = std::make_unique<Value>();
  v->id = next_id_++;
  v->name = fresh_name(value_name);
  v->type = type;
  v->shape = std::move(shape);
  inputs.push_back(v.get());
  values_.push_back(std::move(v));
  return inputs.back();
}

Value* Graph::add_constant(std::string value_name, Tensor tensor) {
  return add_constant(std::move(value_name), std::make_shared<const Tensor>(std::move(tensor)));
}

Value* Graph::add_constant(std::string value_name, std::shared_ptr<const Tensor> tensor) {
  auto v = std::make_unique<Value>();
  v->id = next_id_++;
  v->name = fresh_name(value_name);
  v->type = tensor->type();
  for (int64_t d : tensor->dims()) v->shape.push_back(d);
  v->constant = std::move(tensor);
  values_.push_back(std::move(v));
  return values_.back().get();
}

Node* Graph::add_node(Node::Op op, std::vector<Value*> node_inputs, std::vector<Result> results,
                      std::vector<std::string> origins, const Node* before) {
  auto node = std::make_unique<Node>();
  node->op = std::move(op);
  node->origins = std::move(origins);
  for (Result& r : results) {
    auto v = std::make_unique<Value>();
    v->id = next_id_++;
    v->name = fresh_name(r.name);
    v->type = r.type;
    v->shape = std::move(r.shape);
    v->producer = node.get();
    node->outputs.push_back(v.get());
    values_.push_back(std::move(v));
  }
  Node* result = node.get();
  auto at = nodes_.end();
  if (before) {
    at = std::find_if(nodes_.begin(), nodes_.end(),
                      [&](const auto& n) { return n.get() == before; });
    ONNXC_CHECK(at != nodes_.end(), "insertion before a node that is not there");
  }
  nodes_.insert(at, std::move(node));
  set_inputs(result, std::move(node_inputs));
  return result;
}

Value* Graph::add_map(Map map, std::vector<Value*> node_inputs, std::string value_name,
                      std::vector<std::string> origins, const Node* before) {
  const DType type = result_type(map);
  Shape shape = map.space;
  Node* node =
      add_node(std::move(map), std::move(node_inputs),
               {{std::move(value_name), type, std::move(shape)}}, std::move(origins), before);
  compact_inputs(node);
  return node->output();
}

void Graph::set_inputs(Node* node, std::vector<Value*> new_inputs) {
  for (Value* v : node->inputs) {
    const auto it = std::find(v->users.begin(), v->users.end(), node);
    if (it != v->users.end()) v->users.erase(it);
  }
  node->inputs = std::move(new_inputs);
  for (Value* v : node->inputs) v->users.push_back(node);
}

void Graph::take_name(Value* to, Value* from) { std::swap(to->name, from->name); }

void Graph::replace_uses(Value* from, Value* to) {
  if (from == to) return;
  for (Node* user : from->users) {
    std::replace(user->inputs.begin(), user->inputs.end(), from, to);
    to->users.push_back(user);
  }
  from->users.clear();
  std::replace(outputs.begin(), outputs.end(), from, to);
}

void Graph::erase(Node* node) {
  for (Value* v : node->outputs)
    ONNXC_CHECK(v->users.empty() && !is_output(v), "{} is still used", v->name);
  set_inputs(node, {});
  for (Value* v : node->outputs) {
    names_.erase(v->name);
    std::erase_if(values_, [&](const auto& x) { return x.get() == v; });
  }
  std::erase_if(nodes_, [&](const auto& n) { return n.get() == node; });
}

namespace {

// For each step that finds out sizes, the steps that mention them; counts one for each in `waits`.
std::unordered_map<const Node*, std::vector<const Node*>> readers_of_sizes(
    const Graph& graph, std::unordered_map<const Node*, size_t>& waits) {
  std::map<std::string, const Node*> finders;
  for (const auto& node : graph.nodes()) {
    for (const SymbolRef& s : symbols_defined_by(*node)) finders[s->name] = node.get();
  }
  std::unordered_map<const Node*, std::vector<const Node*>> readers;
  if (finders.empty()) return readers;
  for (const auto& node : graph.nodes()) {
    std::set<const Node*> sources;
    visit_symbols(*node, [&](const SymbolRef& s) {
      const auto it = finders.find(s->name);
      if (it != finders.end() && it->second != node.get()) sources.insert(it->second);
    });
    for (const Node* source : sources) readers[source].push_back(node.get());
    waits[node.get()] += sources.size();
  }
  return readers;
}

}  // namespace

void Graph::restore_order() {
  std::unordered_map<const Node*, size_t> position, waits_for;
  for (size_t i = 0; i < nodes_.size(); ++i) position[nodes_[i].get()] = i;
  const auto readers = readers_of_sizes(*this, waits_for);
  std::set<size_t> ready;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    size_t& count = waits_for[nodes_[i].get()];
    for (const Value* v : nodes_[i]->inputs) count += v->producer != nullptr;
    if (count == 0) ready.insert(i);
  }
  std::vector<std::unique_ptr<Node>> ordered;
  while (!ready.empty()) {
    const size_t next = *ready.begin();
    ready.erase(ready.begin());
    for (const Value* v : nodes_[next]->outputs) {
      for (const Node* user : v->users) {
        if (--waits_for[user] == 0) ready.insert(position[user]);
      }
    }
    if (const auto it = readers.find(nodes_[next].get()); it != readers.end()) {
      for (const Node* user : it->second) {
        if (--waits_for[user] == 0) ready.insert(position[user]);
      }
    }
    ordered.push_back(std::move(nodes_[next]));
  }
  ONNXC_CHECK(ordered.size() == position.size(), "a step needs its own result");
  nodes_ = std::move(ordered);
}

bool Graph::is_output(const Value* value) const {
  return std::find(outputs.begin(), outputs.end(), value) != outputs.end();
}

namespace {

std::vector<E*> expressions_of(Node& node) {
  if (Map* m = node.as<Map>())
    return m->finish ? std::vector<E*>{&m->body, &m->finish} : std::vector<E*>{&m->body};
  if (Conv* c = node.as<Conv>()) return c->finish ? std::vector<E*>{&c->finish} : std::vector<E*>{};
  if (MatMul* m = node.as<MatMul>())
    return m->finish ? std::vector<E*>{&m->finish} : std::vector<E*>{};
  return {};
}

}  // namespace

void Graph::compact_inputs(Node* node) {
  const std::vector<E*> expressions = expressions_of(*node);
  const size_t fixed = node->as<Conv>() || node->as<MatMul>() ? 2 : 0;
  if (!node->as<Map>() && !node->as<Conv>() && !node->as<MatMul>()) return;
  std::vector<bool> used(node->inputs.size(), false);
  std::fill_n(used.begin(), fixed, true);
  for (E* e : expressions) {
    visit(*e, [&](const Expr& x) {
      if (x.kind == Expr::Kind::kLoad) used.at(x.input) = true;
    });
  }
  std::vector<Value*> kept;
  std::vector<int> renumbering(node->inputs.size(), -1);
  for (size_t i = 0; i < node->inputs.size(); ++i) {
    if (!used[i]) continue;
    const auto it = i < fixed ? kept.end() : std::find(kept.begin(), kept.end(), node->inputs[i]);
    renumbering[i] = static_cast<int>(it - kept.begin());
    if (it == kept.end()) kept.push_back(node->inputs[i]);
  }
  if (kept == node->inputs) return;
  for (E* e : expressions) {
    *e = renumber_inputs(*e, [&](int i) { return renumbering[i]; });
  }
  set_inputs(node, std::move(kept));
}

SymbolRef Graph::add_symbol(Symbol symbol) {
  const auto it = symbols.find(symbol.name);
  if (it != symbols.end()) {
    if (it->second->min != symbol.min || it->second->max != symbol.max) {
      throw CompileError("size \"{}\" has bounds {}..{} and {}..{}", symbol.name, it->second->min,
                         it->second->max, symbol.min, symbol.max);
    }
    return it->second;
  }
  auto ref = std::make_shared<const Symbol>(symbol);
  symbols.emplace(symbol.name, ref);
  return ref;
}

std::string Graph::fresh_name(const std::string& stem) {
  const std::string base = stem.empty() ? "value" : stem;
  auto [it, fresh] = names_.emplace(base, 1);
  if (fresh) return base;
  for (;;) {
    std::string candidate = fmt::format("{}_{}", base, it->second++);
    if (names_.emplace(candidate, 1).second) return candidate;
  }
}

}  // namespace onnxc

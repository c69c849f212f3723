// What nothing needs: steps, constants, and inputs of bodies.
#include <algorithm>
#include <set>
#include <unordered_set>

#include "compiler/ir/graph.h"

namespace onnxc {
namespace {

// Sizes that live steps, outputs and the graph's own results mention.
class NeededSizes {
 public:
  explicit NeededSizes(const Graph& graph) {
    active_ = std::any_of(graph.nodes().begin(), graph.nodes().end(),
                          [](const auto& n) { return !symbols_defined_by(*n).empty(); });
    for (const Dim& d : graph.sizes) add(d);
    for (const Value* v : graph.outputs) {
      for (const Dim& d : v->shape) add(d);
    }
  }

  void add(const Node& node) {
    if (active_) visit_symbols(node, [&](const SymbolRef& s) { names_.insert(s->name); });
  }

  bool include_any_of(const Node& node) const {
    if (!active_) return false;
    const auto defined = symbols_defined_by(node);
    return std::any_of(defined.begin(), defined.end(),
                       [&](const SymbolRef& s) { return names_.count(s->name) > 0; });
  }

 private:
  void add(const Dim& d) {
    if (!active_) return;
    for (const SymbolRef& s : d.symbols()) names_.insert(s->name);
  }

  bool active_;
  std::set<std::string> names_;
};

// Inputs that no body reads any more, after those that the step itself needs.
bool drop_unread_inputs(Graph& graph, Node& node) {
  const std::vector<Graph*> bodies = bodies_of(node);
  if (bodies.empty()) return false;
  const size_t first = first_body_input(node);
  const Loop* loop = node.as<Loop>();
  std::vector<Value*> kept(node.inputs.begin(),
                           node.inputs.begin() + static_cast<std::ptrdiff_t>(first));
  std::vector<size_t> gone;
  for (size_t i = 0; i + first < node.inputs.size(); ++i) {
    const bool read = (loop && i < loop->carried) ||
                      std::any_of(bodies.begin(), bodies.end(), [&](const Graph* body) {
                        const Value* v = body->inputs[i];
                        return !v->users.empty() || body->is_output(v);
                      });
    if (read) kept.push_back(node.inputs[i + first]);
    if (!read) gone.push_back(i);
  }
  if (gone.empty()) return false;
  for (Graph* body : bodies) {
    for (auto it = gone.rbegin(); it != gone.rend(); ++it) body->remove_input(*it);
  }
  graph.set_inputs(&node, std::move(kept));
  return true;
}

// Outputs of a choice, and stacked ones of a loop, that nothing reads.
bool drop_unread_outputs(Graph& graph, Node& node) {
  const std::vector<Graph*> bodies = bodies_of(node);
  if (bodies.empty()) return false;
  const Loop* loop = node.as<Loop>();
  const size_t first = loop ? loop->carried : 0, shift = loop && loop->tests_next ? 1 : 0;
  bool changed = false;
  for (size_t k = node.outputs.size(); k-- > first;) {
    const Value* v = node.outputs[k];
    if (!v->users.empty() || graph.is_output(v)) continue;
    for (Graph* body : bodies) {
      body->outputs.erase(body->outputs.begin() + static_cast<std::ptrdiff_t>(k + shift));
      body->output_names.erase(body->output_names.begin() + static_cast<std::ptrdiff_t>(k + shift));
    }
    graph.remove_output(&node, k);
    changed = true;
  }
  return changed;
}

// A step that only stops the program where something does not hold.
bool is_check(const Node& node) {
  const KernelCall* call = node.as<KernelCall>();
  return call && !call->result && node.outputs.empty();
}

}  // namespace

void Graph::remove_input(size_t number) {
  Value* v = inputs[number];
  names_.erase(v->name);
  inputs.erase(inputs.begin() + static_cast<std::ptrdiff_t>(number));
  std::erase_if(values_, [&](const auto& x) { return x.get() == v; });
}

void Graph::remove_output(Node* node, size_t number) {
  Value* v = node->outputs[number];
  names_.erase(v->name);
  node->outputs.erase(node->outputs.begin() + static_cast<std::ptrdiff_t>(number));
  std::erase_if(values_, [&](const auto& x) { return x.get() == v; });
}

bool Graph::remove_dead() {
  bool changed = false;
  for (const auto& n : nodes_) {
    changed |= drop_unread_outputs(*this, *n);
    for (Graph* body : bodies_of(*n)) changed |= body->remove_dead();
    changed |= drop_unread_inputs(*this, *n);
  }
  std::unordered_set<const Value*> live(outputs.begin(), outputs.end());
  live.insert(inputs.begin(), inputs.end());
  std::unordered_set<const Node*> keep;
  NeededSizes needed(*this);
  for (auto it = nodes_.rbegin(); it != nodes_.rend(); ++it) {
    Node* n = it->get();
    if (std::none_of(n->outputs.begin(), n->outputs.end(),
                     [&](Value* v) { return live.count(v) > 0; }) &&
        !needed.include_any_of(*n) && !is_check(*n))
      continue;
    keep.insert(n);
    needed.add(*n);
    live.insert(n->inputs.begin(), n->inputs.end());
    live.insert(n->outputs.begin(), n->outputs.end());
  }
  if (keep.size() == nodes_.size() && live.size() == values_.size()) return changed;
  for (auto& n : nodes_) {
    if (!keep.count(n.get())) set_inputs(n.get(), {});
  }
  std::erase_if(nodes_, [&](const auto& n) { return !keep.count(n.get()); });
  std::erase_if(values_, [&](const auto& v) {
    if (live.count(v.get())) return false;
    names_.erase(v->name);
    return true;
  });
  return true;
}

}  // namespace onnxc

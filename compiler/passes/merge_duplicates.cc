// Lets equal steps on equal inputs, and equal constants, be one value.
//   y = map relu(in0[i0]) (x); z = map relu(in0[i0]) (x)   ->   y = map relu(in0[i0]) (x)
#include <cstring>
#include <map>
#include <unordered_map>
#include <vector>

#include "compiler/ir/equal_expressions.h"
#include "compiler/passes/pass.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

bool same_shape(const Shape& a, const Shape& b) { return a == b; }

bool same_place(const Value& a, const Value& b) {
  return a.type == b.type && a.layout == b.layout && same_shape(a.shape, b.shape);
}

// Cheap to compute and rarely equal for different constants.
std::string summary(const Tensor& tensor) {
  std::string key = fmt::format("{} {}:", name(tensor.type()), fmt::join(tensor.dims(), ","));
  const auto bytes = tensor.bytes();
  const size_t count = bytes.size(), step = count / 64 + 1;
  for (size_t i = 0; i < count; i += step) key += static_cast<char>(bytes[i]);
  return key;
}

bool same_contents(const Tensor& a, const Tensor& b) {
  if (a.type() != b.type() || a.dims() != b.dims()) return false;
  if (a.type() == DType::kString) return a.strings() == b.strings();
  const auto x = a.bytes(), y = b.bytes();
  return x.size() == y.size() &&
         (x.empty() || x.data() == y.data() || std::memcmp(x.data(), y.data(), x.size()) == 0);
}

bool merge_constants(Graph& graph) {
  bool changed = false;
  std::unordered_map<std::string, std::vector<Value*>> seen;
  for (const auto& v : graph.values()) {
    if (!v->is_constant() || (v->users.empty() && !graph.is_output(v.get()))) continue;
    std::vector<Value*>& alike = seen[summary(*v->constant)];
    Value* same = nullptr;
    for (Value* other : alike) {
      if (other->layout == v->layout && same_contents(*other->constant, *v->constant)) same = other;
    }
    if (!same) {
      alike.push_back(v.get());
      continue;
    }
    graph.replace_uses(v.get(), same);
    changed = true;
  }
  return changed;
}

struct HashOp {
  uint64_t operator()(const Map& m) const { return hash_of(m.body) * 3 + hash_of(m.finish); }
  uint64_t operator()(const Conv& c) const { return hash_of(c.finish); }
  uint64_t operator()(const MatMul& m) const { return hash_of(m.finish); }
  uint64_t operator()(const Reshape&) const { return 0; }
  uint64_t operator()(const Concat& c) const { return static_cast<uint64_t>(c.axis); }
  uint64_t operator()(const Attention& a) const { return hash_of(a.scores.finish); }
  uint64_t operator()(const Rows& r) const { return r.parts.size(); }
  uint64_t operator()(const KernelCall& k) const { return std::hash<std::string>()(k.kernel); }
  uint64_t operator()(const If&) const { return 1; }
  uint64_t operator()(const Loop&) const { return 2; }
};

// Kernels' calls, steps with bodies and matrix products with their methods chosen are never taken
// to be equal.
bool same_op(const Node::Op& a, const Node::Op& b) {
  if (a.index() != b.index()) return false;
  if (const auto* x = std::get_if<Map>(&a)) {
    const auto& y = std::get<Map>(b);
    return x->reduction == y.reduction && same_shape(x->space, y.space) &&
           same_shape(x->reduced, y.reduced) && equal(x->body, y.body) &&
           equal(x->finish, y.finish);
  }
  if (const auto* x = std::get_if<Conv>(&a)) {
    const auto& y = std::get<Conv>(b);
    return x->strides == y.strides && x->dilations == y.dilations &&
           x->pads_begin == y.pads_begin && x->pads_end == y.pads_end && x->groups == y.groups &&
           x->method == y.method && x->kernel == y.kernel && x->in_channels == y.in_channels &&
           equal(x->finish, y.finish);
  }
  if (const auto* x = std::get_if<Concat>(&a)) return x->axis == std::get<Concat>(b).axis;
  return std::holds_alternative<Reshape>(a);
}

bool merge_nodes(Graph& graph) {
  std::map<std::pair<std::vector<Value*>, uint64_t>, std::vector<Node*>> seen;
  std::vector<Node*> duplicates;
  for (const auto& node : graph.nodes()) {
    std::vector<Node*>& alike = seen[{node->inputs, std::visit(HashOp{}, node->op)}];
    Node* same = nullptr;
    for (Node* other : alike) {
      if (same_op(other->op, node->op) && same_place(*other->output(), *node->output()))
        same = other;
    }
    if (!same) {
      alike.push_back(node.get());
      continue;
    }
    graph.replace_uses(node->output(), same->output());
    for (const std::string& origin : node->origins) {
      if (std::find(same->origins.begin(), same->origins.end(), origin) == same->origins.end())
        same->origins.push_back(origin);
    }
    duplicates.push_back(node.get());
  }
  for (auto it = duplicates.rbegin(); it != duplicates.rend(); ++it) graph.erase(*it);
  return !duplicates.empty();
}

}  // namespace

bool merge_duplicates(Graph& graph, const Options&) {
  const bool constants = merge_constants(graph);
  return merge_nodes(graph) || constants;
}

}  // namespace onnxc

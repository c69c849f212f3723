// Lets equal steps on equal inputs, and equal constants, be one value.
#include "compiler/passes/merge_duplicates.h"

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "compiler/ir/graph.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

bool equal_contents(const Tensor& a, const Tensor& b) {
  if (a.type() != b.type() || a.dims() != b.dims()) return false;
  if (a.type() == DType::kString) return a.strings() == b.strings();
  return a.byte_count() == b.byte_count() &&
         (a.bytes().data() == b.bytes().data() ||
          std::memcmp(a.bytes().data(), b.bytes().data(), a.byte_count()) == 0);
}

// A cheap fingerprint: type, shape and up to 4 KB of the contents.
std::string fingerprint(const Value& v) {
  const auto bytes = v.constant->bytes();
  std::string key = fmt::format("{}{}{}", name(v.type), text(v.shape), v.layout.blocked);
  const size_t take = std::min<size_t>(bytes.size(), 4096);
  key.append(reinterpret_cast<const char*>(bytes.data()), take);
  return key;
}

bool merge_constants(Graph& graph) {
  std::map<std::string, std::vector<Value*>> seen;
  bool changed = false;
  for (const auto& v : graph.values()) {
    if (!v->is_constant() || (v->users.empty() && !graph.is_output(v.get()))) continue;
    auto& group = seen[fingerprint(*v)];
    Value* equal = nullptr;
    for (Value* g : group) {
      if (equal_contents(*g->constant, *v->constant)) equal = g;
    }
    if (equal) {
      graph.replace_uses(v.get(), equal);
      changed = true;
    } else {
      group.push_back(v.get());
    }
  }
  return changed;
}

// Everything that decides what a step computes; empty for steps that are not merged.
std::string definition(const Node& node) {
  std::string key;
  if (const Map* m = node.as<Map>()) {
    key = fmt::format("map {} {} {} {} {}", text(m->space), text(m->reduced), name(m->reduction),
                      text(m->body), m->finish ? text(m->finish) : "");
  } else if (node.as<Reshape>()) {
    key = "reshape " + text(node.output()->shape);
  } else if (const Concat* c = node.as<Concat>()) {
    key = fmt::format("concat {}", c->axis);
  } else {
    return "";
  }
  key += fmt::format(" {} {}", name(node.output()->type), node.output()->layout.blocked);
  for (const Value* v : node.inputs) key += fmt::format(" {}", v->id);
  return key;
}

bool merge_nodes(Graph& graph) {
  std::map<std::string, Value*> seen;
  std::vector<Node*> nodes;
  for (const auto& n : graph.nodes()) nodes.push_back(n.get());
  bool changed = false;
  for (Node* n : nodes) {
    const std::string key = definition(*n);
    if (key.empty()) continue;
    const auto [it, fresh] = seen.emplace(key, n->output());
    if (fresh) continue;
    graph.replace_uses(n->output(), it->second);
    graph.erase(n);
    changed = true;
  }
  return changed;
}

}  // namespace

bool merge_duplicates(Graph& graph, const Options&) {
  const bool constants = merge_constants(graph);
  return merge_nodes(graph) || constants;
}

}  // namespace onnxc

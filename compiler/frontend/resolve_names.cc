// Each graph reports the names it lacks to the graph around it, so one bottom-up walk resolves
// every scope.
#include "compiler/frontend/resolve_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <queue>
#include <unordered_map>
#include <unordered_set>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

constexpr size_t kInputOrConstant = static_cast<size_t>(-1);
constexpr int kIdentityOpset = 13;

// A name that a graph uses without defining it, and who uses it.
struct FreeName {
  std::string name;
  std::string user;
};

std::vector<std::shared_ptr<OnnxGraph>> subgraphs(const OnnxNode& node) {
  std::vector<std::shared_ptr<OnnxGraph>> graphs;
  for (const auto& [name, value] : node.attributes) {
    if (const auto* one = std::get_if<std::shared_ptr<OnnxGraph>>(&value)) graphs.push_back(*one);
    if (const auto* many = std::get_if<std::vector<std::shared_ptr<OnnxGraph>>>(&value)) {
      graphs.insert(graphs.end(), many->begin(), many->end());
    }
  }
  return graphs;
}

enum class Role { kMain, kSubgraph };

class GraphResolver {
 public:
  GraphResolver(OnnxGraph& graph, Role role) : graph_(graph), is_main_(role == Role::kMain) {}

  // Returns the names that must come from the graphs around this one.
  std::vector<FreeName> run() {
    define_all();
    collect_uses();
    bind_outputs();
    sort();
    return std::move(free_);
  }

 private:
  void define(const std::string& name, size_t producer, const std::string& by) {
    if (!producers_.emplace(name, producer).second) {
      throw CompileError("{} defines \"{}\", which is already defined", by, name)
          .note("every value of a graph must have a name of its own");
    }
  }

  void define_all() {
    for (const OnnxValueInfo& input : graph_.inputs)
      define(input.name, kInputOrConstant, "an input");
    for (const auto& [name, tensor] : graph_.initializers)
      define(name, kInputOrConstant, "an initializer");
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      for (const std::string& output : graph_.nodes[i].outputs) {
        if (!output.empty()) define(output, i, describe(graph_.nodes[i]));
      }
    }
  }

  void use(const std::string& name, size_t user, const std::string& description) {
    const auto found = producers_.find(name);
    if (found == producers_.end()) {
      if (free_names_.insert(name).second) free_.push_back({name, description});
    } else if (found->second != kInputOrConstant) {
      predecessors_[user].push_back(found->second);
    }
  }

  void collect_uses() {
    predecessors_.resize(graph_.nodes.size());
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      const OnnxNode& node = graph_.nodes[i];
      for (const std::string& input : node.inputs) {
        if (!input.empty()) use(input, i, describe(node));
      }
      for (const auto& subgraph : subgraphs(node)) {
        for (const FreeName& lacking : GraphResolver(*subgraph, Role::kSubgraph).run()) {
          use(lacking.name, i, lacking.user);
        }
      }
    }
  }

  void bind_outputs() {
    std::unordered_set<std::string> seen;
    for (OnnxValueInfo& output : graph_.outputs) {
      if (is_main_ && !seen.insert(output.name).second) {
        throw CompileError("output \"{}\" is listed twice", output.name);
      }
      if (producers_.count(output.name) > 0) continue;
      if (is_main_) {
        throw CompileError("output \"{}\" is defined by no node, input or initializer",
                           output.name);
      }
      copy_outer_value(output);
    }
  }

  void copy_outer_value(OnnxValueInfo& output) {
    std::string copy = output.name + "/copy";
    while (producers_.count(copy) + free_names_.count(copy) > 0) copy += "_";
    OnnxNode identity;
    identity.name = copy;
    identity.op_type = "Identity";
    identity.opset = kIdentityOpset;
    identity.inputs = {output.name};
    identity.outputs = {copy};
    if (free_names_.insert(output.name).second) {
      free_.push_back({output.name, fmt::format("the output \"{}\" of subgraph \"{}\"", output.name,
                                                graph_.name)});
    }
    producers_.emplace(copy, graph_.nodes.size());
    graph_.nodes.push_back(std::move(identity));
    predecessors_.emplace_back();
    output.name = std::move(copy);
  }

  void sort() {
    const size_t count = graph_.nodes.size();
    std::vector<size_t> waiting(count, 0);
    std::vector<std::vector<size_t>> successors(count);
    bool in_order = true;
    for (size_t i = 0; i < count; ++i) {
      for (const size_t before : predecessors_[i]) {
        in_order = in_order && before < i;
        ++waiting[i];
        successors[before].push_back(i);
      }
    }
    if (in_order) return;
    std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;
    for (size_t i = 0; i < count; ++i) {
      if (waiting[i] == 0) ready.push(i);
    }
    std::vector<OnnxNode> sorted;
    sorted.reserve(count);
    while (!ready.empty()) {
      const size_t next = ready.top();
      ready.pop();
      for (const size_t after : successors[next]) {
        if (--waiting[after] == 0) ready.push(after);
      }
      sorted.push_back(std::move(graph_.nodes[next]));
    }
    if (sorted.size() < count) report_cycle(waiting);
    graph_.nodes = std::move(sorted);
  }

  // Every node that still waits has a waiting predecessor, so walking backwards must meet a node
  // again.
  [[noreturn]] void report_cycle(const std::vector<size_t>& waiting) const {
    const auto first = std::find_if(waiting.begin(), waiting.end(), [](size_t n) { return n > 0; });
    std::vector<size_t> path = {static_cast<size_t>(first - waiting.begin())};
    std::vector<bool> visited(waiting.size(), false);
    while (!visited[path.back()]) {
      visited[path.back()] = true;
      const auto& before = predecessors_[path.back()];
      path.push_back(
          *std::find_if(before.begin(), before.end(), [&](size_t i) { return waiting[i] > 0; }));
    }
    const auto start = std::find(path.begin(), path.end(), path.back());
    std::string text;
    constexpr size_t kShown = 6;
    size_t shown = 0;
    for (auto node = path.end(); node != start && shown <= kShown; ++shown) {
      --node;
      text += (text.empty() ? "" : " -> ") + describe(graph_.nodes[*node]);
    }
    if (static_cast<size_t>(path.end() - start) > shown) text += " -> ...";
    throw CompileError("the nodes form a cycle: {}", text);
  }

  OnnxGraph& graph_;
  bool is_main_;
  std::unordered_map<std::string, size_t> producers_;
  std::vector<std::vector<size_t>> predecessors_;
  std::unordered_set<std::string> free_names_;
  std::vector<FreeName> free_;
};

}  // namespace

void resolve_names(OnnxGraph& graph) {
  const std::vector<FreeName> undefined = GraphResolver(graph, Role::kMain).run();
  if (undefined.empty()) return;
  CompileError error("{} reads \"{}\", which no node, input or initializer defines",
                     undefined.front().user, undefined.front().name);
  for (size_t i = 1; i < undefined.size() && i < 10; ++i) {
    error.note(fmt::format("{} reads \"{}\", which is not defined either", undefined[i].user,
                           undefined[i].name));
  }
  if (undefined.size() > 10) error.note(fmt::format("and {} more", undefined.size() - 10));
  throw error;
}

}  // namespace onnxc

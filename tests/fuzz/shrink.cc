// Greedy removal.
#include "tests/fuzz/shrink.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "compiler/eval/evaluate.h"
#include "compiler/ops/lower_model.h"
#include "compiler/support/diagnostics.h"

namespace onnxc::fuzz {
namespace {

OnnxValueInfo unknown(const std::string& name) {
  OnnxValueInfo info{name, {}};
  info.type.kind = OnnxType::Kind::kTensor;
  return info;
}

void drop_unused(Case& c) {
  OnnxGraph& graph = c.model.graph;
  std::set<std::string> needed;
  for (const OnnxValueInfo& output : graph.outputs) needed.insert(output.name);
  for (size_t k = graph.nodes.size(); k-- > 0;) {
    const OnnxNode& node = graph.nodes[k];
    const bool used = std::ranges::any_of(
        node.outputs, [&](const std::string& name) { return needed.count(name) > 0; });
    if (used) {
      needed.insert(node.inputs.begin(), node.inputs.end());
    } else {
      graph.nodes.erase(graph.nodes.begin() + static_cast<std::ptrdiff_t>(k));
    }
  }
  std::erase_if(graph.inputs, [&](const OnnxValueInfo& info) { return !needed.count(info.name); });
  std::erase_if(graph.initializers, [&](const auto& item) { return !needed.count(item.first); });
  std::erase_if(c.fills, [&](const auto& item) { return !needed.count(item.first); });
  std::set<std::string> symbols;
  for (const OnnxValueInfo& info : graph.inputs) {
    for (const OnnxDim& dim : *info.type.shape) symbols.insert(dim.symbol);
  }
  std::erase_if(c.sizes, [&](const auto& item) { return !symbols.count(item.first); });
}

// Every value of the graph; nothing where it does not evaluate.
std::map<std::string, Tensor> all_values(const Case& c) {
  Case every = c;
  every.model.graph.outputs.clear();
  for (const OnnxNode& node : c.model.graph.nodes) {
    for (const std::string& name : node.outputs) {
      if (!name.empty()) every.model.graph.outputs.push_back(unknown(name));
    }
  }
  std::map<std::string, Tensor> values;
  try {
    const auto results = evaluate(lower_model(every.model, every.options()), every.inputs());
    for (size_t k = 0; k < results.size(); ++k)
      values[every.model.graph.outputs[k].name] = results[k];
  } catch (const CompileError&) {
  }
  return values;
}

Fill like(const Tensor& t) {
  Fill fill;
  fill.seed = 1;
  fill.low = INFINITY;
  fill.high = -INFINITY;
  for (int64_t i = 0; i < t.size(); ++i) {
    const double v = t.as_double(i);
    if (!std::isfinite(v)) fill.kind = Fill::Kind::kSpecial;
    if (std::isfinite(v)) fill.low = std::min(fill.low, v);
    if (std::isfinite(v)) fill.high = std::max(fill.high, v);
  }
  if (fill.low > fill.high) fill.low = 0, fill.high = 1;
  return fill;
}

// The graph with the results of node `k` as inputs.
Case without_node(const Case& c, size_t k, const std::map<std::string, Tensor>& values) {
  Case smaller = c;
  OnnxGraph& graph = smaller.model.graph;
  for (const std::string& name : graph.nodes[k].outputs) {
    const auto value = values.find(name);
    if (value == values.end()) continue;
    std::erase_if(graph.outputs, [&](const OnnxValueInfo& info) { return info.name == name; });
    OnnxValueInfo info = unknown(name);
    info.type.dtype = value->second.type();
    info.type.shape.emplace();
    for (const int64_t dim : value->second.dims()) info.type.shape->push_back({dim, ""});
    graph.inputs.push_back(std::move(info));
    smaller.fills[name] = like(value->second);
  }
  graph.nodes.erase(graph.nodes.begin() + static_cast<std::ptrdiff_t>(k));
  drop_unused(smaller);
  return smaller;
}

class Shrinker {
 public:
  Shrinker(Case c, const std::function<bool(const Case&)>& fails)
      : c_(std::move(c)), fails_(fails) {}

  Case run() {
    while (drop_outputs() || drop_nodes() || end_at_inner_values()) {
    }
    fix_sizes();
    return c_;
  }

 private:
  bool take(const Case& smaller) {
    if (smaller.model.graph.outputs.empty() || smaller.model.graph.nodes.empty()) return false;
    if (!fails_(smaller)) return false;
    c_ = smaller;
    return true;
  }

  bool drop_outputs() {
    const size_t count = c_.model.graph.outputs.size();
    for (size_t part = count / 2; part > 0; part /= 2) {
      for (size_t k = 0;
           k + part <= c_.model.graph.outputs.size() && c_.model.graph.outputs.size() > 1;) {
        Case smaller = c_;
        auto& outputs = smaller.model.graph.outputs;
        const auto first = outputs.begin() + static_cast<std::ptrdiff_t>(k);
        outputs.erase(first, first + static_cast<std::ptrdiff_t>(part));
        drop_unused(smaller);
        if (!take(smaller)) k += part;
      }
    }
    return c_.model.graph.outputs.size() < count;
  }

  bool drop_nodes() {
    const size_t count = c_.model.graph.nodes.size();
    for (size_t k = 0; k < c_.model.graph.nodes.size();) {
      if (!take(without_node(c_, k, all_values(c_)))) ++k;
    }
    return c_.model.graph.nodes.size() < count;
  }

  // Lets an operand of the last node be the output instead.
  bool end_at_inner_values() {
    if (c_.model.graph.outputs.size() != 1 || c_.model.graph.nodes.size() < 2) return false;
    const auto values = all_values(c_);
    for (const std::string& name : c_.model.graph.nodes.back().inputs) {
      if (!values.count(name)) continue;
      Case smaller = c_;
      smaller.model.graph.outputs = {unknown(name)};
      drop_unused(smaller);
      if (take(smaller)) return true;
    }
    return false;
  }

  void fix_sizes() {
    Case smaller = c_;
    for (OnnxValueInfo& info : smaller.model.graph.inputs) {
      for (OnnxDim& dim : *info.type.shape) {
        if (!dim.value) dim = {c_.sizes.at(dim.symbol), ""};
      }
    }
    smaller.sizes.clear();
    take(smaller);
  }

  Case c_;
  const std::function<bool(const Case&)>& fails_;
};

}  // namespace

Case shrunk(Case c, const std::function<bool(const Case&)>& fails) {
  return Shrinker(std::move(c), fails).run();
}

}  // namespace onnxc::fuzz

// Runs a reduction over rows, what it reads and what reads it in one loop over the rows.
//   m = map max over [S] in0[i0, i2] (x); p = map exp(in0[i0, i1] - in1[i0, 0]) (x, m); ...
//   ->   y = rows of [N]; part0 = max over [S] ...; part1 in out0 = exp(...); ... (x)
#include <algorithm>
#include <map>

#include "compiler/passes/inline_cost.h"
#include "compiler/passes/inline_map.h"
#include "compiler/passes/pass.h"
#include "compiler/passes/row_group.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

// The parts under construction.
struct Draft {
  int outer = 0;
  std::vector<Map> parts;
  std::vector<Value*> values;  // that the parts compute
  std::vector<bool> stored;    // what is read outside
  std::vector<Value*> inputs;
};

void for_loads(const Map& map, int input, const std::function<void(const Expr&)>& see) {
  for (const E* e : {&map.body, &map.finish}) {
    if (!*e) continue;
    visit(*e, [&](const Expr& x) {
      if (x.kind == Expr::Kind::kLoad && x.input == input) see(x);
    });
  }
}

std::vector<size_t> readers_of(const Draft& draft, size_t part) {
  std::vector<size_t> readers;
  for (size_t k = part + 1; k < draft.parts.size(); ++k) {
    bool reads = false;
    for_loads(draft.parts[k], kFirstPart + static_cast<int>(part),
              [&](const Expr&) { reads = true; });
    if (reads) readers.push_back(k);
  }
  return readers;
}

void rewrite_map(Map& map, const std::function<std::optional<E>(const Expr&)>& replace) {
  map.body = rewrite(map.body, replace);
  if (map.finish) map.finish = rewrite(map.finish, replace);
}

Draft draft_of(const Graph& graph, const RowGroup& group) {
  Draft draft;
  draft.outer = group.outer;
  std::map<const Node*, int> number;
  for (Node* node : group.members) {
    const auto slot = [&](Value* v) {
      const auto it = std::find(draft.inputs.begin(), draft.inputs.end(), v);
      if (it == draft.inputs.end()) draft.inputs.push_back(v);
      return static_cast<int>(std::find(draft.inputs.begin(), draft.inputs.end(), v) -
                              draft.inputs.begin());
    };
    Map map = *node->as<Map>();
    rewrite_map(map, [&](const Expr& x) -> std::optional<E> {
      if (x.kind != Expr::Kind::kLoad) return std::nullopt;
      Value* value = node->inputs[x.input];
      const auto element = through_reshapes(*value, x.index);
      if (element && number.count(element->value->producer))
        return load(kFirstPart + number.at(element->value->producer), x.type, element->index);
      return load(slot(value), x.type, x.index);
    });
    number[node] = static_cast<int>(draft.parts.size());
    draft.parts.push_back(std::move(map));
    draft.values.push_back(node->output());
  }
  const auto inside = [&](const auto& self, const Value* v) -> bool {
    return !graph.is_output(v) && std::all_of(v->users.begin(), v->users.end(), [&](Node* user) {
      return user->as<Reshape>() ? self(self, user->output()) : number.count(user) > 0;
    });
  };
  for (const Value* v : draft.values) draft.stored.push_back(!inside(inside, v));
  return draft;
}

void erase_part(Draft& draft, size_t part) {
  const auto at = static_cast<std::ptrdiff_t>(part);
  draft.parts.erase(draft.parts.begin() + at);
  draft.values.erase(draft.values.begin() + at);
  draft.stored.erase(draft.stored.begin() + at);
  for (Map& map : draft.parts) {
    rewrite_map(map, [&](const Expr& x) -> std::optional<E> {
      if (x.kind != Expr::Kind::kLoad || x.input <= kFirstPart + static_cast<int>(part))
        return std::nullopt;
      return load(x.input - 1, x.type, x.index);
    });
  }
}

// Computes what is cheap, or read once, where it is read.
bool inline_one(Draft& draft) {
  for (size_t j = 0; j < draft.parts.size(); ++j) {
    const Map part = draft.parts[j];
    if (draft.stored[j] || part.reduction != Reduction::kNone) continue;
    const std::vector<size_t> readers = readers_of(draft, j);
    const bool once = readers.size() == 1 && proves_le(product(draft.parts[readers[0]].space) *
                                                           product(draft.parts[readers[0]].reduced),
                                                       product(part.space));
    if (!once && cost_of(part.body) > 4) continue;
    for (size_t k : readers) {
      std::map<std::string, E> elements;
      rewrite_map(draft.parts[k], [&](const Expr& x) -> std::optional<E> {
        if (x.kind != Expr::Kind::kLoad || x.input != kFirstPart + static_cast<int>(j))
          return std::nullopt;
        E& element = elements[text(x.index)];
        if (!element)
          element = substitute_indices(part.body, [&](int axis) { return x.index.at(axis); });
        return element;
      });
    }
    erase_part(draft, j);
    return true;
  }
  return false;
}

// Lets a scalar that rows are only divided by be its reciprocal.
void divide_once_a_row(Draft& draft) {
  for (size_t j = 0; j < draft.parts.size(); ++j) {
    Map& part = draft.parts[j];
    if (draft.stored[j] || part.reduction == Reduction::kNone || result_type(part) != DType::kFloat)
      continue;
    const int input = kFirstPart + static_cast<int>(j);
    const auto reads = [&](const ExprRef& x) {
      return x->kind == Expr::Kind::kLoad && x->input == input;
    };
    const auto is_divisor = [&](const Expr& x) {
      return x.kind == Expr::Kind::kCall && x.op == ScalarOp::kDiv && reads(x.args[1]);
    };
    bool divides = false, only_divides = true;
    for (const Map& map : draft.parts) {
      for (const E* e : {&map.body, &map.finish}) {
        if (!*e) continue;
        only_divides &= !reads(e->ref());
        visit(*e, [&](const Expr& x) {
          divides |= is_divisor(x);
          const auto uses = std::count_if(x.args.begin(), x.args.end(), reads);
          only_divides &= uses == (is_divisor(x) ? 1 : 0);
        });
      }
    }
    if (!divides || !only_divides) continue;
    part.finish = 1.0 / (part.finish ? part.finish : accumulator(DType::kFloat));
    for (size_t k = j + 1; k < draft.parts.size(); ++k) {
      rewrite_map(draft.parts[k], [&](const Expr& x) -> std::optional<E> {
        if (!is_divisor(x)) return std::nullopt;
        return E(x.args[0]) * E(x.args[1]);
      });
    }
  }
}

bool reads_only_in_place(const Map& map, size_t part, const Shape& space) {
  bool ok = map.space == space && map.reduced.empty();
  for_loads(map, kFirstPart + static_cast<int>(part),
            [&](const Expr& x) { ok &= is_identity_load(x, space); });
  return ok;
}

class Placer {
 public:
  explicit Placer(const Draft& draft) : draft_(draft), homes_(draft.parts.size(), Rows::kNoHome) {}

  // Homes of the parts; the values that are the outputs.
  std::vector<int> run(std::vector<Value*>& outputs) {
    for (size_t k = 0; k < homes_.size(); ++k) {
      if (!draft_.stored[k]) continue;
      homes_[k] = static_cast<int>(outputs.size());
      outputs.push_back(draft_.values[k]);
    }
    for (size_t k = 0; k < homes_.size(); ++k) {
      if (homes_[k] != Rows::kNoHome || is_small(k)) continue;
      homes_[k] = row_to_borrow(k);
      if (homes_[k] != Rows::kNoHome) continue;
      homes_[k] = static_cast<int>(outputs.size());
      outputs.push_back(draft_.values[k]);
    }
    return homes_;
  }

 private:
  bool is_small(size_t k) const {
    const Map& map = draft_.parts[k];
    const Dim size = product(Shape(map.space.begin() + draft_.outer, map.space.end()));
    return size.is_constant() &&
           (size.is(1) || (size.value() <= Rows::kLargestRow && row_to_borrow(k) < 0));
  }

  // The home of a later part whose row nobody needs before it is written.
  int row_to_borrow(size_t k) const {
    const Map& map = draft_.parts[k];
    const std::vector<size_t> readers = readers_of(draft_, k);
    if (readers.empty()) return Rows::kNoHome;
    for (size_t t = readers.back(); t < draft_.parts.size(); ++t) {
      if (!draft_.stored[t] || result_type(draft_.parts[t]) != result_type(map)) continue;
      if (std::count(homes_.begin(), homes_.end(), homes_[t]) > 1) continue;
      if (reads_only_in_place(draft_.parts[t], k, map.space)) return homes_[t];
    }
    return Rows::kNoHome;
  }

  const Draft& draft_;
  std::vector<int> homes_;
};

std::vector<std::string> origins_of(const RowGroup& group) {
  std::vector<std::string> origins;
  for (const Node* node : group.members) {
    for (const std::string& o : node->origins) {
      if (std::find(origins.begin(), origins.end(), o) == origins.end()) origins.push_back(o);
    }
  }
  return origins;
}

class Fuser {
 public:
  Fuser(Graph& graph, const Options& options) : graph_(graph), options_(options) {}

  bool run() {
    std::vector<Node*> seeds;
    for (const auto& node : graph_.nodes()) {
      if (const Map* map = node->as<Map>(); map && map->reduction != Reduction::kNone)
        seeds.push_back(node.get());
    }
    bool changed = false;
    for (Node* seed : seeds) {
      if (gone_.count(seed)) continue;
      const auto group = find_row_group(graph_, *seed, kept_);
      if (group) changed |= fuse(*group);
    }
    if (changed) graph_.restore_order();
    return changed;
  }

 private:
  bool fuse(const RowGroup& group) {
    Draft draft = draft_of(graph_, group);
    while (inline_one(draft)) {
    }
    if (draft.parts.size() < 2) return false;
    if (options_.precision != Precision::kStrict) divide_once_a_row(draft);
    Rows rows;
    rows.outer = draft.outer;
    std::vector<Value*> outputs;
    const std::vector<int> homes = Placer(draft).run(outputs);
    for (size_t k = 0; k < draft.parts.size(); ++k)
      rows.parts.push_back({std::move(draft.parts[k]), homes[k]});
    std::vector<Graph::Result> results;
    for (const Value* v : outputs) results.push_back({v->name, v->type, v->shape});
    std::vector<Value*> inputs;
    keep_used(rows, draft.inputs, inputs);
    Node* fused = graph_.add_node(std::move(rows), std::move(inputs), std::move(results),
                                  origins_of(group), group.members.back());
    for (size_t i = 0; i < outputs.size(); ++i) {
      fused->outputs[i]->layout = outputs[i]->layout;
      graph_.replace_uses(outputs[i], fused->outputs[i]);
      graph_.take_name(fused->outputs[i], outputs[i]);
    }
    drop(group);
    return true;
  }

  // Inputs that a part still reads, and the loads renumbered to them.
  static void keep_used(Rows& rows, const std::vector<Value*>& all, std::vector<Value*>& kept) {
    const auto slot = [&](int i) {
      if (i >= kFirstPart) return i;
      const auto it = std::find(kept.begin(), kept.end(), all[i]);
      const int number = static_cast<int>(it - kept.begin());
      if (it == kept.end()) kept.push_back(all[i]);
      return number;
    };
    for (Rows::Part& part : rows.parts) {
      part.map.body = renumber_inputs(part.map.body, slot);
      if (part.map.finish) part.map.finish = renumber_inputs(part.map.finish, slot);
    }
  }

  // Members, and reshapes between them.
  void drop(const RowGroup& group) {
    for (auto it = group.members.rbegin(); it != group.members.rend(); ++it) {
      Node* node = *it;
      drop_views(node->output());
      gone_.insert(node);
      graph_.erase(node);
    }
  }
  void drop_views(Value* value) {
    for (Node* user : std::vector<Node*>(value->users)) {
      drop_views(user->output());
      graph_.erase(user);
    }
  }

  Graph& graph_;
  const Options& options_;
  std::set<const Node*> gone_, kept_;
};

}  // namespace

bool fuse_rows(Graph& graph, const Options& options) { return Fuser(graph, options).run(); }

}  // namespace onnxc

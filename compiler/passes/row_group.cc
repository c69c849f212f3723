// Growing a group of steps from a reduction, downwards first, then upwards.
#include "compiler/passes/row_group.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "compiler/passes/inline_cost.h"
#include "compiler/passes/inline_map.h"

namespace onnxc {
namespace {

bool may_join(const Map& map) {
  return map.reduction < Reduction::kArgMaxFirst && !is_contraction(map);
}

class Grower {
 public:
  Grower(Graph& graph, const std::set<const Node*>& taken) : graph_(graph), taken_(taken) {
    for (const auto& node : graph.nodes()) position_[node.get()] = position_.size();
  }

  std::optional<RowGroup> grow(Node& seed) {
    const Map& map = *seed.as<Map>();
    if (map.reduction == Reduction::kNone || !may_join(map)) return std::nullopt;
    rows_ = map.space;
    while (!rows_.empty() && rows_.back().is(1)) rows_.pop_back();
    members_ = {&seed};
    first_ = position_.at(&seed);
    for (bool grown = true; grown;) grown = add_reader() || add_source();
    const bool has_rows = std::any_of(members_.begin(), members_.end(), [&](const Node* n) {
      return n->as<Map>()->reduction == Reduction::kNone && !is_scalar(*n->as<Map>());
    });
    if (members_.size() < 2 || !has_rows) return std::nullopt;
    RowGroup group{static_cast<int>(rows_.size()), {members_.begin(), members_.end()}};
    std::sort(group.members.begin(), group.members.end(),
              [&](Node* a, Node* b) { return position_.at(a) < position_.at(b); });
    return group;
  }

 private:
  bool is_member(const Node* node) const {
    return std::find(members_.begin(), members_.end(), node) != members_.end();
  }
  bool has_rows(const Shape& space) const {
    return space.size() >= rows_.size() && std::equal(rows_.begin(), rows_.end(), space.begin());
  }
  bool is_scalar(const Map& map) const {
    return std::all_of(map.space.begin() + static_cast<std::ptrdiff_t>(rows_.size()),
                       map.space.end(), [](const Dim& d) { return d.is(1); });
  }
  bool is_candidate(const Node* node) const {
    const Map* map = node ? node->as<Map>() : nullptr;
    return map && !taken_.count(node) && !is_member(node) && may_join(*map) &&
           has_rows(map->space) && (map->reduction == Reduction::kNone || is_scalar(*map));
  }

  // Every load of `source` by `reader`, also through reshapes, is of the row being computed.
  bool reads_own_row(const Node& reader, const Node& source) const {
    bool own = true;
    const Map& map = *reader.as<Map>();
    for (const E* e : {&map.body, &map.finish}) {
      if (!*e) continue;
      visit(*e, [&](const Expr& x) {
        if (!own || x.kind != Expr::Kind::kLoad) return;
        Value* value = reader.inputs[x.input];
        if (origin_of(value) != &source) return;
        const auto element = through_reshapes(*value, x.index);
        own &= element.has_value();
        for (size_t d = 0; own && d < rows_.size(); ++d)
          own &= element->index[d] == Dim::index(static_cast<int>(d), rows_[d]);
      });
    }
    return own;
  }

  static Node* origin_of(const Value* value) {
    while (value->producer && value->producer->as<Reshape>()) value = value->producer->inputs[0];
    return value->producer;
  }

  bool fits(Node* node) {
    for (const Node* member : members_) {
      if (!reads_own_row(*node, *member) || !reads_own_row(*member, *node)) return false;
    }
    members_.push_back(node);
    const size_t before = first_;
    first_ = std::min(first_, position_.at(node));
    if (is_closed()) return true;
    members_.pop_back();
    first_ = before;
    return false;
  }

  // No member needs, by way of a step outside, what another member computes.
  bool is_closed() const {
    std::unordered_set<const Node*> seen;
    const auto reaches = [&](const auto& self, const Node* node) -> bool {
      if (!node || position_.at(node) < first_ || !seen.insert(node).second) return false;
      if (is_member(node)) return true;
      return std::any_of(node->inputs.begin(), node->inputs.end(),
                         [&](const Value* v) { return self(self, v->producer); });
    };
    for (const Node* member : members_) {
      for (const Value* v : member->inputs) {
        const Node* source = origin_of(v);
        if (!source || is_member(source)) continue;
        seen.clear();
        if (reaches(reaches, source)) return false;
      }
    }
    return true;
  }

  bool add_reader() {
    for (Node* member : std::vector<Node*>(members_)) {
      std::vector<Value*> values{member->output()};
      for (size_t i = 0; i < values.size(); ++i) {
        for (Node* user : values[i]->users) {
          if (user->as<Reshape>()) values.push_back(user->output());
          if (is_candidate(user) && fits(user)) return true;
        }
      }
    }
    return false;
  }

  // An element-wise step whose rows the group reads whole.
  bool add_source() {
    for (Node* member : std::vector<Node*>(members_)) {
      for (const Value* v : member->inputs) {
        Node* source = v->producer;
        if (!is_candidate(source) || v->is_constant()) continue;
        const Map& map = *source->as<Map>();
        if (map.reduction != Reduction::kNone || is_pure_load(map) || is_scalar(map)) continue;
        if (fits(source)) return true;
      }
    }
    return false;
  }

  Graph& graph_;
  const std::set<const Node*>& taken_;
  std::unordered_map<const Node*, size_t> position_;
  Shape rows_;
  std::vector<Node*> members_;
  size_t first_ = 0;
};

}  // namespace

std::optional<RowGroup> find_row_group(Graph& graph, Node& seed,
                                       const std::set<const Node*>& taken) {
  return Grower(graph, taken).grow(seed);
}

}  // namespace onnxc

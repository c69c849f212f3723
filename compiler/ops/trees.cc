// From attributes to tables of trees.
#include "compiler/ops/trees.h"

#include <algorithm>
#include <map>
#include <utility>

namespace onnxc {
namespace {

constexpr int32_t kNanIsTrue = 8;
constexpr int32_t kEqual = 4;
constexpr int64_t kMember = 6;

int32_t mode_number(const Lowering& x, const std::string& mode) {
  constexpr std::string_view kModes[] = {"BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE",
                                         "BRANCH_GT",  "BRANCH_EQ", "BRANCH_NEQ"};
  const auto it = std::find(std::begin(kModes), std::end(kModes), mode);
  if (it == std::end(kModes)) throw x.error("node mode \"{}\" is not known", mode);
  return static_cast<int32_t>(it - std::begin(kModes));
}

void add_leaf(Trees& trees, const std::vector<std::pair<int64_t, double>>& weights) {
  for (const auto& [target, weight] : weights) {
    trees.leaf_targets.push_back(static_cast<int32_t>(target));
    trees.leaf_weights.push_back(weight);
  }
  trees.leaf_first.push_back(static_cast<int32_t>(trees.leaf_targets.size()));
}

void require_sizes(const Lowering& x, size_t expected,
                   std::initializer_list<std::pair<const char*, size_t>> found) {
  for (const auto& [name, size] : found) {
    if (size != expected) throw x.error("{} has {} entries, expected {}", name, size, expected);
  }
}

std::vector<double> tensor_numbers(const Lowering& x, const std::string& name) {
  std::vector<double> values;
  if (const Tensor* t = x.attribute_tensor(name)) {
    for (int64_t i = 0; i < t->size(); ++i) values.push_back(t->as_double(i));
  }
  return values;
}

// The values of the set that each member test looks for; sets end with a NaN.
std::vector<std::vector<double>> member_sets(const Lowering& x) {
  std::vector<std::vector<double>> sets(1);
  for (double v : tensor_numbers(x, "membership_values")) {
    if (v == v) {
      sets.back().push_back(v);
    } else {
      sets.emplace_back();
    }
  }
  return sets;
}

}  // namespace

std::vector<double> numbers_attribute(const Lowering& x, const std::string& name) {
  if (x.has_attribute(name + "_as_tensor")) return tensor_numbers(x, name + "_as_tensor");
  const std::vector<float> values = x.attribute_floats(name, {});
  return std::vector<double>(values.begin(), values.end());
}

Trees read_old_trees(const Lowering& x, const std::string& prefix) {
  const auto tree_ids = x.attribute_ints("nodes_treeids", {});
  const auto node_ids = x.attribute_ints("nodes_nodeids", {});
  const auto features = x.attribute_ints("nodes_featureids", {});
  const auto if_true = x.attribute_ints("nodes_truenodeids", {});
  const auto if_false = x.attribute_ints("nodes_falsenodeids", {});
  const auto nan_true = x.attribute_ints("nodes_missing_value_tracks_true", {});
  const auto splits = numbers_attribute(x, "nodes_values");
  const auto it = x.node().attributes.find("nodes_modes");
  const auto* modes = it == x.node().attributes.end()
                          ? nullptr
                          : std::get_if<std::vector<std::string>>(&it->second);
  const size_t count = tree_ids.size();
  require_sizes(x, count,
                {{"nodes_nodeids", node_ids.size()},
                 {"nodes_featureids", features.size()},
                 {"nodes_truenodeids", if_true.size()},
                 {"nodes_falsenodeids", if_false.size()},
                 {"nodes_values", splits.size()},
                 {"nodes_modes", modes ? modes->size() : 0}});

  std::map<std::pair<int64_t, int64_t>, std::vector<std::pair<int64_t, double>>> weights;
  const auto weight_trees = x.attribute_ints(prefix + "_treeids", {});
  const auto weight_nodes = x.attribute_ints(prefix + "_nodeids", {});
  const auto weight_ids = x.attribute_ints(prefix + "_ids", {});
  const auto values = numbers_attribute(x, prefix + "_weights");
  require_sizes(x, weight_trees.size(),
                {{"the nodes of weights", weight_nodes.size()},
                 {"the targets of weights", weight_ids.size()},
                 {"the weights", values.size()}});
  for (size_t i = 0; i < values.size(); ++i) {
    weights[{weight_trees[i], weight_nodes[i]}].emplace_back(weight_ids[i], values[i]);
  }

  Trees trees;
  trees.leaf_first.push_back(0);
  std::map<std::pair<int64_t, int64_t>, int32_t> places;
  int32_t next_branch = 0, next_leaf = 0;
  for (size_t i = 0; i < count; ++i) {
    const bool leaf = (*modes)[i] == "LEAF";
    const std::pair key{tree_ids[i], node_ids[i]};
    places[key] = leaf ? ~next_leaf++ : next_branch++;
    if (leaf) add_leaf(trees, weights[key]);
  }
  std::map<int64_t, bool> seen;
  for (size_t i = 0; i < count; ++i) {
    const auto place = [&](int64_t node) {
      const auto found = places.find({tree_ids[i], node});
      if (found == places.end()) throw x.error("tree {} has no node {}", tree_ids[i], node);
      return found->second;
    };
    if (!seen[tree_ids[i]]) trees.roots.push_back(place(node_ids[i]));
    seen[tree_ids[i]] = true;
    if ((*modes)[i] == "LEAF") continue;
    const int32_t nan = i < nan_true.size() && nan_true[i] ? kNanIsTrue : 0;
    trees.nodes.insert(trees.nodes.end(),
                       {static_cast<int32_t>(features[i]), mode_number(x, (*modes)[i]) + nan,
                        place(if_true[i]), place(if_false[i])});
    trees.splits.push_back(splits[i]);
  }
  return trees;
}

Trees read_trees(const Lowering& x) {
  const auto features = x.attribute_ints("nodes_featureids", {});
  const auto modes = tensor_numbers(x, "nodes_modes"), splits = tensor_numbers(x, "nodes_splits");
  const auto true_ids = x.attribute_ints("nodes_truenodeids", {});
  const auto true_leafs = x.attribute_ints("nodes_trueleafs", {});
  const auto false_ids = x.attribute_ints("nodes_falsenodeids", {});
  const auto false_leafs = x.attribute_ints("nodes_falseleafs", {});
  const auto nan_true = x.attribute_ints("nodes_missing_value_tracks_true", {});
  const size_t count = features.size();
  require_sizes(x, count,
                {{"nodes_modes", modes.size()},
                 {"nodes_splits", splits.size()},
                 {"nodes_truenodeids", true_ids.size()},
                 {"nodes_trueleafs", true_leafs.size()},
                 {"nodes_falsenodeids", false_ids.size()},
                 {"nodes_falseleafs", false_leafs.size()}});
  const auto targets = x.attribute_ints("leaf_targetids", {});
  const auto weights = tensor_numbers(x, "leaf_weights");
  require_sizes(x, targets.size(), {{"leaf_weights", weights.size()}});
  Trees trees;
  trees.leaf_first.push_back(0);
  for (size_t i = 0; i < targets.size(); ++i) add_leaf(trees, {{targets[i], weights[i]}});

  // A test for membership of a set is a chain of tests for equality.
  const auto sets = member_sets(x);
  std::vector<int32_t> places;
  int32_t next = 0;
  size_t next_set = 0;
  for (size_t i = 0; i < count; ++i) {
    places.push_back(next);
    const bool member = static_cast<int64_t>(modes[i]) == kMember;
    if (member && (next_set >= sets.size() || sets[next_set].empty())) {
      throw x.error("node {} has no membership values", i);
    }
    next += member ? static_cast<int32_t>(sets[next_set++].size()) : 1;
  }
  next_set = 0;
  for (size_t i = 0; i < count; ++i) {
    const auto place = [&](int64_t id, int64_t is_leaf) {
      const auto limit = static_cast<int64_t>(is_leaf ? targets.size() : places.size());
      if (id < 0 || id >= limit) throw x.error("node {} continues at {} of {}", i, id, limit);
      return is_leaf ? ~static_cast<int32_t>(id) : places[id];
    };
    const int32_t yes = place(true_ids[i], true_leafs[i]);
    const int32_t no = place(false_ids[i], false_leafs[i]);
    const int32_t nan = i < nan_true.size() && nan_true[i] ? kNanIsTrue : 0;
    const auto feature = static_cast<int32_t>(features[i]);
    if (static_cast<int64_t>(modes[i]) != kMember) {
      trees.nodes.insert(trees.nodes.end(),
                         {feature, static_cast<int32_t>(modes[i]) + nan, yes, no});
      trees.splits.push_back(splits[i]);
      continue;
    }
    const std::vector<double>& set = sets[next_set++];
    for (size_t k = 0; k < set.size(); ++k) {
      const int32_t onward = k + 1 < set.size() ? places[i] + static_cast<int32_t>(k) + 1 : no;
      trees.nodes.insert(trees.nodes.end(), {feature, kEqual + nan, yes, onward});
      trees.splits.push_back(set[k]);
    }
  }
  for (int64_t root : x.attribute_ints("tree_roots", {})) {
    if (root < 0 || root >= static_cast<int64_t>(places.size())) {
      throw x.error("there is no root {}", root);
    }
    trees.roots.push_back(places[root]);
  }
  return trees;
}

}  // namespace onnxc

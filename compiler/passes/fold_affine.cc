// Folds a scale that follows a convolution or matrix product into its constant weights.
//   y = conv (x, w) then sum * in2[i1] + in3[i1]   ->   y = conv (x, w * in2) then sum + in4[i1]
#include <algorithm>

#include "compiler/ir/equal_expressions.h"
#include "compiler/passes/pass.h"

namespace onnxc {
namespace {

// sum * scale + shift; a null scale is 1, a null shift 0.
struct Affine {
  E scale, shift;
  int scalings = 0;  // how many factors the scale has
};

bool has_accumulator(const E& e) {
  bool found = false;
  visit(e, [&](const Expr& x) { found |= x.kind == Expr::Kind::kAccumulator; });
  return found;
}

// Where the weights are, and which of their axes the result's channels run along.
struct Target {
  int input;
  int channel;  // loop index in finish
  size_t axis;  // of the weights
  E finish;
};

class Folder {
 public:
  Folder(const Node& node, const Target& target, int most_scalings)
      : node_(node), target_(target), most_scalings_(most_scalings) {}

  // The finish with every affine part replaced by the sum and its shift, if all have one scale.
  std::optional<E> run() {
    const E result = replaced(target_.finish);
    if (!ok_ || !scale_) return std::nullopt;
    return result;
  }
  const E& scale() const { return scale_; }

 private:
  // A number, or constants indexed by the channel alone.
  bool is_channel_constant(const E& e) const {
    bool constant = true;
    visit(e, [&](const Expr& x) {
      if (x.kind == Expr::Kind::kAccumulator || x.kind == Expr::Kind::kInteger) constant = false;
      if (x.kind != Expr::Kind::kLoad) return;
      constant &= node_.inputs[x.input]->is_constant();
      const Dim channel = Dim::index(target_.channel, node_.output()->shape[target_.channel]);
      for (const Dim& d : x.index) constant &= d.is_constant() || d == channel;
    });
    return constant;
  }

  std::optional<Affine> affine(const E& e) const {
    if (e->kind == Expr::Kind::kAccumulator) return Affine{};
    if (e->kind != Expr::Kind::kCall || e->args.size() != 2) return std::nullopt;
    const E a(e->args[0]), b(e->args[1]);
    const bool left = has_accumulator(a);
    const E& other = left ? b : a;
    if (!is_channel_constant(other)) return std::nullopt;
    const auto inner = affine(left ? a : b);
    if (!inner) return std::nullopt;
    const bool scales = e->op == ScalarOp::kMul || e->op == ScalarOp::kDiv;
    const int scalings = inner->scalings + (scales ? 1 : 0);
    if (scalings > most_scalings_) return std::nullopt;
    const auto times = [](const E& x, const E& y) { return x ? x * y : x; };
    switch (e->op) {
      case ScalarOp::kAdd:
        return Affine{inner->scale, inner->shift ? inner->shift + other : other, scalings};
      case ScalarOp::kSub:
        if (!left) return std::nullopt;
        return Affine{inner->scale, inner->shift ? inner->shift - other : -other, scalings};
      case ScalarOp::kMul:
        return Affine{inner->scale ? inner->scale * other : other, times(inner->shift, other),
                      scalings};
      case ScalarOp::kDiv:
        if (!left) return std::nullopt;
        return Affine{inner->scale ? inner->scale / other : 1.0 / other,
                      inner->shift ? inner->shift / other : E(), scalings};
      default:
        return std::nullopt;
    }
  }

  E replaced(const E& e) {
    if (!ok_ || !has_accumulator(e)) return e;
    if (const auto it = done_.find(e.ref().get()); it != done_.end()) return it->second;
    E result = e;
    if (const auto found = affine(e)) {
      ok_ &= found->scale && (!scale_ || equal(scale_, found->scale));
      scale_ = found->scale;
      const E sum = accumulator(e.type());
      result = found->shift ? sum + found->shift : sum;
    } else if (e->kind == Expr::Kind::kCall) {
      std::vector<E> args;
      for (const ExprRef& a : e->args) args.push_back(replaced(E(a)));
      result = e->op == ScalarOp::kCast ? cast(e.type(), args[0]) : call(e->op, std::move(args));
    }
    done_.emplace(e.ref().get(), result);
    return result;
  }

  const Node& node_;
  const Target& target_;
  const int most_scalings_;
  std::map<const Expr*, E> done_;
  E scale_;
  bool ok_ = true;
};

std::optional<Target> target_of(const Node& node) {
  if (const Conv* c = node.as<Conv>()) {
    if (!c->finish || !c->method.empty() || !node.inputs[1]->is_constant()) return std::nullopt;
    return Target{1, 1, 0, c->finish};
  }
  const Map* map = node.as<Map>();
  if (!map || map->reduction != Reduction::kSum || !map->finish ||
      map->body->kind != Expr::Kind::kCall || map->body->op != ScalarOp::kMul)
    return std::nullopt;
  const int channel = static_cast<int>(map->space.size()) - 1;
  for (const ExprRef& factor : map->body->args) {
    if (factor->kind != Expr::Kind::kLoad || !node.inputs[factor->input]->is_constant()) continue;
    const Value& w = *node.inputs[factor->input];
    for (size_t i = 0; i < factor->index.size(); ++i) {
      const bool is_channel = channel >= 0 && w.shape[i] == map->space[channel] &&
                              factor->index[i] == Dim::index(channel, map->space[channel]);
      if (is_channel && !w.shape[i].is(1)) return Target{factor->input, channel, i, map->finish};
    }
  }
  return std::nullopt;
}

bool fold(Graph& graph, Node& node) {
  const auto target = target_of(node);
  if (!target || target->finish.type() != DType::kFloat) return false;
  Value* weights = node.inputs[target->input];
  if (weights->type != DType::kFloat) return false;
  // All factors at once; where parts of an activation scale the sum further, the first.
  constexpr int kAllScalings = 16;
  std::optional<E> finish;
  E channel_scale;
  for (const int scalings : {kAllScalings, 1}) {
    Folder folder(node, *target, scalings);
    finish = folder.run();
    channel_scale = folder.scale();
    if (finish) break;
  }
  if (!finish) return false;
  const E scale = substitute_indices(channel_scale, [&](int axis) {
    const auto from = axis == target->channel ? target->axis : static_cast<size_t>(axis);
    return Dim::index(static_cast<int>(from), weights->shape.at(from));
  });
  const E element = load(target->input, weights->type, identity_index(weights->shape));
  Value* scaled = graph.add_map({weights->shape, {}, Reduction::kNone, element * scale, E()},
                                node.inputs, weights->name + "/scaled", node.origins, &node);
  std::vector<Value*> inputs = node.inputs;
  if (Conv* c = node.as<Conv>()) {
    c->finish = *finish;
    inputs[static_cast<size_t>(target->input)] = scaled;
  } else {
    Map* map = node.as<Map>();
    map->finish = *finish;
    const int number = static_cast<int>(inputs.size());
    inputs.push_back(scaled);
    map->body = renumber_inputs(map->body, [&](int i) { return i == target->input ? number : i; });
  }
  graph.set_inputs(&node, std::move(inputs));
  graph.compact_inputs(&node);
  return true;
}

}  // namespace

bool fold_affine(Graph& graph, const Options& options) {
  if (options.precision == Precision::kStrict) return false;
  std::vector<Node*> nodes;
  for (const auto& node : graph.nodes()) nodes.push_back(node.get());
  bool changed = false;
  for (Node* node : nodes) changed |= fold(graph, *node);
  return changed;
}

}  // namespace onnxc

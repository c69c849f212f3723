// Lets convolutions and what stands between them work on channel blocks, [N, C/16, spatial..., 16],
// and chooses each convolution's kernel.
//   y = conv (x, w)   ->   b = block x; c = conv2d_direct (b, packed w); y = unblock c
// A step between two convolutions computes in blocks too, so that block and unblock vanish there.
#include <algorithm>
#include <map>
#include <unordered_map>

#include "compiler/ir/vectorizable.h"
#include "compiler/passes/pass.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

constexpr int64_t kBlock = Layout::kBlock;

Dim blocks_of(const Dim& channels) { return ceil_div(channels, kBlock); }

Shape blocked_shape(const Shape& shape, size_t axis) {
  Shape out = shape;
  out[axis] = blocks_of(shape[axis]);
  out.push_back(kBlock);
  return out;
}

// Arithmetic that stays finite on the zeros and leftovers of padded channels.
bool is_tame(const E& e) {
  bool tame = true;
  visit(e, [&](const Expr& x) {
    if (x.kind != Expr::Kind::kCall) return;
    switch (x.op) {
      case ScalarOp::kDiv:
      case ScalarOp::kMod:
      case ScalarOp::kFmod:
        tame &= E(x.args[1])->kind == Expr::Kind::kConstant;
        break;
      case ScalarOp::kPow:
      case ScalarOp::kLog:
      case ScalarOp::kLog1p:
      case ScalarOp::kExp:
      case ScalarOp::kAcosh:
      case ScalarOp::kAtanh:
      case ScalarOp::kTan:
        tame = false;
        break;
      default:
        break;
    }
  });
  return tame;
}

class Blocker {
 public:
  explicit Blocker(Graph& graph) : graph_(graph) {}

  bool run() {
    std::vector<Node*> nodes;
    for (const auto& n : graph_.nodes()) nodes.push_back(n.get());
    bool changed = false;
    for (Node* n : nodes) changed |= block(*n);
    return changed;
  }

 private:
  // The node is gone where it says true.
  bool block(Node& n) {
    if (n.as<Conv>()) return block_conv(n);
    if (n.as<Map>()) return block_map(n);
    return n.as<Concat>() && block_concat(n);
  }

  // The twin of `value` whose axis `axis` lies in blocks; made on first use, right before `before`.
  Value* twin(Value* value, size_t axis, const Node* before) {
    const auto it = twins_.find({value, axis});
    if (it != twins_.end()) return it->second;
    const Shape shape = blocked_shape(value->shape, axis);
    const Dim at = channel(shape, axis);
    std::vector<Dim> index;
    for (size_t i = 0; i < value->shape.size(); ++i)
      index.push_back(i == axis ? at : Dim::index(static_cast<int>(i), shape[i]));
    const E element = load(0, value->type, index);
    const bool whole = proves_lt(at, value->shape[axis]);
    Map map;
    map.space = shape;
    map.body = whole ? element : select(integer(at) < integer(value->shape[axis]), element, 0.0);
    Value* blocked =
        graph_.add_map(std::move(map), {value}, value->name + "/blocked",
                       value->producer ? value->producer->origins : before->origins, before);
    if (axis == 1) blocked->layout = {true, value->shape[1]};
    twins_[{value, axis}] = blocked;
    return blocked;
  }

  bool has_twin(Value* value) const { return twins_.count({value, 1}) > 0; }

  // The channel at the loop indices of a blocked space.
  static Dim channel(const Shape& blocked, size_t axis) {
    return Dim::index(static_cast<int>(axis), blocked[axis]) * kBlock +
           Dim::index(static_cast<int>(blocked.size()) - 1, kBlock);
  }

  // Lets the old result be read back from the blocked one, which is its twin.
  void stand_for(Value* old, Node* blocked_node, Node* old_node) {
    Value* blocked = blocked_node->output();
    blocked->layout = {true, old->shape[1]};
    std::vector<Dim> index = identity_index(old->shape);
    const Dim c = index[1];
    index[1] = floor_div(c, kBlock);
    index.push_back(floor_mod(c, kBlock));
    Map map;
    map.space = old->shape;
    map.body = load(0, old->type, index);
    Value* plain = graph_.add_map(std::move(map), {blocked}, old->name + "/plain",
                                  old_node->origins, old_node);
    graph_.replace_uses(old, plain);
    graph_.take_name(plain, old);
    twins_[{plain, 1}] = blocked;
    graph_.erase(old_node);
  }

  // An expression over the plain space [N, C, ...] (then reduced axes), over the blocked space.
  // Loads of values with the channel axis go to twins. Nothing if the channel is used in another
  // way.
  std::optional<E> reblock(const E& e, const Shape& space, const Shape& blocked,
                           const std::vector<Value*>& inputs, const Node* before,
                           std::vector<Value*>& new_inputs) {
    const int rank = static_cast<int>(space.size());
    const Dim plain_channel = Dim::index(1, space[1]), at = channel(blocked, 1);
    bool ok = true;
    std::function<E(const E&)> walk = [&](const E& x) -> E {
      if (!ok) return x;
      if (x->kind == Expr::Kind::kInteger) {
        if (x->integer.mentions_index(1)) ok = false;
        return ok ? integer(shift(x->integer, rank, space, at)) : x;
      }
      if (x->kind == Expr::Kind::kLoad) {
        Value* v = inputs.at(x->input);
        int channel_axis = -1;
        for (size_t i = 0; i < x->index.size(); ++i) {
          if (!x->index[i].mentions_index(1)) continue;
          if (channel_axis >= 0 || x->index[i] != plain_channel || v->shape[i] != space[1])
            ok = false;
          channel_axis = static_cast<int>(i);
        }
        if (!ok) return x;
        std::vector<Dim> index;
        for (const Dim& d : x->index) index.push_back(shift(d, rank, space, at));
        if (channel_axis >= 0) {
          v = twin(v, static_cast<size_t>(channel_axis), before);
          index[channel_axis] = Dim::index(1, blocked[1]);
          index.push_back(Dim::index(rank, kBlock));
        }
        const auto it = std::find(new_inputs.begin(), new_inputs.end(), v);
        const int number = static_cast<int>(it - new_inputs.begin());
        if (it == new_inputs.end()) new_inputs.push_back(v);
        return load(number, x.type(), index);
      }
      if (x->kind != Expr::Kind::kCall) return x;
      std::vector<E> args;
      for (const ExprRef& a : x->args) args.push_back(walk(E(a)));
      return x->op == ScalarOp::kCast ? cast(x.type(), args[0]) : call(x->op, std::move(args));
    };
    const E result = walk(e);
    if (!ok) return std::nullopt;
    return result;
  }

  // Loop indices of the plain map as those of the blocked one: reduced axes move up by one.
  static Dim shift(const Dim& d, int rank, const Shape& space, const Dim& at) {
    return d.substitute([&](const Dim::Atom& a) -> std::optional<Dim> {
      if (a.kind != Dim::Kind::kIndex) return std::nullopt;
      if (a.axis == 1) return at;
      if (a.axis >= rank) return Dim::index(a.axis + 1, a.args[0]);
      return Dim::index(a.axis, space[a.axis]);
    });
  }

  // Whether reblock would succeed, and whether any value it loads has a twin already.
  struct Verdict {
    bool possible = true, has_twin = false;
  };
  Verdict could_reblock(const E& e, const Shape& space, const std::vector<Value*>& inputs) const {
    Verdict v;
    if (!e) return v;
    bool& ok = v.possible;
    visit(e, [&](const Expr& x) {
      if (x.kind == Expr::Kind::kInteger)
        ok &= !x.integer.mentions_index(1) && !x.integer.has_opaque();
      if (x.kind != Expr::Kind::kLoad) return;
      Value* value = inputs.at(x.input);
      int uses = 0;
      for (size_t i = 0; i < x.index.size(); ++i) {
        ok &= !x.index[i].has_opaque();
        if (!x.index[i].mentions_index(1)) continue;
        ++uses;
        ok &= x.index[i] == Dim::index(1, space[1]) && value->shape[i] == space[1];
        v.has_twin |= i == 1 && has_twin(value);
      }
      ok &= uses <= 1;
    });
    return v;
  }

  bool block_map(Node& node) {
    const Map& map = *node.as<Map>();
    const Shape& space = map.space;
    if (space.size() < 3 || !space[1].is_constant() || space[1].value() < 2 ||
        map.reduction >= Reduction::kArgMaxFirst)
      return false;
    if (node.output()->type != DType::kFloat || map.body.type() != DType::kFloat) return false;
    if (twins_.count({node.output(), 1})) return false;  // an unblock of ours
    std::vector<Value*> inputs = node.inputs;
    const Verdict body_verdict = could_reblock(map.body, space, inputs);
    if (!body_verdict.possible || !body_verdict.has_twin ||
        !could_reblock(map.finish, space, inputs).possible)
      return false;
    const bool padded = space[1].value() % kBlock != 0;
    if (padded && (!is_tame(map.body) || (map.finish && !is_tame(map.finish)))) return false;
    Map result = map;
    result.space = blocked_shape(space, 1);
    std::vector<Value*> new_inputs;
    const auto body = reblock(map.body, space, result.space, inputs, &node, new_inputs);
    if (!body) return false;
    result.body = *body;
    if (map.finish) {
      const auto finish = reblock(map.finish, space, result.space, inputs, &node, new_inputs);
      if (!finish) return false;
      result.finish = *finish;
    }
    Value* old = node.output();
    Node* blocked = graph_.add_node(std::move(result), std::move(new_inputs),
                                    {{old->name + "/blocked", old->type, blocked_shape(space, 1)}},
                                    node.origins, &node);
    stand_for(old, blocked, &node);
    return true;
  }

  bool block_concat(Node& node) {
    if (node.as<Concat>()->axis != 1 || node.output()->shape.size() < 3) return false;
    for (Value* v : node.inputs) {
      if (!has_twin(v) || !v->shape[1].is_constant() || v->shape[1].value() % kBlock != 0)
        return false;
    }
    std::vector<Value*> parts;
    for (Value* v : node.inputs) parts.push_back(twin(v, 1, &node));
    Value* old = node.output();
    Node* blocked = graph_.add_node(
        Concat{1}, std::move(parts),
        {{old->name + "/blocked", old->type, blocked_shape(old->shape, 1)}}, node.origins, &node);
    stand_for(old, blocked, &node);
    return true;
  }

  static bool are_constant(const Shape& shape, size_t from) {
    return std::all_of(shape.begin() + static_cast<std::ptrdiff_t>(from), shape.end(),
                       [](const Dim& d) { return d.is_constant(); });
  }

  // The kernel for a convolution; empty if none fits and it stays an index expression.
  static std::string kernel_for(const Conv& conv, const Shape& x, const Shape& w) {
    if (!are_constant(w, 0) || !are_constant(x, 1) || x.size() > 4) return "";
    const int64_t in = x[1].value(), out = w[0].value();
    if (conv.groups == 1 && in <= 4 && x.size() == 4 && out >= 8) return "conv2d_first";
    if (conv.groups == in && in == out) return "conv2d_depthwise";
    if (conv.groups == 1) return "conv2d_direct";
    const bool whole_blocks = in / conv.groups % kBlock == 0 && out / conv.groups % kBlock == 0;
    return whole_blocks ? "conv2d_direct" : "conv2d_grouped";
  }

  bool block_conv(Node& node) {
    const Conv conv = *node.as<Conv>();
    Value *x = node.inputs[0], *w = node.inputs[1], *old = node.output();
    if (!conv.method.empty() || x->type != DType::kFloat || old->type != DType::kFloat ||
        !w->is_constant())
      return false;
    const std::string kernel = kernel_for(conv, x->shape, w->shape);
    if (kernel.empty()) return false;
    const Shape space = old->shape, blocked = blocked_shape(space, 1);
    if (conv.finish && (!could_reblock(conv.finish, space, node.inputs).possible ||
                        (space[1].value() % kBlock != 0 && !is_tame(conv.finish))))
      return false;
    Conv chosen = conv;
    chosen.method = kernel;
    chosen.in_channels = x->shape[1].value();
    for (size_t i = 2; i < w->shape.size(); ++i) chosen.kernel.push_back(w->shape[i].value());
    std::vector<Value*> inputs{kernel == "conv2d_first" ? x : twin(x, 1, &node),
                               kernel == "conv2d_grouped"
                                   ? pack_groups(*w, x->shape[1].value(), conv.groups, node)
                                   : pack(*w, kernel, node)};
    if (conv.finish) {
      std::vector<Value*> extra;
      const auto finish = reblock(conv.finish, space, blocked, node.inputs, &node, extra);
      if (!finish || !is_vectorizable(*finish, static_cast<int>(blocked.size()) - 1)) return false;
      chosen.finish = renumber_inputs(*finish, [](int i) { return i + 2; });
      inputs.insert(inputs.end(), extra.begin(), extra.end());
    }
    Node* result =
        graph_.add_node(std::move(chosen), std::move(inputs),
                        {{old->name + "/blocked", old->type, blocked}}, node.origins, &node);
    stand_for(old, result, &node);
    return true;
  }

  // Weights [O, I/groups, kernel...] as the kernel reads them.
  Value* pack(Value& w, const std::string& kernel, const Node& node) {
    const int64_t out = w.shape[0].value(), in = w.shape[1].value();
    const Shape taps(w.shape.begin() + 2, w.shape.end());
    Shape space{blocks_of(out)};
    if (kernel == "conv2d_direct") space.push_back(blocks_of(in));
    if (kernel == "conv2d_first") space.push_back(in);
    const int first_tap = static_cast<int>(space.size());
    space.insert(space.end(), taps.begin(), taps.end());
    if (kernel == "conv2d_direct") space.push_back(kBlock);
    space.push_back(kBlock);
    const int rank = static_cast<int>(space.size());
    const Dim o = Dim::index(0, space[0]) * kBlock + Dim::index(rank - 1, kBlock);
    Dim i = 0;
    if (kernel == "conv2d_direct")
      i = Dim::index(1, space[1]) * kBlock + Dim::index(rank - 2, kBlock);
    if (kernel == "conv2d_first") i = Dim::index(1, space[1]);
    std::vector<Dim> index{o, i};
    for (size_t t = 0; t < taps.size(); ++t)
      index.push_back(Dim::index(first_tap + static_cast<int>(t), taps[t]));
    Map map;
    map.space = space;
    map.body =
        select(integer(o) < integer(out) && integer(i) < integer(in), load(0, w.type, index), 0.0);
    return graph_.add_map(std::move(map), {&w}, w.name + "/packed", node.origins, &node);
  }

  // Weights [O, I/groups, kernel...] as conv2d_grouped reads them, [O/16, J, kernel..., 16, 16]: J
  // input blocks from the first one that the output block's groups read; zero between groups.
  Value* pack_groups(Value& w, int64_t in, int64_t groups, const Node& node) {
    const int64_t out = w.shape[0].value(), group_in = in / groups, group_out = out / groups;
    const int64_t out_blocks = blocks_of(out).value(), in_blocks = blocks_of(in).value();
    int64_t span = 1;
    for (int64_t b = 0; b < out_blocks; ++b) {
      const int64_t last = std::min((b + 1) * kBlock, out) - 1;
      const int64_t end = blocks_of((last / group_out + 1) * group_in).value();
      span = std::max(span, end - b * kBlock / group_out * group_in / kBlock);
    }
    const Shape taps(w.shape.begin() + 2, w.shape.end());
    Shape space{out_blocks, span};
    space.insert(space.end(), taps.begin(), taps.end());
    space.insert(space.end(), {kBlock, kBlock});
    const int rank = static_cast<int>(space.size());
    const Dim block = Dim::index(0, out_blocks) * kBlock;
    const Dim first =
        min(floor_div(floor_div(block, group_out) * group_in, kBlock), Dim(in_blocks - span));
    const Dim o = block + Dim::index(rank - 1, kBlock);
    const Dim i = (first + Dim::index(1, span)) * kBlock + Dim::index(rank - 2, kBlock) -
                  floor_div(o, group_out) * group_in;
    std::vector<Dim> index{o, i};
    for (size_t t = 0; t < taps.size(); ++t)
      index.push_back(Dim::index(2 + static_cast<int>(t), taps[t]));
    Map map;
    map.space = space;
    map.body = select(
        integer(o) < integer(out) && integer(i) >= integer(0) && integer(i) < integer(group_in),
        load(0, w.type, index), 0.0);
    return graph_.add_map(std::move(map), {&w}, w.name + "/packed", node.origins, &node);
  }

  Graph& graph_;
  std::map<std::pair<Value*, size_t>, Value*> twins_;
};

}  // namespace

bool block_channels(Graph& graph, const Options&) { return Blocker(graph).run(); }

}  // namespace onnxc

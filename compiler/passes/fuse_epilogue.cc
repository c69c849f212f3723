// Moves an element-wise step into the reduction or convolution that feeds it.
//   s = conv (x, w); y = map max(in0[i0, i1] + in1[i1], 0) (s, b)   ->   y = conv then max(sum +
//   in2[i1], 0) (x, w, b)
#include <algorithm>
#include <map>
#include <unordered_map>

#include "compiler/passes/inline_map.h"
#include "compiler/passes/pass.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

E* finish_of(Node& node) {
  if (Conv* c = node.as<Conv>(); c && c->method.empty()) return &c->finish;
  if (Map* m = node.as<Map>(); m && m->reduction != Reduction::kNone) return &m->finish;
  return nullptr;
}

DType accumulator_type(const Node& node) {
  if (const Map* m = node.as<Map>()) {
    Map plain = *m;
    plain.finish = E();
    return result_type(plain);
  }
  return node.inputs[0]->type;
}

class Fuser {
 public:
  explicit Fuser(Graph& graph) : graph_(graph) {}

  bool run() {
    bool changed = false;
    for (bool again = true; again;) {
      again = false;
      number_nodes();
      for (const auto& node : graph_.nodes()) {
        if (!finish_of(*node) || !try_fuse(*node)) continue;
        again = changed = true;
        break;
      }
    }
    return changed;
  }

 private:
  void number_nodes() {
    position_.clear();
    int n = 0;
    found_.clear();
    for (const auto& node : graph_.nodes()) {
      for (const SymbolRef& s : symbols_defined_by(*node)) found_[s->name] = n;
      position_[node.get()] = n++;
    }
  }

  // Whether the sizes that the step mentions are known where the producer stands.
  bool sizes_known_at(const Node& user, const Node& producer) const {
    if (found_.empty()) return true;
    bool known = true;
    visit_symbols(user, [&](const SymbolRef& s) {
      const auto it = found_.find(s->name);
      known &= it == found_.end() || it->second < position_.at(&producer);
    });
    return known;
  }

  bool try_fuse(Node& producer) {
    Value* value = producer.output();
    if (value->users.empty() || graph_.is_output(value)) return false;
    Node* user = value->users[0];
    if (!std::all_of(value->users.begin(), value->users.end(), [&](Node* n) { return n == user; }))
      return false;
    Map* map = user->as<Map>();
    if (!map || map->reduction != Reduction::kNone || text(map->space) != text(value->shape))
      return false;
    graph_.compact_inputs(user);
    const int number = static_cast<int>(std::find(user->inputs.begin(), user->inputs.end(), value) -
                                        user->inputs.begin());
    bool identity = true;
    visit(map->body, [&](const Expr& x) {
      if (x.kind == Expr::Kind::kLoad && x.input == number)
        identity &= is_identity_load(x, map->space);
    });
    if (!identity || !defined_before(*user, producer, value) || !sizes_known_at(*user, producer))
      return false;
    fuse(producer, *user, number);
    return true;
  }

  bool defined_before(const Node& user, const Node& producer, const Value* except) const {
    return std::all_of(user.inputs.begin(), user.inputs.end(), [&](const Value* v) {
      return v == except || !v->producer || position_.at(v->producer) < position_.at(&producer);
    });
  }

  void fuse(Node& producer, Node& user, int number) {
    E* finish = finish_of(producer);
    const E before = *finish ? *finish : accumulator(accumulator_type(producer));
    const int first = static_cast<int>(producer.inputs.size());
    std::vector<Value*> inputs = producer.inputs;
    inputs.insert(inputs.end(), user.inputs.begin(), user.inputs.end());
    const E body = rewrite(user.as<Map>()->body, [&](const Expr& x) -> std::optional<E> {
      if (x.kind != Expr::Kind::kLoad) return std::nullopt;
      if (x.input == number) return before;
      return load(x.input + first, x.type, x.index);
    });
    std::vector<std::string> origins = producer.origins;
    origins.insert(origins.end(), user.origins.begin(), user.origins.end());
    Value* result = user.output();
    Node::Op op = producer.op;
    if (Conv* c = std::get_if<Conv>(&op)) c->finish = body;
    if (Map* m = std::get_if<Map>(&op)) m->finish = body;
    Node* fused = graph_.add_node(std::move(op), std::move(inputs),
                                  {{result->name, result->type, result->shape}}, std::move(origins),
                                  &producer);
    graph_.compact_inputs(fused);
    graph_.replace_uses(result, fused->output());
    graph_.take_name(fused->output(), result);
    graph_.erase(&user);
    graph_.erase(&producer);
  }

  Graph& graph_;
  std::unordered_map<const Node*, int> position_;
  std::map<std::string, int> found_;  // where a step finds out each size
};

}  // namespace

bool fuse_epilogue(Graph& graph, const Options&) { return Fuser(graph).run(); }

}  // namespace onnxc

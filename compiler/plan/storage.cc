// Sharing of storage: reshapes and concat parts are views, dying operands are overwritten in place.
#include "compiler/plan/storage.h"

#include <algorithm>
#include <unordered_set>

#include "compiler/ir/bounds.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

bool is_identity(const std::vector<Dim>& index, const Shape& space) {
  if (index.size() != space.size()) return false;
  for (size_t i = 0; i < index.size(); ++i) {
    if (index[i] != Dim::index(static_cast<int>(i), space[i])) return false;
  }
  return true;
}

class Sharer {
 public:
  Sharer(const Graph& graph, const Positions& positions)
      : graph_(graph), positions_(positions), found_(found_sizes(graph)) {}

  StorageMap run() {
    for (size_t i = 0; i < graph_.inputs.size(); ++i) {
      const Value* input = graph_.inputs[i];
      const auto where =
          is_packed_outside(input->type) ? Storage::Where::kWorkspace : Storage::Where::kInput;
      put(input, new_storage(where, static_cast<int>(i), bytes_of(*input)), 0);
      from_start_.insert(input);
    }
    enter(graph_);
    place_outputs();
    place_steps(graph_);
    for (const auto& storage : map_.storages) set_lifetime(*storage);
    return std::move(map_);
  }

 private:
  // Constants, and when the graph's outputs are read.
  void enter(const Graph& graph) {
    for (const auto& v : graph.values()) {
      if (v->is_constant()) put(v.get(), new_storage(Storage::Where::kWeights, 0, bytes_of(*v)), 0);
    }
    for (const Value* v : graph.outputs) handed_over_[v] = positions_.end(&graph);
    map_.blocks[&graph];
  }

  void place_steps(const Graph& graph) {
    for (const auto& node : graph.nodes()) place(*node, map_.blocks[&graph].steps);
  }

  Storage* new_storage(Storage::Where where, int number, Dim bytes) {
    map_.storages.push_back(std::make_unique<Storage>());
    Storage* s = map_.storages.back().get();
    s->where = where;
    s->number = number;
    s->bytes = std::move(bytes);
    return s;
  }

  void put(const Value* value, Storage* storage, Dim offset) {
    map_.views[value] = {storage, std::move(offset)};
    storage->values.push_back(value);
  }
  void put(const Value* value, const View& view) { put(value, view.storage, view.offset); }

  // The value and those that it is a reshape of, up to the one that a step produces.
  static std::vector<const Value*> chain_of(const Value* v) {
    std::vector<const Value*> chain{v};
    while (v->producer && v->producer->as<Reshape>()) {
      v = v->producer->inputs[0];
      chain.push_back(v);
    }
    return chain;
  }

  // Lets a step write the value to `view`; false where it is no step's or lies elsewhere already.
  bool direct(const Value* value, const View& view) {
    const auto chain = chain_of(value);
    if (!chain.back()->producer || map_.views.count(chain.back())) return false;
    for (const Value* v : chain) {
      if (!map_.views.count(v)) put(v, view);
    }
    return true;
  }

  // A produced output is written where the caller wants it, through reshapes too; a second use of
  // it as output is a copy.
  void place_outputs() {
    for (size_t i = 0; i < graph_.outputs.size(); ++i) {
      const Value* v = graph_.outputs[i];
      if (is_packed_outside(v->type)) continue;
      const auto chain = chain_of(v);
      if (!chain.back()->producer || map_.views.count(chain.back())) continue;
      direct(v, {new_storage(Storage::Where::kOutput, static_cast<int>(i), bytes_of(*chain.back())),
                 0});
    }
  }

  void place(const Node& node, std::vector<const Node*>& steps) {
    if (node.as<Reshape>()) return place_reshape(node, steps);
    if (const Concat* concat = node.as<Concat>()) return place_concat(node, *concat, steps);
    steps.push_back(&node);
    if (node.as<If>()) return place_if(node);
    if (const Loop* loop = node.as<Loop>()) return place_loop(node, *loop);
    for (const Value* out : node.outputs) {
      if (map_.views.count(out)) continue;
      if (const Value* reused = overwritable(node, *out)) {
        put(out, map_.views.at(reused));
      } else {
        put(out, new_storage(Storage::Where::kWorkspace, 0, bytes_of(*out)), 0);
      }
    }
  }

  void place_reshape(const Node& node, std::vector<const Node*>& steps) {
    const Value* out = node.output();
    const View from = map_.views.at(node.inputs[0]);
    if (!map_.views.count(out)) return put(out, from);
    const View to = map_.views.at(out);
    if (to.storage != from.storage || to.offset != from.offset) steps.push_back(&node);
  }

  // Parts that are written by a step, wanted nowhere else at another place, and contiguous in the
  // result are written there.
  void place_concat(const Node& node, const Concat& concat, std::vector<const Node*>& steps) {
    const Value* out = node.output();
    if (!map_.views.count(out))
      put(out, new_storage(Storage::Where::kWorkspace, 0, bytes_of(*out)), 0);
    const View target = map_.views.at(out);
    const bool contiguous = std::all_of(out->shape.begin(), out->shape.begin() + concat.axis,
                                        [](const Dim& d) { return d.is(1); });
    Dim offset = target.offset;
    bool all_in_place = true;
    for (const Value* part : node.inputs) {
      if (!contiguous || !move_into(part, target.storage, offset)) all_in_place = false;
      offset = offset + byte_size(*part);
    }
    if (!all_in_place) steps.push_back(&node);
  }

  // Moves the whole storage of `part` to `offset` in `target`, if it is workspace that is only this
  // value's.
  bool move_into(const Value* part, Storage* target, const Dim& offset) {
    const View view = map_.views.at(part);
    Storage* source = view.storage;
    if (source == target) return view.offset == offset;
    if (!chain_of(part).back()->producer) return false;
    if (source->where != Storage::Where::kWorkspace || !view.offset.is(0) ||
        source->bytes != byte_size(*part) || mentions_any(offset, found_) || pinned_.count(source))
      return false;
    if (offset.is_constant() ? offset.value() % 64 != 0 : false) {
      if (offset.value() % static_cast<int64_t>(byte_size(part->type)) != 0) return false;
    }
    for (const Value* v : source->values) {
      map_.views[v] = {target, map_.views.at(v).offset + offset};
      target->values.push_back(v);
    }
    source->values.clear();
    return true;
  }

  // An operand that dies at this step and is read only at the element being written.
  const Value* overwritable(const Node& node, const Value& out) {
    const Dim bytes = bytes_of(out);
    const auto result = static_cast<int>(std::find(node.outputs.begin(), node.outputs.end(), &out) -
                                         node.outputs.begin());
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const Value* in = node.inputs[i];
      const View view = map_.views.at(in);
      if (view.storage->where != Storage::Where::kWorkspace || bytes_of(*in) != bytes) continue;
      if (byte_size(in->type) != byte_size(out.type) ||
          !reads_in_place(node, static_cast<int>(i), result))
        continue;
      bool elsewhere_too = false;
      for (size_t j = 0; j < node.inputs.size(); ++j) {
        elsewhere_too |= node.inputs[j] == in && !reads_in_place(node, static_cast<int>(j), result);
      }
      if (elsewhere_too) continue;
      const bool shared =
          std::any_of(node.inputs.begin(), node.inputs.end(), [&](const Value* other) {
            return other != in && map_.views.at(other).storage == view.storage;
          });
      if (!shared && last_use(*view.storage) <= positions_.begin(&node)) return in;
    }
    return nullptr;
  }

  // Gives each result a place that is the step's throughout.
  void place_results(const Node& node) {
    for (const Value* out : node.outputs) {
      if (!map_.views.count(out))
        put(out, new_storage(Storage::Where::kWorkspace, 0, bytes_of(*out)), 0);
      int& kept_until = handed_over_[out];
      kept_until = std::max(kept_until, positions_.end(&node));
      pinned_.insert(map_.views.at(out).storage);
    }
  }

  // Both bodies write their results to the step's.
  void place_if(const Node& node) {
    place_results(node);
    for (const Graph* body : bodies_of(node)) {
      enter(*body);
      for (size_t i = 0; i < body->inputs.size(); ++i)
        put(body->inputs[i], map_.views.at(node.inputs[1 + i]));
      for (size_t k = 0; k < node.outputs.size(); ++k)
        direct(body->outputs[k], map_.views.at(node.outputs[k]));
      place_steps(*body);
      for (size_t k = 0; k < node.outputs.size(); ++k)
        copy_unless_there(body->outputs[k], node.outputs[k], 0, map_.blocks[body].after);
    }
  }

  void copy_unless_there(const Value* from, const Value* to, const Dim& offset,
                         std::vector<Copy>& copies) {
    const View source = map_.views.at(from), target = map_.views.at(to);
    if (source.storage != target.storage || source.offset != target.offset + offset)
      copies.push_back({from, to, offset});
  }

  // What the loop carries stays in one place: the first value is brought there, each iteration
  // leaves the next one there.
  void place_loop(const Node& node, const Loop& loop) {
    const Graph& body = *loop.body;
    const size_t first = first_body_input(node), conditions = loop.tests_next ? 1 : 0;
    enter(body);
    for (size_t k = 0; k < loop.carried; ++k) {
      const Value *start = node.inputs[first + k], *result = node.outputs[k];
      if (!map_.views.count(result) && may_become_place(node, start, *result, first + k))
        put(result, map_.views.at(start));
    }
    place_results(node);
    for (size_t i = 0; i < body.inputs.size(); ++i) {
      const Value* outer = i < loop.carried ? node.outputs[i] : node.inputs[first + i];
      put(body.inputs[i], map_.views.at(outer));
      if (i < loop.carried)
        copy_unless_there(node.inputs[first + i], outer, 0, map_.blocks[&body].before);
    }
    for (size_t k = 0; k < loop.carried; ++k) {
      const Value* next = body.outputs[conditions + k];
      if (may_overwrite(next, body.inputs[k])) direct(next, map_.views.at(node.outputs[k]));
    }
    std::vector<Dim> offsets;
    for (size_t k = loop.carried; k < node.outputs.size(); ++k) {
      const Value* part = body.outputs[conditions + k];
      const View target = map_.views.at(node.outputs[k]);
      offsets.push_back(Dim(loop.iteration) * byte_size(*part));
      direct(part, {target.storage, target.offset + offsets.back()});
    }
    place_steps(body);
    std::vector<Copy>& after = map_.blocks[&body].after;
    for (size_t k = loop.carried; k < node.outputs.size(); ++k)
      copy_unless_there(body.outputs[conditions + k], node.outputs[k], offsets[k - loop.carried],
                        after);
    for (size_t k = 0; k < loop.carried; ++k)
      copy_unless_there(body.outputs[conditions + k], node.outputs[k], 0, after);
  }

  // A first value that nothing else needs is where the loop begins.
  bool may_become_place(const Node& node, const Value* start, const Value& result, size_t number) {
    const View view = map_.views.at(start);
    if (view.storage->where != Storage::Where::kWorkspace || bytes_of(*start) != bytes_of(result) ||
        pinned_.count(view.storage))
      return false;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (i != number && map_.views.at(node.inputs[i]).storage == view.storage) return false;
    }
    return last_use(*view.storage) <= positions_.begin(&node);
  }

  // Whether the step that produces `next` may write it over `current`.
  bool may_overwrite(const Value* next, const Value* current) {
    const Node* producer = chain_of(next).back()->producer;
    if (!producer) return false;
    const int last = last_read(*current), written = positions_.begin(producer);
    if (last != written || !bodies_of(*producer).empty()) return last < written;
    const Storage* place = map_.views.at(current).storage;
    for (size_t i = 0; i < producer->inputs.size(); ++i) {
      const auto view = map_.views.find(chain_of(producer->inputs[i]).back());
      if (view != map_.views.end() && view->second.storage == place &&
          !reads_in_place(*producer, static_cast<int>(i), written_output(*producer, next)))
        return false;
    }
    return true;
  }

  // Which output of the step the value is, through reshapes.
  static int written_output(const Node& producer, const Value* next) {
    const Value* root = chain_of(next).back();
    return static_cast<int>(std::find(producer.outputs.begin(), producer.outputs.end(), root) -
                            producer.outputs.begin());
  }

  // Until when the step needs the value that is its input.
  int read_until(const Node& user, const Value& v) const {
    if (bodies_of(user).empty()) return positions_.begin(&user);
    const Loop* loop = user.as<Loop>();
    const size_t at_once = first_body_input(user) + (loop ? loop->carried : 0);
    const auto handed = user.inputs.begin() + static_cast<std::ptrdiff_t>(at_once);
    const bool read_inside = std::find(handed, user.inputs.end(), &v) != user.inputs.end();
    return read_inside ? positions_.end(&user) : positions_.begin(&user);
  }

  // Strings may point into it from anywhere.
  static bool holds_string_bytes(const Value& v) {
    if (v.type != DType::kUint8 || !v.producer || !v.producer->as<KernelCall>()) return false;
    const auto& results = v.producer->outputs;
    return std::any_of(results.begin(), results.end(),
                       [](const Value* r) { return r->type == DType::kString; });
  }

  int last_use(const Storage& storage) const {
    int last = -1;
    for (const Value* v : storage.values)
      last = std::max(last, holds_string_bytes(*v) ? positions_.count() : last_read(*v));
    return last;
  }

  // Reshapes and concats that are not placed yet read the same bytes.
  int last_read(const Value& v) const {
    const auto end = handed_over_.find(&v);
    int last = end == handed_over_.end() ? -1 : end->second;
    for (const Node* user : v.users) {
      last = std::max(last, read_until(*user, v));
      if (user->as<Reshape>() || user->as<Concat>())
        last = std::max(last, last_read(*user->output()));
    }
    return last;
  }

  void set_lifetime(Storage& storage) {
    storage.first = positions_.count();
    storage.last = last_use(storage);
    for (const Value* v : storage.values) {
      if (v->producer) storage.first = std::min(storage.first, positions_.begin(v->producer));
      if (from_start_.count(v)) storage.first = 0;
    }
    storage.last = std::max(storage.last, storage.first);
    for (const Value* v : storage.values) {
      if (v->producer && !bodies_of(*v->producer).empty())
        storage.last = std::max(storage.last, positions_.end(v->producer));
    }
  }

  Dim bytes_of(const Value& v) const { return upper_bound(byte_size(v), found_); }

  const Graph& graph_;
  const Positions& positions_;
  std::map<std::string, SymbolRef> found_;
  StorageMap map_;
  std::unordered_map<const Value*, int> handed_over_;  // when a graph's output is read
  std::unordered_set<const Value*> from_start_;        // inputs
  std::unordered_set<const Storage*> pinned_;          // of results of bodies
};

}  // namespace

bool is_packed_outside(DType type) {
  const size_t bits = file_bits(type);
  return bits > 0 && bits < 8;
}

namespace {

// A row of output `home` may take the place of the input's row: the input is read by no part after
// the first that writes there, by that one only where it writes, and before only in the same row.
bool rows_read_in_place(const Rows& rows, const Node& node, int number, int home) {
  const Shape& shape = node.inputs[static_cast<size_t>(number)]->shape;
  if (shape != node.outputs[static_cast<size_t>(home)]->shape) return false;
  bool written = false, ok = true;
  for (const Rows::Part& part : rows.parts) {
    const bool writes = part.home == home && !written;
    for (const E* e : {&part.map.body, &part.map.finish}) {
      if (!*e) continue;
      visit(*e, [&](const Expr& x) {
        if (x.kind != Expr::Kind::kLoad || x.input != number) return;
        ok &= !written;
        if (writes) ok &= part.map.reduced.empty() && is_identity(x.index, part.map.space);
        for (int d = 0; d < rows.outer; ++d) ok &= x.index[d] == Dim::index(d, shape[d]);
      });
    }
    written |= writes;
  }
  return ok;
}

}  // namespace

bool reads_in_place(const Node& node, int number, int result) {
  const Shape& space = node.output()->shape;
  const auto only_identity = [&](const E& e) {
    bool ok = true;
    visit(e, [&](const Expr& x) {
      if (x.kind == Expr::Kind::kLoad && x.input == number) ok &= is_identity(x.index, space);
    });
    return ok;
  };
  if (const Map* m = node.as<Map>()) {
    if (m->reduction == Reduction::kNone) return only_identity(m->body);
    return !mentions_input(m->body, number) && (!m->finish || only_identity(m->finish));
  }
  if (const MatMul* m = node.as<MatMul>()) {
    if (number < 2 || !m->finish) return false;
    const Dim written = m->c.offset + Dim::index(0, m->outer) * m->c.outer +
                        Dim::index(1, m->inner) * m->c.inner + Dim::index(2, m->m) * m->c.row +
                        Dim::index(3, m->n) * m->c.column;
    bool ok = true;
    visit(m->finish, [&](const Expr& x) {
      if (x.kind == Expr::Kind::kLoad && x.input == number) ok &= x.index[0] == written;
    });
    return ok;
  }
  if (const Rows* rows = node.as<Rows>()) return rows_read_in_place(*rows, node, number, result);
  if (const Conv* c = node.as<Conv>()) return number >= 2 && c->finish && only_identity(c->finish);
  return false;
}

StorageMap share_storage(const Graph& graph, const Positions& positions) {
  return Sharer(graph, positions).run();
}

}  // namespace onnxc

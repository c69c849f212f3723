// Sharing of storage: reshapes and concat parts are views, dying operands are overwritten in place.
#include "compiler/plan/storage.h"

#include <algorithm>

#include "compiler/plan/program.h"
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
  explicit Sharer(const Graph& graph) : graph_(graph), upper_bounds_(result_bounds(graph)) {}

  StorageMap run() {
    number_nodes();
    place_inputs_and_constants();
    place_outputs();
    for (const auto& node : graph_.nodes()) place(*node);
    for (const auto& storage : map_.storages) set_lifetime(*storage);
    return std::move(map_);
  }

 private:
  void number_nodes() {
    int step = 0;
    for (const auto& node : graph_.nodes()) step_of_[node.get()] = step++;
    end_ = step;
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

  void place_inputs_and_constants() {
    for (size_t i = 0; i < graph_.inputs.size(); ++i) {
      const Value* input = graph_.inputs[i];
      const auto where =
          is_packed_outside(input->type) ? Storage::Where::kWorkspace : Storage::Where::kInput;
      put(input, new_storage(where, static_cast<int>(i), bytes_of(*input)), 0);
    }
    for (const auto& v : graph_.values()) {
      if (v->is_constant()) put(v.get(), new_storage(Storage::Where::kWeights, 0, bytes_of(*v)), 0);
    }
  }

  // A produced output is written where the caller wants it, through reshapes too; a second use of
  // it as output is a copy.
  void place_outputs() {
    for (size_t i = 0; i < graph_.outputs.size(); ++i) {
      const Value* v = graph_.outputs[i];
      if (is_packed_outside(v->type)) continue;
      std::vector<const Value*> chain{v};
      while (v->producer && v->producer->as<Reshape>()) {
        v = v->producer->inputs[0];
        chain.push_back(v);
      }
      if (!v->producer || map_.views.count(v)) continue;
      Storage* s = new_storage(Storage::Where::kOutput, static_cast<int>(i), bytes_of(*v));
      for (const Value* c : chain) {
        if (!map_.views.count(c)) put(c, s, 0);
      }
    }
  }

  void place(const Node& node) {
    if (node.as<Reshape>()) return place_reshape(node);
    if (const Concat* concat = node.as<Concat>()) return place_concat(node, *concat);
    map_.steps.push_back(&node);
    for (const Value* out : node.outputs) {
      if (map_.views.count(out)) continue;
      if (const Value* reused = overwritable(node, *out)) {
        const View view = map_.views.at(reused);
        put(out, view.storage, view.offset);
      } else {
        put(out, new_storage(Storage::Where::kWorkspace, 0, bytes_of(*out)), 0);
      }
    }
  }

  void place_reshape(const Node& node) {
    const Value* out = node.output();
    const View from = map_.views.at(node.inputs[0]);
    if (!map_.views.count(out)) return put(out, from.storage, from.offset);
    if (map_.views.at(out).storage != from.storage)
      map_.steps.push_back(&node);  // a copy to an output
  }

  // Parts that are written by a step, wanted nowhere else at another place, and contiguous in the
  // result are written there.
  void place_concat(const Node& node, const Concat& concat) {
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
      offset = offset + bytes_of(*part);
    }
    if (!all_in_place) map_.steps.push_back(&node);
  }

  // Moves the whole storage of `part` to `offset` in `target`, if it is workspace that is only this
  // value's.
  bool move_into(const Value* part, Storage* target, const Dim& offset) {
    const View view = map_.views.at(part);
    Storage* source = view.storage;
    if (source == target) return view.offset == offset;
    if (source->where != Storage::Where::kWorkspace || !view.offset.is(0) ||
        source->bytes != bytes_of(*part))
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
      if (!shared && last_use(*view.storage) <= step_of_.at(&node)) return in;
    }
    return nullptr;
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
    for (const Value* v : storage.values) {
      if (holds_string_bytes(*v)) return end_;
      for (const Node* user : v->users) last = std::max(last, step_of_.at(user));
      if (graph_.is_output(v)) last = end_;
      // Views not placed yet read the same bytes.
      for (const Node* user : v->users) {
        if (user->as<Reshape>() || user->as<Concat>())
          last = std::max(last, last_view_use(*user->output()));
      }
    }
    return last;
  }

  int last_view_use(const Value& v) const {
    int last = graph_.is_output(&v) ? end_ : -1;
    for (const Node* user : v.users) {
      last = std::max(last, step_of_.at(user));
      if (user->as<Reshape>() || user->as<Concat>())
        last = std::max(last, last_view_use(*user->output()));
    }
    return last;
  }

  void set_lifetime(Storage& storage) {
    storage.first = end_;
    storage.last = last_use(storage);
    for (const Value* v : storage.values) {
      storage.first = std::min(storage.first, v->producer ? step_of_.at(v->producer) : 0);
    }
    storage.last = std::max(storage.last, storage.first);
  }

  Dim bytes_of(const Value& v) const { return capacity(v, upper_bounds_); }

  const Graph& graph_;
  std::map<std::string, Dim> upper_bounds_;
  StorageMap map_;
  std::unordered_map<const Node*, int> step_of_;
  int end_ = 0;
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

StorageMap share_storage(const Graph& graph) { return Sharer(graph).run(); }

}  // namespace onnxc

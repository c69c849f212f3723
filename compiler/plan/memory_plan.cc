// Places storages largest first, each at the lowest offset that is free throughout its life.
#include "compiler/plan/memory_plan.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "compiler/ir/bounds.h"
#include "compiler/plan/program.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

constexpr int64_t kAlignment = 64;

// At least `bytes`, and a multiple of 64 for all values of the symbols: each coefficient is rounded
// up on its own.
Dim aligned(const Dim& bytes) {
  const auto up = [](int64_t v) { return (v + kAlignment - 1) / kAlignment * kAlignment; };
  Dim result = up(bytes.offset());
  for (const auto& term : bytes.terms()) {
    Dim monomial = 1;
    for (const auto& f : term.factors) {
      switch (f->kind) {
        case Dim::Kind::kSymbol:
          monomial = monomial * Dim(f->symbol);
          break;
        case Dim::Kind::kFloorDiv:
          monomial = monomial * floor_div(f->args[0], f->args[1]);
          break;
        case Dim::Kind::kFloorMod:
          monomial = monomial * floor_mod(f->args[0], f->args[1]);
          break;
        case Dim::Kind::kMin:
          monomial = monomial * min(f->args[0], f->args[1]);
          break;
        case Dim::Kind::kMax:
          monomial = monomial * max(f->args[0], f->args[1]);
          break;
        default:
          throw InternalError(__FILE__, __LINE__, "a size mentions a loop index");
      }
    }
    result = result + monomial * up(term.coefficient);
  }
  return result;
}

Dim scratch_bytes(const Node& node) {
  if (const KernelCall* k = node.as<KernelCall>()) return k->scratch_bytes;
  if (const MatMul* m = node.as<MatMul>()) return m->scratch_bytes;
  return thread_scratch_bytes(node);
}

struct MemoryBlock {
  const Storage* storage = nullptr;  // null for scratch
  const Node* scratch_of = nullptr;
  int first, last;
  Dim bytes;
  int64_t weight;  // bytes at the representative point
  Dim offset;
  int64_t offset_there = 0;
};

class Planner {
 public:
  Planner(const StorageMap& shared, const Positions& positions, const Graph& graph)
      : steps_(positions.count()), found_(found_sizes(graph)) {
    for (const auto& [name, symbol] : graph.symbols) {
      point_[name] =
          std::clamp<int64_t>(symbol->max > (1 << 20) ? 64 : symbol->max, symbol->min, symbol->max);
    }
    for (const auto& s : shared.storages) {
      if (s->where == Storage::Where::kWorkspace && !s->values.empty())
        add({s.get(), nullptr, s->first, s->last, aligned(s->bytes), 0, 0});
    }
    add_scratch(graph, shared, positions);
  }

  MemoryPlan run() {
    MemoryPlan plan;
    plan.live_bytes = live_bytes();
    std::vector<MemoryBlock*> order;
    for (MemoryBlock& b : blocks_) order.push_back(&b);
    std::stable_sort(order.begin(), order.end(), [](const MemoryBlock* a, const MemoryBlock* b) {
      return a->weight > b->weight;
    });
    if (const auto bytes = arrange(order)) {
      plan.bytes = *bytes;
    } else {
      plan.bytes = arrange_in_groups(order);
    }
    for (const MemoryBlock& b : blocks_) {
      if (b.storage) plan.offsets[b.storage] = b.offset;
      if (b.scratch_of) plan.scratch[b.scratch_of] = b.offset;
    }
    return plan;
  }

 private:
  void add_scratch(const Graph& graph, const StorageMap& shared, const Positions& positions) {
    for (const Node* node : shared.blocks.at(&graph).steps) {
      const Dim bytes = upper_bound(scratch_bytes(*node), found_);
      const int at = positions.begin(node);
      if (!bytes.is(0)) add({nullptr, node, at, at, aligned(bytes), 0, 0});
      for (const Graph* body : bodies_of(*node)) add_scratch(*body, shared, positions);
    }
  }

  void add(MemoryBlock block) {
    block.weight = block.bytes.evaluate(point_);
    blocks_.push_back(std::move(block));
  }

  Dim live_bytes() const {
    int64_t most = -1;
    Dim result = 0;
    for (int step = 0; step < steps_; ++step) {
      int64_t sum = 0;
      for (const MemoryBlock& b : blocks_) sum += b.first <= step && step <= b.last ? b.weight : 0;
      if (sum <= most) continue;
      most = sum;
      result = 0;
      for (const MemoryBlock& b : blocks_) {
        if (b.first <= step && step <= b.last) result = result + b.bytes;
      }
    }
    return result;
  }

  // Offsets of these blocks from 0, and the bytes they take; nothing if their sizes cannot be
  // compared for all symbols.
  static std::optional<Dim> arrange(const std::vector<MemoryBlock*>& order) {
    std::vector<const MemoryBlock*> placed;
    Dim top = 0;
    for (MemoryBlock* b : order) {
      if (!place(*b, placed)) return std::nullopt;
      placed.push_back(b);
      const Dim end = b->offset + b->bytes;
      if (proves_le(top, end)) {
        top = end;
      } else if (!proves_le(end, top)) {
        return std::nullopt;
      }
    }
    return top;
  }

  // Blocks whose sizes differ only in coefficients share a region; regions follow one another.
  static Dim arrange_in_groups(const std::vector<MemoryBlock*>& order) {
    std::map<std::string, std::vector<MemoryBlock*>> groups;
    for (MemoryBlock* b : order) groups[monomials(b->bytes)].push_back(b);
    Dim base = 0;
    for (auto& [key, group] : groups) {
      std::optional<Dim> bytes = arrange(group);
      if (!bytes) {
        bytes = 0;
        for (MemoryBlock* b : group) {
          b->offset = *bytes;
          bytes = *bytes + b->bytes;
        }
      }
      for (MemoryBlock* b : group) b->offset = base + b->offset;
      base = base + *bytes;
    }
    return base;
  }

  static std::string monomials(const Dim& bytes) {
    std::string key;
    for (const auto& term : bytes.terms()) {
      for (const auto& f : term.factors) key += f->key + "*";
      key += "+";
    }
    return key;
  }

  static bool place(MemoryBlock& block, const std::vector<const MemoryBlock*>& placed) {
    std::vector<const MemoryBlock*> rivals;
    for (const MemoryBlock* p : placed) {
      if (p->first <= block.last && block.first <= p->last) rivals.push_back(p);
    }
    std::vector<std::pair<int64_t, Dim>> candidates{{0, Dim(0)}};
    for (const MemoryBlock* r : rivals)
      candidates.emplace_back(r->offset_there + r->weight, r->offset + r->bytes);
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [there, offset] : candidates) {
      if (!fits(block, offset, there, rivals)) continue;
      block.offset = offset;
      block.offset_there = there;
      return true;
    }
    return false;
  }

  static bool fits(const MemoryBlock& block, const Dim& offset, int64_t there,
                   const std::vector<const MemoryBlock*>& rivals) {
    for (const MemoryBlock* r : rivals) {
      const bool below = there + block.weight <= r->offset_there;
      const bool above = r->offset_there + r->weight <= there;
      if (!(below && proves_le(offset + block.bytes, r->offset)) &&
          !(above && proves_le(r->offset + r->bytes, offset)))
        return false;
    }
    return true;
  }

  std::map<std::string, int64_t> point_;
  std::vector<MemoryBlock> blocks_;
  int steps_;
  std::map<std::string, SymbolRef> found_;
};

}  // namespace

MemoryPlan plan_memory(const StorageMap& shared, const Positions& positions, const Graph& graph) {
  return Planner(shared, positions, graph).run();
}

}  // namespace onnxc

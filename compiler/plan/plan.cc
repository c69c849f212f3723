// Decides order, shared storage, offsets in the workspace and the layout of the weights.
#include "compiler/plan/plan.h"

#include <algorithm>

#include "compiler/ir/bounds.h"
#include "compiler/plan/carried_values.h"
#include "compiler/plan/memory_plan.h"
#include "compiler/plan/parallel.h"
#include "compiler/plan/storage.h"

namespace onnxc {
namespace {

constexpr int64_t kAlignment = 64;

Placement::Where where_of(Storage::Where where) {
  switch (where) {
    case Storage::Where::kInput:
      return Placement::Where::kInput;
    case Storage::Where::kOutput:
      return Placement::Where::kOutput;
    case Storage::Where::kWeights:
      return Placement::Where::kWeights;
    case Storage::Where::kWorkspace:
      break;
  }
  return Placement::Where::kWorkspace;
}

// Constants that steps read, in the order of first use, so that a run streams through them once. A
// constant that several bodies hold is one entry.
class WeightsLayout {
 public:
  WeightsLayout(Program& program, const StorageMap& shared) : program_(program), shared_(shared) {}

  void add(const Graph& graph) {
    for (const Node* step : shared_.blocks.at(&graph).steps) {
      for (const Value* v : step->inputs) add(v);
      for (const Graph* body : bodies_of(*step)) add(*body);
    }
    for (const Value* v : graph.outputs) add(v);
  }

 private:
  void add(const Value* read) {
    const Storage* storage = shared_.views.at(read).storage;
    if (storage->where != Storage::Where::kWeights) return;
    const Value* v = storage->values.front();
    if (program_.placements.count(v)) return;
    if (v->type == DType::kString) {
      program_.placements[v] = {Placement::Where::kWeights, static_cast<int>(program_.texts.size()),
                                0};
      program_.texts.push_back(v);
      return;
    }
    const auto [it, fresh] = offsets_.emplace(v->constant.get(), program_.weights_bytes);
    program_.placements[v] = {Placement::Where::kWeights, 0, it->second};
    if (!fresh) return;
    program_.weights.push_back({v, it->second});
    const int64_t bytes = static_cast<int64_t>(v->constant->byte_count());
    program_.weights_bytes += (bytes + kAlignment - 1) / kAlignment * kAlignment;
  }

  Program& program_;
  const StorageMap& shared_;
  std::unordered_map<const Tensor*, int64_t> offsets_;
};

void share_among_threads(Program& program, const std::vector<const Node*>& steps,
                         const std::map<std::string, SymbolRef>& found) {
  for (const Node* step : steps) {
    for (const Graph* body : bodies_of(*step))
      share_among_threads(program, program.bodies.at(body).steps, found);
    const Dim threads = threads_worth(*step);
    if (threads.is(1)) continue;
    program.threads.emplace(step, threads);
    const Dim scratch = upper_bound(thread_scratch_bytes(*step), found);
    if (!scratch.is(0)) {
      const Dim bytes = ceil_div(scratch, kAlignment) * kAlignment;
      program.thread_scratch_bytes = max(program.thread_scratch_bytes, bytes);
    }
  }
}

}  // namespace

Dim thread_scratch_bytes(const Node& node) {
  if (const MatMul* m = node.as<MatMul>())
    return m->method == "matmul_amx" ? Dim(0) : m->scratch_bytes;
  if (const Attention* a = node.as<Attention>()) return a->scratch_bytes;
  return 0;
}

Dim byte_size(const Value& value) {
  return product(value.shape) * static_cast<int64_t>(byte_size(value.type));
}

Program plan(Graph graph) {
  Program program;
  program.graph = std::move(graph);
  std::map<std::string, SymbolRef> bound;
  for (const Value* input : program.graph.inputs) {
    for (const Dim& d : input->shape) {
      for (const SymbolRef& s : d.symbols()) bound.emplace(s->name, s);
    }
  }
  for (const auto& [name, symbol] : bound) program.symbols.push_back(symbol);
  for (const Value* input : program.graph.inputs) {
    if (is_packed_outside(input->type)) program.unpacked.push_back(input);
  }
  copy_exchanged_values(program.graph);
  const Positions positions(program.graph);
  const StorageMap shared = share_storage(program.graph, positions);
  program.bodies = shared.blocks;
  program.steps = shared.blocks.at(&program.graph).steps;
  program.bodies.erase(&program.graph);
  share_among_threads(program, program.steps, found_sizes(program.graph));
  WeightsLayout(program, shared).add(program.graph);
  const MemoryPlan memory = plan_memory(shared, positions, program.graph);
  for (const auto& [value, view] : shared.views) {
    if (view.storage->where == Storage::Where::kWeights) {
      if (const Value* root = view.storage->values.front();
          root != value && program.placements.count(root)) {
        program.placements[value] = program.placements.at(root);
      }
      continue;
    }
    const Dim base = view.storage->where == Storage::Where::kWorkspace
                         ? memory.offsets.at(view.storage)
                         : Dim(0);
    program.placements[value] = {where_of(view.storage->where), view.storage->number,
                                 base + view.offset};
  }
  program.scratch = memory.scratch;
  program.workspace_bytes = memory.bytes;
  program.live_bytes = memory.live_bytes;
  for (size_t i = 0; i < program.graph.outputs.size(); ++i) {
    const Value* v = program.graph.outputs[i];
    const Placement& p = program.placements.at(v);
    if (p.where != Placement::Where::kOutput || p.number != static_cast<int>(i))
      program.copies.push_back({v, static_cast<int>(i)});
  }
  return program;
}

}  // namespace onnxc

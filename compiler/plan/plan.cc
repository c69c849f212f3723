// Decides order, shared storage, offsets in the workspace and the layout of the weights.
#include "compiler/plan/plan.h"

#include <algorithm>

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

// Constants that steps read, in the order of first use, so that a run streams through them once.
void lay_out_weights(Program& program, const StorageMap& shared) {
  const auto add = [&](const Value* read) {
    const Storage* storage = shared.views.at(read).storage;
    if (storage->where != Storage::Where::kWeights) return;
    const Value* v = storage->values.front();
    if (program.placements.count(v)) return;
    if (v->type == DType::kString) {
      program.placements[v] = {Placement::Where::kWeights, static_cast<int>(program.texts.size()),
                               0};
      program.texts.push_back(v);
      return;
    }
    program.weights.push_back({v, program.weights_bytes});
    program.placements[v] = {Placement::Where::kWeights, 0, program.weights_bytes};
    const int64_t bytes = static_cast<int64_t>(v->constant->byte_count());
    program.weights_bytes += (bytes + kAlignment - 1) / kAlignment * kAlignment;
  };
  for (const Node* step : program.steps) {
    for (const Value* v : step->inputs) add(v);
  }
  for (const Value* v : program.graph.outputs) add(v);
}

void share_among_threads(Program& program) {
  for (const Node* step : program.steps) {
    const Dim threads = threads_worth(*step);
    if (threads.is(1)) continue;
    program.threads.emplace(step, threads);
    const Dim scratch = thread_scratch_bytes(*step);
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

std::map<std::string, Dim> result_bounds(const Graph& graph) {
  std::map<std::string, Dim> bounds;
  for (const auto& node : graph.nodes()) {
    if (const KernelCall* k = node->as<KernelCall>(); k && k->result)
      bounds.emplace(k->result->name, k->result->max);
  }
  return bounds;
}

Dim capacity(const Value& value, const std::map<std::string, Dim>& upper_bounds) {
  const Dim bytes = byte_size(value);
  return upper_bounds.empty() ? bytes : bytes.substitute_symbols(upper_bounds);
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
  const StorageMap shared = share_storage(program.graph);
  program.steps = shared.steps;
  share_among_threads(program);
  lay_out_weights(program, shared);
  const MemoryPlan memory = plan_memory(shared, program.graph);
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

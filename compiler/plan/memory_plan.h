// Offsets in the workspace, valid for all sizes that the symbols can take.
#pragma once

#include <unordered_map>

#include "compiler/plan/storage.h"

namespace onnxc {

struct MemoryPlan {
  std::unordered_map<const Storage*, Dim> offsets;  // bytes, of workspace storages
  std::unordered_map<const Node*, Dim> scratch;     // offset of each step's scratch
  Dim bytes;                                        // of the whole workspace
  Dim live_bytes;                                   // largest sum alive at one step
};

// Best fit by size at a representative point of the symbols; two storages that live at once are
// kept apart by an inequality that holds for all their values.
MemoryPlan plan_memory(const StorageMap& shared, const Positions& positions, const Graph& graph);

}  // namespace onnxc

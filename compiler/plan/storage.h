// Which values share bytes: reshapes, concat parts and in-place results become one storage.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "compiler/ir/graph.h"
#include "compiler/plan/positions.h"
#include "compiler/plan/program.h"

namespace onnxc {

struct Storage {
  enum class Where { kInput, kOutput, kWeights, kWorkspace };
  Where where = Where::kWorkspace;
  int number = 0;  // of the input or output
  Dim bytes;
  int first = 0;  // position of the step that first writes it
  int last = 0;   // position of the step that last reads it
  std::vector<const Value*> values;
};

// A value's place in a storage. In a loop's body the offset may mention the iteration.
struct View {
  Storage* storage = nullptr;
  Dim offset;  // bytes
};

struct StorageMap {
  std::vector<std::unique_ptr<Storage>> storages;
  std::unordered_map<const Value*, View> views;
  std::unordered_map<const Graph*, Block> blocks;  // of the graph and of all bodies
};

// True if the caller's form of a tensor holds several elements in a byte: in the workspace it has
// one a byte.
bool is_packed_outside(DType type);

// Shares storage wherever that saves a copy or memory and no reader could see a value overwritten.
// The values that a loop carries have one place each, which its body's results are written to.
StorageMap share_storage(const Graph& graph, const Positions& positions);

// True if output number `result` of the node may be written over input `number`: every load of the
// input reads an element that is not yet overwritten.
bool reads_in_place(const Node& node, int number, int result);

}  // namespace onnxc

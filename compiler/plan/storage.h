// Which values share bytes: reshapes, concat parts and in-place results become one storage.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "compiler/ir/graph.h"

namespace onnxc {

struct Storage {
  enum class Where { kInput, kOutput, kWeights, kWorkspace };
  Where where = Where::kWorkspace;
  int number = 0;  // of the input or output
  Dim bytes;
  int first = 0;  // number of the step that first writes it
  int last = 0;   // number of the step that last reads it
  std::vector<const Value*> values;
};

// A value's place in a storage.
struct View {
  Storage* storage = nullptr;
  Dim offset;  // bytes
};

struct StorageMap {
  std::vector<std::unique_ptr<Storage>> storages;
  std::unordered_map<const Value*, View> views;
  std::vector<const Node*> steps;  // nodes that do work, in order
};

// True if the caller's form of a tensor holds several elements in a byte: in the workspace it has
// one a byte.
bool is_packed_outside(DType type);

// Shares storage wherever that saves a copy or memory and no reader could see a value overwritten.
StorageMap share_storage(const Graph& graph);

// True if output number `result` of the node may be written over input `number`: every load of the
// input reads an element that is not yet overwritten.
bool reads_in_place(const Node& node, int number, int result);

}  // namespace onnxc

// A planned program: steps in order, and where every value lives. Everything is decided; no text
// yet.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "compiler/ir/graph.h"

namespace onnxc {

struct Placement {
  enum class Where { kInput, kOutput, kWeights, kWorkspace };
  Where where;
  int number = 0;  // of the input, the output or the constant strings
  Dim offset;      // bytes from its start (weights: from the payload's start)
};

// Contents of the weights blob: a constant at a 64-byte aligned offset.
struct WeightEntry {
  const Value* value;
  int64_t offset;  // bytes from the payload's start
};

// A graph output whose value lies elsewhere (an input, a constant, another output, or workspace for
// elements below 8 bits, which are packed) and is copied at the end.
struct OutputCopy {
  const Value* value;
  int output;
};

// The bytes of one value to the place of another.
struct Copy {
  const Value* from;
  const Value* to;
  Dim offset;  // bytes from where `to` begins
};

// The steps of a graph, in order.
struct Block {
  std::vector<const Node*> steps;  // nodes that do work; Reshape and in-place Concat have vanished
  std::vector<Copy> before;        // of a loop's body: copied once, before the first iteration
  std::vector<Copy> after;         // of a body: copied after its steps
};

struct Program {
  Graph graph;
  std::vector<SymbolRef>
      symbols;  // sizes that the inputs' shapes bind, by name; others are results of steps
  std::vector<const Node*> steps;                          // of the whole graph, in order
  std::unordered_map<const Graph*, Block> bodies;          // of steps
  std::unordered_map<const Value*, Placement> placements;  // of every value a step reads or writes
  std::unordered_map<const Node*, Dim> scratch;  // offset of a step's scratch in the workspace
  // Inputs with elements below 8 bits. The caller packs them as ONNX files do; they are unpacked to
  // one element a byte of workspace before the first step.
  std::vector<const Value*> unpacked;
  std::unordered_map<const Node*, Dim> threads;  // how many a step is worth, where more than one
  Dim thread_scratch_bytes = 0;  // of each further thread, after the workspace of the first
  std::vector<OutputCopy> copies;
  std::vector<WeightEntry> weights;
  // Constant strings, which stand in the source: a blob cannot hold pointers. Their placements give
  // their number here.
  std::vector<const Value*> texts;
  int64_t weights_bytes = 0;  // payload
  Dim workspace_bytes;
  Dim live_bytes;  // the largest sum of bytes alive at one step: no plan can need less
  std::map<const Value*, std::string> lifetimes;  // for the plan listing
};

// Bytes of a value, as an expression of the symbols.
Dim byte_size(const Value& value);
// Scratch that every thread which shares the step has for itself.
Dim thread_scratch_bytes(const Node& node);

}  // namespace onnxc

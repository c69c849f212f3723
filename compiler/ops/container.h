// What a name can stand for besides a tensor: sequences and optionals.
#pragma once

#include <optional>
#include <vector>

#include "compiler/ir/graph.h"

namespace onnxc {

// A list of tensors. Either its elements are known one by one, or it is packed: element i lies in
// the corner of box i, all boxes having one shape.
struct Sequence {
  DType type = DType::kUndefined;
  std::vector<Value*> elements;  // unless it is packed
  Value* boxes = nullptr;        // [length, box...]
  Value* shapes = nullptr;       // int64 [length, rank]; null: each element fills its box

  bool is_packed() const { return boxes != nullptr; }
  Dim length() const {
    return is_packed() ? boxes->shape[0] : Dim(static_cast<int64_t>(elements.size()));
  }
};

// A tensor, a sequence, or an optional one of them.
struct Entity {
  Entity() = default;
  Entity(Value* value) : tensor(value) {}               // NOLINT: a tensor is an entity
  Entity(Sequence list) : sequence(std::move(list)) {}  // NOLINT

  Value* tensor = nullptr;
  std::optional<Sequence> sequence;
  // Of an optional: whether it holds something, a bool; the rest is what it holds, and is left out
  // where it is known to hold nothing.
  Value* present = nullptr;

  bool is_optional() const { return present != nullptr; }
  bool has_content() const { return tensor || sequence; }
  // The tensors that it consists of, in the order in which they stand as inputs and outputs:
  // content, shapes, present.
  std::vector<Value*> parts() const;
};

// CompileError where it is none.
Value* tensor_of(const Entity& entity);

}  // namespace onnxc

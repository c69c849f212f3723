// What an operator says about itself: the one place in which the compiler knows its name.
#pragma once

#include <span>
#include <string_view>

namespace onnxc {

class Lowering;

struct Op {
  std::string_view name;
  int since;  // oldest opset of its domain whose meaning is implemented; newer ones up to 28 are
              // too
  std::string_view
      types;  // element types it takes, for the support table: "float", "float, integers", "any"
  void (*lower)(Lowering&);  // checks the node and rewrites it into core steps; throws CompileError
  std::string_view note = "";    // what is left out, for the support table
  std::string_view domain = "";  // "" is ai.onnx
};

// Every operator, from the files named in op_list.def, sorted by domain and name.
std::span<const Op> all_ops();
const Op* find_op(std::string_view domain, std::string_view name);  // null if there is none

// Each file of the list defines its table: `OPS_TABLE(softmax) { {"Softmax", 1, ...}, ... };` at
// namespace scope.
#define OPS_TABLE(file)                        \
  extern const std::span<const Op> file##_ops; \
  const Op file##_rows[] =
#define OPS_END(file) const std::span<const Op> file##_ops(file##_rows);

}  // namespace onnxc

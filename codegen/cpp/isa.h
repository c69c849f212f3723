// What the C++ backend knows of a machine: vector width and the target pragma that the source
// states.
#pragma once

#include <string_view>
#include <vector>

namespace onnxc {

struct Isa {
  std::string_view march;
  int lanes;                   // floats in a vector
  std::string_view attribute;  // of `#pragma GCC target` and Clang's target attribute; empty: none
  bool x86;
};

// The row for a --march name other than "native". CompileError that lists the names if it is not
// known.
const Isa& find_isa(std::string_view march);
std::vector<std::string_view> isa_names();  // in the table's order

}  // namespace onnxc

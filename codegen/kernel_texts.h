// The kernel headers of templates/ as text, embedded when the compiler is built.
#pragma once

#include <span>
#include <string_view>

namespace onnxc {

struct KernelText {
  std::string_view
      path;  // from the repository's root, as #include lines give it: "templates/cpu/vec.h"
  std::string_view text;  // the whole file
};

// Sorted by path.
std::span<const KernelText> kernel_texts();

}  // namespace onnxc

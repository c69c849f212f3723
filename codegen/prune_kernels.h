// Leaves out of the kernels what a program does not use.
#pragma once

#include <string>
#include <string_view>

namespace onnxc {

// `kernels` (Amalgamation::text) without the functions, types and constants that neither `program`,
// the text that uses them, nor anything kept mentions by name. Names are compared without their
// namespaces, so overloads and specialisations stay together. Preprocessor lines between
// declarations, and whatever has no name, stay.
std::string prune_kernels(std::string_view kernels, std::string_view program);

}  // namespace onnxc

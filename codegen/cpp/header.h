// OUT.h: the C functions, the description of the model, and the typed C++ functions.
#pragma once

#include <string>

#include "codegen/backend.h"

namespace onnxc {

std::string print_header(const Program& program, const Identity& identity);
// The NAME_model table that the header declares, for the source file.
std::string print_model_info(const Program& program, const Identity& identity, WeightsMode weights);

}  // namespace onnxc

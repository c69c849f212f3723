// What printers of loop nests share: reductions as the emitted source spells them, and sizes.
#pragma once

#include <string>
#include <vector>

#include "compiler/ir/loop_nest.h"

namespace onnxc {

// What a reduction starts from.
std::string first_value(Reduction r, DType type);
// Two partial results as one.
std::string combined(Reduction r, DType type, const std::string& a, const std::string& b);

// Names of the sizes that the nests mention, each once, in order.
std::vector<std::string> symbols_of(const std::vector<LoopNest>& nests);
// Those of the names that stand in the text as words.
std::vector<std::string> mentioned(std::vector<std::string> names, const std::string& text);
// Whether a loop of that extent is worth vectors.
bool is_long(const Dim& extent);

}  // namespace onnxc

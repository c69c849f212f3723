// Cases made smaller while they still fail.
#pragma once

#include <functional>

#include "tests/fuzz/case.h"

namespace onnxc::fuzz {

// Drops outputs and nodes, and puts inputs in the place of nodes, as long as `fails` holds for what
// is left.
Case shrunk(Case c, const std::function<bool(const Case&)>& fails);

}  // namespace onnxc::fuzz

// Survives a crash or fatal error inside LLVM.
#pragma once

#include <llvm/ADT/STLFunctionalExtras.h>

#include <optional>
#include <string>

namespace onnxc {

// Runs `body` on a thread of its own with a large stack. Where LLVM gives up or crashes in it, what
// it said, and whatever `body` held is leaked; nothing otherwise. `body` must not throw.
std::optional<std::string> recover_from_crash(llvm::function_ref<void()> body);

}  // namespace onnxc

// Survives a crash or fatal error inside LLVM, by LLVM's own recovery contexts.
#include "codegen/native/clang_recovery.h"

#include <llvm/Support/CrashRecoveryContext.h>
#include <llvm/Support/ErrorHandling.h>

#include <cstdlib>
#include <memory>
#include <mutex>

namespace onnxc {
namespace {

// Deep expressions recurse; only what is touched costs memory.
constexpr unsigned kStackBytes = 256u << 20;

// LLVM's handlers of fatal errors and signals are the process's: they are in place only while a
// compilation runs.
class RecoveryScope {
 public:
  RecoveryScope() {
    std::lock_guard lock(mutex());
    if (users()++ > 0) return;
    llvm::CrashRecoveryContext::Enable();
    llvm::install_fatal_error_handler(record_fatal_error);
  }
  ~RecoveryScope() {
    std::lock_guard lock(mutex());
    if (--users() > 0) return;
    llvm::remove_fatal_error_handler();
    llvm::CrashRecoveryContext::Disable();
  }
  RecoveryScope(const RecoveryScope&) = delete;
  RecoveryScope& operator=(const RecoveryScope&) = delete;

  static std::string*& message_of_thread() {
    thread_local std::string* message = nullptr;
    return message;
  }

 private:
  static std::mutex& mutex() {
    static std::mutex instance;
    return instance;
  }
  static int& users() {
    static int count = 0;
    return count;
  }
  static void record_fatal_error(void*, const char* reason, bool) {
    if (std::string* message = message_of_thread()) *message = reason;
    std::abort();
  }
};

}  // namespace

// After a crash the context is leaked too: its destructor would destroy objects that refer to the
// lost thread's stack.
std::optional<std::string> recover_from_crash(llvm::function_ref<void()> body) {
  RecoveryScope scope;
  std::string message;
  auto context = std::make_unique<llvm::CrashRecoveryContext>();
  const bool finished = context->RunSafelyOnThread(
      [&] {
        RecoveryScope::message_of_thread() = &message;
        body();
      },
      kStackBytes);
  if (finished) return std::nullopt;
  static_cast<void>(context.release());
  return message.empty() ? "it crashed" : message;
}

}  // namespace onnxc

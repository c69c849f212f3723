// The stages and their times, on standard error.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace onnxc {

// Says what is being done: with `verbose` or where standard error is a terminal, one line a stage
// with its time, otherwise nothing.
class ProgressReport {
 public:
  // Without `interactive`, a terminal gets nothing either.
  explicit ProgressReport(bool verbose, bool interactive = true);
  ~ProgressReport() { done(); }
  ProgressReport(const ProgressReport&) = delete;
  ProgressReport& operator=(const ProgressReport&) = delete;

  void stage(std::string_view name);  // "Loading"; ends the one before
  void done();
  // A further line; only with `verbose`.
  void detail(std::string_view text) const;

 private:
  bool verbose_, shown_;
  std::string stage_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace onnxc

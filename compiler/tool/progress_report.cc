// Printing of progress.
#include "compiler/tool/progress_report.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace onnxc {

ProgressReport::ProgressReport(bool verbose, bool interactive)
    : verbose_(verbose), shown_(verbose || (interactive && ::isatty(STDERR_FILENO) == 1)) {}

void ProgressReport::stage(std::string_view name) {
  done();
  stage_ = name;
  start_ = std::chrono::steady_clock::now();
}

void ProgressReport::done() {
  if (stage_.empty()) return;
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start_;
  if (shown_) fmt::print(stderr, "{:<11} {:>8.3f} s\n", stage_, seconds.count());
  stage_.clear();
}

void ProgressReport::detail(std::string_view text) const {
  if (verbose_) fmt::print(stderr, "{}\n", text);
}

}  // namespace onnxc

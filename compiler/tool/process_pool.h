// Work in processes of its own, so that a crash of one piece ends only that piece.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace onnxc {

struct ProcessResult {
  std::string output;   // what the work returned
  std::string failure;  // "crashed with signal 11 (Segmentation fault)", "ran longer than 10 s";
                        // empty: none
};

struct ProcessLimits {
  int jobs = 1;     // processes at a time
  int seconds = 0;  // for each piece; 0: no limit
};

// Runs work(0) to work(count - 1), each in a forked process, and hands the results to `report` in
// this order, each as soon as it and all before it are there. Call it while this process has one
// thread. Throws CompileError where no process can be started.
void run_in_processes(size_t count, const ProcessLimits& limits,
                      const std::function<std::string(size_t)>& work,
                      const std::function<void(size_t, const ProcessResult&)>& report);

}  // namespace onnxc

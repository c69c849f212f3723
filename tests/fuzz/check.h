// Compiled programs against the reference evaluator.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tests/fuzz/case.h"
#include "tests/fuzz/noise.h"

namespace onnxc::fuzz {

// How a graph is compiled and run.
struct Configuration {
  std::string march;
  Precision precision = Precision::kFp32;
  std::set<std::string> disabled_passes;
  int threads = 1;
};

// As options of `onnxc verify`, and back.
std::string describe(const Configuration& configuration);
Configuration parse_configuration(const std::string& text);
// Of the x86-64 levels and this machine's name, those whose code it can run.
std::vector<std::string> usable_marches();
// With all passes or without some; threads and precision vary.
Configuration random_configuration(Random& random, const std::vector<std::string>& marches);

// A case with what it computes.
struct Prepared {
  Case c;
  std::vector<Tensor> inputs;
  std::vector<Expected> expected;
};
// Throws CompileError where the model does not lower or evaluate.
Prepared prepare(Case c);

// Compiles all cases as one program and runs it twice, the second time with another workspace's
// contents, and with several threads. What is wrong and in which case; empty if nothing is.
struct Problem {
  std::string text;
  size_t number = 0;  // of the case; cases.size() if it is none of them alone
};
Problem check(const std::vector<Prepared>& cases, const Configuration& configuration);

}  // namespace onnxc::fuzz

// The steps of a program as calls and functions of the emitted source.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "codegen/names.h"
#include "compiler/plan/program.h"

namespace onnxc {

// What printing the steps produced: the calls in order, and everything they need.
struct PrintedSteps {
  std::string functions;          // loop nests and epilogues, each once
  std::string calls;              // the body of the run function
  std::set<std::string> headers;  // kernel headers used
};

// How a value is reached in the run function, e.g. "ws.ReLU32()" or "image".
class ValueNames {
 public:
  explicit ValueNames(const Program& program);
  const std::string& operator()(const Value* value) const { return names_.at(value); }
  bool has(const Value* value) const { return names_.count(value) > 0; }
  // Values that have an accessor of the workspace.
  const std::vector<const Value*>& accessors() const { return accessors_; }

 private:
  std::map<const Value*, std::string> names_;
  std::vector<const Value*> accessors_;
};

// `after_step` is a statement that follows each step, with $step$ for its number; empty: none.
PrintedSteps print_steps(const Program& program, const ValueNames& names,
                         const std::string& after_step = "");

}  // namespace onnxc

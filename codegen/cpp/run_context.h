// What step printers share while one program is printed.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "codegen/names.h"

namespace onnxc {

struct RunContext {
  NamePool pool;                                 // names of functions and structs of the file
  std::set<std::string> headers;                 // kernel headers used so far
  std::string functions;                         // definitions that the step being printed adds
  std::vector<std::string> calls;                // lines of the run function that it adds
  std::map<std::string, std::string> epilogues;  // definition -> name
};

}  // namespace onnxc

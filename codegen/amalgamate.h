// The kernel headers that a program uses, each once, in order of inclusion.
#pragma once

#include <set>
#include <string>

namespace onnxc {

struct Amalgamation {
  std::set<std::string> system_includes;  // "<stddef.h>", sorted
  std::string text;                       // the headers' bodies, without #include and #pragma once
  std::set<std::string>
      guarded_includes;  // whole "#if ... #include ... #endif" blocks, as they stand
};

// `headers` are paths such as "templates/cpu/conv2d_direct.h". InternalError if one does not exist.
Amalgamation amalgamate(const std::set<std::string>& headers);

}  // namespace onnxc

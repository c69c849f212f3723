// What a backend is given and what it returns.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>

#include "compiler/options.h"
#include "compiler/plan/program.h"

namespace onnxc {

// What the emitted files say about where they come from.
struct Identity {
  std::string name;          // C identifier: prefix of everything that is visible
  std::string header_file;   // as the source includes it
  std::string model_file;    // file name without its folder
  std::string model_sha256;  // hexadecimal
  std::string options;       // as the user gave them
};

struct EmittedFiles {
  std::string source, header;
};

// OUT.cpp and OUT.h of a program.
EmittedFiles emit_cpp(const Program& program, const Identity& identity, const Options& options);

}  // namespace onnxc

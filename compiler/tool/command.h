// The commands of the tool, one file each.
#pragma once

#include <string>
#include <vector>

namespace onnxc {

// Each takes the words after the command's own name and returns the exit code; --help is answered.
// CompileError, InternalError and, for wrong words, CLI::ParseError leave them.
int compile_command(const std::vector<std::string>& words);
int inspect_command(const std::vector<std::string>& words);
int run_command(const std::vector<std::string>& words);
int verify_command(const std::vector<std::string>& words);
int bench_command(const std::vector<std::string>& words);

}  // namespace onnxc

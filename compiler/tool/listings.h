// What the tool says about itself.
#pragma once

#include <string>
#include <vector>

namespace onnxc {

// On standard output; each returns the exit code. Further words are a CLI::ParseError.
int print_help(const std::vector<std::string>& words);
int print_version(const std::vector<std::string>& words);    // "onnxc 0.1.0, clang 19.1.7"
int print_passes(const std::vector<std::string>& words);     // one line a pass, in running order
int print_operators(const std::vector<std::string>& words);  // a Markdown table

}  // namespace onnxc

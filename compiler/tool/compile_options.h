// The options that every command takes: what to compile a model to.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "compiler/options.h"

namespace onnxc {

// What run, verify and bench take for sizes that nothing bounds: they are tried, not shipped.
constexpr int64_t kAssumedSize = 1024;

// What the user typed, before it is checked.
struct CompileArguments {
  std::string march, weights = "file", precision = "fp32", name, dump_ir, via;
  std::vector<std::string> dims, disabled_passes;
  bool verbose = false;
};

// Options that both writing and running a model take. `default_march` stands in the help text.
void add_compile_options(CLI::App& app, CompileArguments& arguments,
                         const std::string& default_march);
// --via of the commands that run what they compile.
void add_via_option(CLI::App& app, CompileArguments& arguments);

// The machine that code is written for unless --march says otherwise.
std::string default_march();

// Checked and complete; "native" is replaced by this machine's name. Throws CLI::ValidationError
// for malformed or unknown words.
Options options_of(const CompileArguments& arguments, const std::string& march_if_none);

// Parses `words`. True if they asked for help, which is then printed; throws CLI::ParseError.
bool asks_for_help(CLI::App& app, const std::vector<std::string>& words);

}  // namespace onnxc

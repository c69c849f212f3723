// Help, version and the lists of passes and operators.
#include "compiler/tool/listings.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "codegen/native/native.h"
#include "compiler/ops/op.h"
#include "compiler/passes/pass.h"
#include "compiler/tool/command.h"

namespace onnxc {
namespace {

constexpr char kCommandHelp[] =
    "\nCommands:\n"
    "  inspect MODEL           what is in a model: inputs, outputs, operations, costs, memory\n"
    "  run MODEL               computes outputs from .npy or .pb files\n"
    "  verify MODEL|FOLDER...  checks compiled models against recorded or reference outputs\n"
    "  bench MODEL|FOLDER      times a compiled model\n"
    "  COMMAND --help          options of a command and an example\n"
    "\nLists:\n"
    "  --version, --print-passes, --print-operators\n";

void expect_none(const std::vector<std::string>& words) {
  if (!words.empty()) throw CLI::ExtrasError({words.begin(), words.end()});
}

}  // namespace

int print_help(const std::vector<std::string>& words) {
  expect_none(words);
  compile_command({"--help"});
  fmt::print("{}", kCommandHelp);
  return 0;
}

int print_version(const std::vector<std::string>& words) {
  expect_none(words);
  fmt::print("onnxc {}, {}\n", ONNXC_VERSION,
             native_available() ? native_version() : "without Clang");
  return 0;
}

int print_passes(const std::vector<std::string>& words) {
  expect_none(words);
  for (const Pass& pass : all_passes()) fmt::print("{:<24} {}\n", pass.name, pass.summary);
  return 0;
}

int print_operators(const std::vector<std::string>& words) {
  expect_none(words);
  fmt::print("| Operator | Since opset | Types | Note |\n|---|---|---|---|\n");
  for (const Op& op : all_ops()) {
    const std::string domain = op.domain.empty() ? "" : std::string(op.domain) + "::";
    fmt::print("| {}{} | {} | {} | {} |\n", domain, op.name, op.since, op.types, op.note);
  }
  return 0;
}

}  // namespace onnxc

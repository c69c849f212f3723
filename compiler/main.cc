// The onnxc tool: words to a command, errors to messages and exit codes.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <filesystem>

#include "compiler/support/diagnostics.h"
#include "compiler/tool/command.h"
#include "compiler/tool/listings.h"

namespace onnxc {
namespace {

constexpr int kFailure = 1, kUsage = 2, kInternal = 3;

struct Command {
  std::string_view name;
  int (*run)(const std::vector<std::string>& words);
};

constexpr Command kCommands[] = {
    {"inspect", inspect_command},
    {"run", run_command},
    {"verify", verify_command},
    {"bench", bench_command},
    {"--version", print_version},
    {"--print-passes", print_passes},
    {"--print-operators", print_operators},
    {"--help", print_help},
    {"-h", print_help},
};

int dispatch(std::vector<std::string> words) {
  if (words.empty()) throw CLI::RequiredError("a model or a command");
  for (const Command& command : kCommands) {
    if (words[0] != command.name) continue;
    words.erase(words.begin());
    return command.run(words);
  }
  return compile_command(words);
}

// "model.onnx: unknown operator" -> "model.onnx: error: unknown operator".
std::string with_severity(const std::string& text, const std::vector<std::string>& words) {
  for (size_t at = text.find(": "); at != std::string::npos; at = text.find(": ", at + 1)) {
    const std::string file = text.substr(0, at);
    const bool named = std::any_of(words.begin(), words.end(), [&](const std::string& word) {
      return word == file || word.ends_with("=" + file);
    });
    std::error_code ignored;
    if (named || std::filesystem::exists(file, ignored)) return file + ": error" + text.substr(at);
  }
  return "onnxc: error: " + text;
}

int report_usage(const CLI::ParseError& error, const std::vector<std::string>& words) {
  const bool command =
      !words.empty() && words[0][0] != '-' && words.size() > 1 &&
      (words[0] == "inspect" || words[0] == "run" || words[0] == "verify" || words[0] == "bench");
  fmt::print(stderr, "onnxc: error: {}\nnote: see onnxc {}--help\n", error.what(),
             command ? words[0] + " " : "");
  return kUsage;
}

int tool(const std::vector<std::string>& words) {
  try {
    return dispatch(words);
  } catch (const CLI::ParseError& error) {
    return report_usage(error, words);
  } catch (const CompileError& error) {
    fmt::print(stderr, "{}\n", with_severity(error.what(), words));
    for (const std::string& note : error.notes()) fmt::print(stderr, "note: {}\n", note);
    return kFailure;
  } catch (const InternalError& error) {
    fmt::print(stderr,
               "onnxc: internal error: {}\nnote: this is a defect of onnxc; please report it with "
               "the model\n",
               error.what());
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "onnxc: error: out of memory\n");
    return kFailure;
  } catch (const std::exception& error) {
    fmt::print(stderr,
               "onnxc: internal error: {}\nnote: this is a defect of onnxc; please report it with "
               "the model\n",
               error.what());
  }
  return kInternal;
}

}  // namespace
}  // namespace onnxc

int main(int argc, char** argv) {
  std::signal(
      SIGXFSZ,
      SIG_IGN);  // so that a write beyond the limit on file sizes is an error like any other
  return onnxc::tool(std::vector<std::string>(argv + 1, argv + argc));
}

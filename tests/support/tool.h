// Running the built tool as a user does.
#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/support/temporary_folder.h"

namespace onnxc {

struct ToolResult {
  int code = -1;  // 128 + signal where one ended it
  std::string out, err;
};

// Runs `onnxc ARGUMENTS` through the shell inside `folder`, with its output captured.
inline ToolResult run_tool(const TemporaryFolder& folder, const std::string& arguments) {
  const std::string command =
      "cd '" + folder.path().string() + "' && " + ONNXC_TOOL + " " + arguments + " > .out 2> .err";
  const int status = std::system(command.c_str());
  ToolResult result;
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.out = content_of(folder.file(".out"));
  result.err = content_of(folder.file(".err"));
  std::filesystem::remove(folder.file(".out"));
  std::filesystem::remove(folder.file(".err"));
  return result;
}

// y = max(x * w + b, 0) over a batch, small enough to compile in a moment.
inline constexpr char kTinyModel[] = R"(
  <ir_version: 8, opset_import: ["" : 17]>
  tiny (float[batch, 2] x) => (float[batch, 2] y)
  <float[2, 2] w = {1, 2, 3, 4}, float[2] b = {-1, 1}>
  {
    product = MatMul(x, w)
    sum = Add(product, b)
    y = Relu(sum)
  }
)";

}  // namespace onnxc

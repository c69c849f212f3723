// libFuzzer's entry: any bytes are refused with a message or become a planned program.
#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "compiler/frontend/load_model.h"
#include "compiler/ops/lower_model.h"
#include "compiler/options.h"
#include "compiler/passes/pass.h"
#include "compiler/plan/plan.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

void compile_to_plan(std::span<const std::byte> bytes) {
  const OnnxModel model = load_model_bytes(bytes);
  Graph graph = lower_model(model, Options{});
  verify(graph);
  run_passes(graph, Options{});
  plan(std::move(graph));
}

}  // namespace
}  // namespace onnxc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    onnxc::compile_to_plan(std::as_bytes(std::span(data, size)));
  } catch (const onnxc::InternalError& error) {
    fmt::print(stderr, "internal error: {}\n", error.what());
    std::abort();
  } catch (const onnxc::CompileError&) {
  }
  return 0;
}

// Runs bodies; a loop's body once an iteration.
#include "compiler/eval/control.h"

#include <algorithm>
#include <cstring>

#include "compiler/eval/bind_symbols.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

bool holds(const Tensor& condition) { return condition.as_int64(0) != 0; }

// What the iterations gave, one after the other along a new first axis. Without iterations the
// sizes are those of `shape`.
Tensor stacked(const std::vector<Tensor>& parts, const Value& output, const SymbolValues& symbols) {
  std::vector<int64_t> dims =
      parts.empty() ? evaluate_shape(output.shape, symbols) : parts.front().dims();
  if (parts.empty()) dims.erase(dims.begin());
  dims.insert(dims.begin(), static_cast<int64_t>(parts.size()));
  Tensor result(output.type, dims);
  std::byte* to = result.mutable_bytes();
  for (const Tensor& part : parts) {
    if (part.dims() != parts.front().dims())
      throw CompileError("iterations give {} different sizes", output.name);
    if (part.byte_count() > 0) std::memcpy(to, part.bytes().data(), part.byte_count());
    to += part.byte_count();
  }
  return result;
}

}  // namespace

BodyResult evaluate_if(const If& choice, const std::vector<Tensor>& inputs,
                       const SymbolValues& symbols) {
  const Graph& body = holds(inputs.at(0)) ? *choice.then_body : *choice.else_body;
  return evaluate_body(body, {inputs.begin() + 1, inputs.end()}, symbols);
}

BodyResult evaluate_loop(const Loop& loop, const Node& node, const std::vector<Tensor>& inputs,
                         const SymbolValues& symbols) {
  const auto first = static_cast<std::ptrdiff_t>(first_body_input(node));
  const size_t conditions = loop.tests_next ? 1 : 0;
  const int64_t trips = evaluate_shape({loop.trips}, symbols)[0];
  std::vector<Tensor> operands(inputs.begin() + first, inputs.end());
  std::vector<std::vector<Tensor>> given(node.outputs.size() - loop.carried);
  std::vector<int64_t> sizes = evaluate_shape(loop.first_sizes, symbols);
  SymbolValues known = symbols;
  bool running = !loop.tests_entry || holds(inputs.at(0));
  int64_t count = 0;
  for (; running && count < trips; ++count) {
    known[loop.iteration->name] = count;
    for (size_t k = 0; k < sizes.size(); ++k) known[loop.sizes[k]->name] = sizes[k];
    BodyResult result = evaluate_body(*loop.body, operands, known);
    running = !loop.tests_next || holds(result.outputs.at(0));
    for (size_t k = 0; k < loop.carried; ++k) operands[k] = result.outputs[conditions + k];
    for (size_t k = 0; k < given.size(); ++k)
      given[k].push_back(result.outputs[conditions + loop.carried + k]);
    sizes = result.sizes;
  }
  known[loop.iteration->name] = count;
  for (size_t k = 0; k < sizes.size(); ++k) known[loop.sizes[k]->name] = sizes[k];
  BodyResult end;
  end.sizes = sizes;
  end.sizes.push_back(count);
  end.outputs.assign(operands.begin(),
                     operands.begin() + static_cast<std::ptrdiff_t>(loop.carried));
  for (size_t k = 0; k < given.size(); ++k)
    end.outputs.push_back(stacked(given[k], *node.outputs[loop.carried + k], known));
  return end;
}

int64_t reference_size(const KernelCall& call, const std::vector<Tensor>& inputs,
                       const SymbolValues& symbols) {
  if (call.kernel == "read_extent") {
    const int64_t extent = inputs.at(0).as_int64(0);
    if (extent < 0 || extent > evaluate_shape({std::get<Dim>(call.arguments.at(1))}, symbols)[0])
      throw CompileError("an element of a sequence has the size {}", extent);
    return extent;
  }
  if (call.kernel != "read_size") throw CompileError("kernel {} has no reference", call.kernel);
  const int64_t size = std::max(inputs.at(0).as_int64(0), call.result->min);
  if (size > call.result->max)
    throw CompileError("size \"{}\" is {}, at most {} is stated", call.result->name, size,
                       call.result->max);
  return size;
}

}  // namespace onnxc

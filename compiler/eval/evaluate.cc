// Steps and graphs, step after step in the graph's order.
#include "compiler/eval/evaluate.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <unordered_map>

#include "compiler/eval/bind_symbols.h"
#include "compiler/eval/conv.h"
#include "compiler/eval/kernels.h"
#include "compiler/eval/matmul.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

Tensor concatenated(size_t axis, const std::vector<Tensor>& inputs,
                    const std::vector<int64_t>& dims) {
  int64_t outer = 1, inner = 1, total = 0;
  for (size_t k = 0; k < dims.size(); ++k) (k < axis ? outer : inner) *= k == axis ? 1 : dims[k];
  for (const Tensor& t : inputs) total += t.dims()[axis];
  if (total != dims[axis]) throw CompileError("concat of {} into {} elements", total, dims[axis]);
  if (inputs[0].type() == DType::kString) {
    std::vector<std::string> strings;
    for (int64_t o = 0; o < outer; ++o) {
      for (const Tensor& t : inputs) {
        const int64_t run = inner * t.dims()[axis];
        strings.insert(strings.end(), t.strings().begin() + o * run,
                       t.strings().begin() + (o + 1) * run);
      }
    }
    return Tensor::of_strings(dims, std::move(strings));
  }
  Tensor result(inputs[0].type(), dims);
  std::byte* to = result.mutable_bytes();
  for (int64_t o = 0; o < outer; ++o) {
    for (const Tensor& t : inputs) {
      const auto run = static_cast<size_t>(inner * t.dims()[axis]) * byte_size(t.type());
      if (run > 0) std::memcpy(to, t.bytes().data() + static_cast<size_t>(o) * run, run);
      to += run;
    }
  }
  return result;
}

void check_size(DType type, const std::vector<int64_t>& dims) {
  double bytes = static_cast<double>(byte_size(type));
  for (const int64_t d : dims) bytes *= static_cast<double>(d);
  if (bytes > static_cast<double>(kLargestResult))
    throw CompileError("a result of {} MiB is too large to be evaluated", bytes / (1 << 20));
}

Tensor softmax_of_rows(Tensor scores) {
  const int64_t row = scores.dims().back();
  for (int64_t begin = 0; begin < scores.size(); begin += row) {
    double largest = scores.as_double(begin), total = 0;
    for (int64_t i = 1; i < row; ++i) largest = std::max(largest, scores.as_double(begin + i));
    for (int64_t i = 0; i < row; ++i) total += std::exp(scores.as_double(begin + i) - largest);
    for (int64_t i = 0; i < row; ++i)
      scores.set(begin + i, std::exp(scores.as_double(begin + i) - largest) / total);
  }
  return scores;
}

struct EvaluateOp {
  const Node& node;
  const std::vector<Tensor>& inputs;
  const SymbolValues& symbols;

  std::vector<int64_t> result_dims() const {
    const std::vector<int64_t> dims = evaluate_shape(node.output()->shape, symbols);
    check_size(node.output()->type, dims);
    return dims;
  }
  std::vector<Tensor> operator()(const Map& map) const { return {evaluate(map, inputs, symbols)}; }
  std::vector<Tensor> operator()(const Reshape&) const {
    return {inputs.at(0).reshaped(result_dims())};
  }
  std::vector<Tensor> operator()(const Concat& concat) const {
    return {concatenated(static_cast<size_t>(concat.axis), inputs, result_dims())};
  }
  std::vector<Tensor> operator()(const Conv& conv) const {
    return {evaluate_conv(conv, inputs, result_dims(), symbols)};
  }
  std::vector<Tensor> operator()(const MatMul& product) const {
    return {evaluate_matmul(product, inputs, node.output()->type, result_dims(), symbols)};
  }
  std::vector<Tensor> operator()(const Attention& a) const {
    const DType type = node.output()->type;
    const auto space =
        evaluate_shape({a.scores.outer, a.scores.inner, a.scores.m, a.scores.n}, symbols);
    check_size(type, space);
    std::vector<Tensor> operands = inputs;
    operands[0] = softmax_of_rows(evaluate_matmul(a.scores, inputs, type, space, symbols));
    operands[1] = inputs.at(2);
    return {evaluate_matmul(a.values, operands, type, result_dims(), symbols)};
  }
  std::vector<Tensor> operator()(const Rows& rows) const {
    std::vector<Tensor> known = inputs, results(node.outputs.size());
    const auto slot = [&](int i) {
      return i < kFirstPart ? i : i - kFirstPart + static_cast<int>(inputs.size());
    };
    for (const Rows::Part& part : rows.parts) {
      Map map = part.map;
      map.body = renumber_inputs(map.body, slot);
      if (map.finish) map.finish = renumber_inputs(map.finish, slot);
      known.push_back(evaluate(map, known, symbols));
      if (part.home != Rows::kNoHome) results.at(static_cast<size_t>(part.home)) = known.back();
    }
    return results;
  }
  std::vector<Tensor> operator()(const KernelCall& call) const {
    const ReferenceKernel kernel = reference_kernel(call.kernel);
    if (!kernel) throw CompileError("kernel {} has no reference", call.kernel);
    return kernel({node, call, inputs, symbols});
  }
};

std::string describe(const Node& node) {
  return node.origins.empty() ? node.output()->name : node.origins[0];
}

}  // namespace

std::vector<Tensor> evaluate(const Node& node, const std::vector<Tensor>& inputs,
                             const SymbolValues& symbols) {
  ONNXC_CHECK(inputs.size() == node.inputs.size(), "{} inputs for a step of {}", inputs.size(),
              node.inputs.size());
  return in_context(describe(node), [&] {
    return std::visit(EvaluateOp{node, inputs, symbols}, node.op);
  });
}

std::vector<Tensor> evaluate(const Graph& graph, const std::vector<Tensor>& inputs) {
  return evaluate(graph, inputs,
                  [](const Node& node, const std::vector<Tensor>& operands,
                     const SymbolValues& symbols) { return evaluate(node, operands, symbols); });
}

std::vector<Tensor> evaluate(const Graph& graph, const std::vector<Tensor>& inputs,
                             const EvaluateStep& step) {
  if (inputs.size() != graph.inputs.size())
    throw CompileError("{} inputs given, the model has {}", inputs.size(), graph.inputs.size());
  SymbolValues symbols;
  std::unordered_map<const Value*, Tensor> known;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Value& v = *graph.inputs[i];
    const std::string what = fmt::format("input \"{}\"", v.name);
    if (inputs[i].type() != v.type)
      throw CompileError("{} is {}, expected {}", what, name(inputs[i].type()), name(v.type));
    symbols = bind_symbols(what, v.shape, inputs[i].dims(), std::move(symbols));
    known.insert_or_assign(&v, inputs[i]);
  }

  std::unordered_map<const Value*, size_t> uses_left;
  for (const auto& v : graph.values())
    uses_left[v.get()] = v->users.size() + (graph.is_output(v.get()) ? 1 : 0);
  const auto contents = [&](const Value* v) -> const Tensor& {
    if (v->is_constant()) return *v->constant;
    const auto it = known.find(v);
    ONNXC_CHECK(it != known.end(), "{} is used before it is defined", v->name);
    return it->second;
  };
  for (const auto& node : graph.nodes()) {
    std::vector<Tensor> operands;
    for (const Value* v : node->inputs) operands.push_back(contents(v));
    std::vector<Tensor> results = step(*node, operands, symbols);
    for (size_t k = 0; k < results.size(); ++k) {
      const Value* v = node->outputs[k];
      symbols = bind_symbols(describe(*node), v->shape, results[k].dims(), std::move(symbols));
      known.insert_or_assign(v, std::move(results[k]));
    }
    for (const Value* v : node->inputs) {
      if (--uses_left[v] == 0) known.erase(v);
    }
  }
  std::vector<Tensor> results;
  for (const Value* v : graph.outputs) results.push_back(contents(v));
  return results;
}

}  // namespace onnxc

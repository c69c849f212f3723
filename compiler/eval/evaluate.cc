// Steps and graphs, step after step in the graph's order.
#include "compiler/eval/evaluate.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <unordered_map>

#include "compiler/eval/bind_symbols.h"
#include "compiler/eval/control.h"
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
  std::vector<Tensor> operator()(const If& choice) const {
    return evaluate_if(choice, inputs, symbols).outputs;
  }
  std::vector<Tensor> operator()(const Loop& loop) const {
    return evaluate_loop(loop, node, inputs, symbols).outputs;
  }
};

// The sizes that the step finds out, as far as they do not follow from its results' shapes.
SymbolValues found_sizes(const Node& node, const std::vector<Tensor>& inputs,
                         SymbolValues symbols) {
  const KernelCall* check = node.as<KernelCall>();
  if (check && check->kernel == "holds" && inputs.at(0).as_int64(0) == 0)
    throw CompileError("the model does not fit inputs of these sizes");
  if (const KernelCall* call = node.as<KernelCall>(); call && call->result && node.outputs.empty())
    symbols[call->result->name] = reference_size(*call, inputs, symbols);
  return symbols;
}

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

namespace {

// Runs a graph's steps in order, from the contents of its inputs.
class GraphRun {
 public:
  GraphRun(const Graph& graph, const std::vector<Tensor>& inputs, SymbolValues symbols,
           const EvaluateStep& step)
      : graph_(graph), symbols_(std::move(symbols)), step_(step) {
    for (size_t i = 0; i < inputs.size(); ++i) bind_input(*graph.inputs[i], inputs[i]);
    for (const Dim& d : graph.nonnegative) {
      if (d.evaluate(symbols_) < 0)
        throw CompileError("the inputs' shapes do not fit the model: {} is negative", d.text());
    }
    for (const auto& v : graph.values())
      uses_left_[v.get()] = v->users.size() + (graph.is_output(v.get()) ? 1 : 0);
  }

  BodyResult run() {
    for (const auto& node : graph_.nodes()) run(*node);
    BodyResult result;
    for (const Value* v : graph_.outputs) result.outputs.push_back(contents(v));
    result.sizes = evaluate_shape(graph_.sizes, symbols_);
    return result;
  }

 private:
  void bind_input(const Value& v, const Tensor& tensor) {
    const std::string what = fmt::format("input \"{}\"", v.name);
    if (tensor.type() != v.type)
      throw CompileError("{} is {}, expected {}", what, name(tensor.type()), name(v.type));
    symbols_ = bind_symbols(what, v.shape, tensor.dims(), std::move(symbols_));
    known_.insert_or_assign(&v, tensor);
  }

  const Tensor& contents(const Value* v) const {
    if (v->is_constant()) return *v->constant;
    const auto it = known_.find(v);
    ONNXC_CHECK(it != known_.end(), "{} is used before it is defined", v->name);
    return it->second;
  }

  void run(const Node& node) {
    std::vector<Tensor> operands;
    for (const Value* v : node.inputs) operands.push_back(contents(v));
    symbols_ = found_sizes(node, operands, std::move(symbols_));
    std::vector<Tensor> results;
    if (const If* choice = node.as<If>()) {
      BodyResult taken = evaluate_if(*choice, operands, symbols_);
      for (size_t k = 0; k < taken.sizes.size(); ++k)
        symbols_[choice->sizes[k]->name] = taken.sizes[k];
      results = std::move(taken.outputs);
    } else if (const Loop* loop = node.as<Loop>()) {
      BodyResult ended = evaluate_loop(*loop, node, operands, symbols_);
      symbols_[loop->iteration->name] = ended.sizes.back();
      for (size_t k = 0; k < loop->sizes.size(); ++k)
        symbols_[loop->sizes[k]->name] = ended.sizes[k];
      results = std::move(ended.outputs);
    } else if (!node.outputs.empty()) {
      results = step_(node, operands, symbols_);
    }
    for (size_t k = 0; k < results.size(); ++k) {
      const Value* v = node.outputs[k];
      symbols_ = bind_symbols(describe(node), v->shape, results[k].dims(), std::move(symbols_));
      known_.insert_or_assign(v, std::move(results[k]));
    }
    for (const Value* v : node.inputs) {
      if (--uses_left_[v] == 0) known_.erase(v);
    }
  }

  const Graph& graph_;
  SymbolValues symbols_;
  EvaluateStep step_;
  std::unordered_map<const Value*, Tensor> known_;
  std::unordered_map<const Value*, size_t> uses_left_;
};

}  // namespace

namespace {

std::vector<Tensor> evaluate_step(const Node& node, const std::vector<Tensor>& operands,
                                  const SymbolValues& symbols) {
  return evaluate(node, operands, symbols);
}

}  // namespace

BodyResult evaluate_body(const Graph& body, const std::vector<Tensor>& inputs,
                         SymbolValues symbols) {
  return GraphRun(body, inputs, std::move(symbols), evaluate_step).run();
}

std::vector<Tensor> evaluate(const Graph& graph, const std::vector<Tensor>& inputs) {
  return evaluate(graph, inputs, evaluate_step);
}

std::vector<Tensor> evaluate(const Graph& graph, const std::vector<Tensor>& inputs,
                             const EvaluateStep& step) {
  if (inputs.size() != graph.inputs.size())
    throw CompileError("{} inputs given, the model has {}", inputs.size(), graph.inputs.size());
  return GraphRun(graph, inputs, {}, step).run().outputs;
}

}  // namespace onnxc

// The list of reference kernels.
#include "compiler/eval/kernels.h"

#include <map>

#include "compiler/eval/bind_symbols.h"
#include "compiler/eval/reference_recurrent.h"

namespace onnxc {

std::vector<int64_t> KernelContext::sizes() const {
  std::vector<int64_t> values;
  for (const auto& a : call.arguments) {
    if (const auto* d = std::get_if<Dim>(&a)) values.push_back(evaluate_shape({*d}, symbols)[0]);
  }
  return values;
}

std::vector<std::vector<int64_t>> KernelContext::size_lists() const {
  std::vector<std::vector<int64_t>> lists;
  for (const auto& a : call.arguments) {
    if (const auto* l = std::get_if<std::vector<Dim>>(&a))
      lists.push_back(evaluate_shape(*l, symbols));
  }
  return lists;
}

std::vector<double> KernelContext::numbers() const {
  std::vector<double> values;
  for (const auto& a : call.arguments) {
    if (const auto* n = std::get_if<double>(&a)) values.push_back(*n);
  }
  return values;
}

std::vector<std::string> KernelContext::codes() const {
  std::vector<std::string> texts;
  for (const auto& a : call.arguments) {
    if (const auto* c = std::get_if<KernelCall::Code>(&a)) texts.push_back(c->text);
  }
  return texts;
}

ReferenceKernel reference_kernel(std::string_view name) {
  static const std::map<std::string_view, ReferenceKernel> kernels = {
      {"gru_layer", reference_gru},
      {"lstm_layer", reference_lstm},
      {"rnn_layer", reference_rnn},
  };
  const auto it = kernels.find(name);
  return it == kernels.end() ? nullptr : it->second;
}

}  // namespace onnxc

// The list of reference kernels.
#include "compiler/eval/kernels.h"

#include <map>

#include "compiler/eval/bind_symbols.h"
#include "compiler/eval/reference_attention.h"
#include "compiler/eval/reference_coupling.h"
#include "compiler/eval/reference_elimination.h"
#include "compiler/eval/reference_random.h"
#include "compiler/eval/reference_recurrent.h"
#include "compiler/eval/reference_scatter.h"
#include "compiler/eval/reference_selection.h"
#include "compiler/eval/reference_text.h"
#include "compiler/eval/reference_trees.h"

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

const Tensor* KernelContext::input(size_t k) const {
  for (const auto& a : call.arguments) {
    const auto* in = std::get_if<KernelCall::Input>(&a);
    if (in && k-- == 0) return in->number < 0 ? nullptr : &inputs.at(in->number);
  }
  return nullptr;
}

std::vector<Tensor> KernelContext::outputs(const std::vector<Tensor>& results) const {
  std::vector<Tensor> placed(node.outputs.size());
  size_t k = 0;
  for (const auto& a : call.arguments) {
    const auto* out = std::get_if<KernelCall::Output>(&a);
    if (!out) continue;
    if (out->number >= 0) placed.at(out->number) = results.at(k);
    ++k;
  }
  return placed;
}

ReferenceKernel reference_kernel(std::string_view name) {
  static const std::map<std::string_view, ReferenceKernel> kernels = {
      {"compress", reference_compress},
      {"copy_rows", reference_copy_rows},
      {"cumulate", reference_cumulate},
      {"gru_layer", reference_gru},
      {"linear_attention", reference_linear_attention},
      {"lstm_layer", reference_lstm},
      {"matrix_determinant", reference_matrix_determinant},
      {"matrix_inverse", reference_matrix_inverse},
      {"mersenne_twister", reference_mersenne_twister},
      {"ngram_counts", reference_ngram_counts},
      {"non_max_suppression", reference_non_max_suppression},
      {"nonzero", reference_nonzero},
      {"numbers_to_text", reference_numbers_to_text},
      {"pairwise_coupling", reference_pairwise_coupling},
      {"regex_full_match", reference_regex_full_match},
      {"rnn_layer", reference_rnn},
      {"scatter_elements", reference_scatter_elements},
      {"scatter_nd", reference_scatter_nd},
      {"string_concat", reference_string_concat},
      {"string_normalize", reference_string_normalize},
      {"string_split", reference_string_split},
      {"text_to_numbers", reference_text_to_numbers},
      {"top_k", reference_top_k},
      {"tree_ensemble", reference_tree_ensemble},
      {"unique", reference_unique},
  };
  const auto it = kernels.find(name);
  return it == kernels.end() ? nullptr : it->second;
}

}  // namespace onnxc

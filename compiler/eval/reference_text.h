// Reference calls of the kernels on strings.
#pragma once

#include "compiler/eval/kernels.h"

namespace onnxc {

std::vector<Tensor> reference_string_concat(const KernelContext& context);
std::vector<Tensor> reference_string_split(const KernelContext& context);
std::vector<Tensor> reference_string_normalize(const KernelContext& context);
std::vector<Tensor> reference_regex_full_match(const KernelContext& context);
std::vector<Tensor> reference_numbers_to_text(const KernelContext& context);
std::vector<Tensor> reference_text_to_numbers(const KernelContext& context);
std::vector<Tensor> reference_ngram_counts(const KernelContext& context);

}  // namespace onnxc

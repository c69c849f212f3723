// The kernel itself, row by row in double: what it computes is defined by its iteration.
#include "compiler/eval/reference_coupling.h"

#include "templates/cpu/pairwise_coupling.h"

namespace onnxc {

std::vector<Tensor> reference_pairwise_coupling(const KernelContext& context) {
  const Tensor& pairs = *context.input(0);
  const int64_t rows = context.sizes().at(0), classes = context.sizes().at(1);
  std::vector<double> in(static_cast<size_t>(pairs.size()));
  for (size_t i = 0; i < in.size(); ++i) in[i] = pairs.as_double(static_cast<int64_t>(i));
  std::vector<double> out(static_cast<size_t>(rows * classes));
  std::vector<double> scratch(static_cast<size_t>(classes * (classes + 2)));
  pairwise_coupling(in.data(), out.data(), scratch.data(), rows, classes);
  return context.outputs({Tensor::of(pairs.type(), {rows, classes}, out)});
}

}  // namespace onnxc

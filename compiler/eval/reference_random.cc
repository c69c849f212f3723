// The standard library's MT19937, paired to 53 bits as NumPy does.
#include "compiler/eval/reference_random.h"

#include <random>

namespace onnxc {

std::vector<Tensor> reference_mersenne_twister(const KernelContext& context) {
  const std::vector<int64_t> sizes = context.sizes();
  std::mt19937 engine(static_cast<uint32_t>(sizes.at(0)));
  Tensor numbers(DType::kDouble, {sizes.at(1)});
  for (int64_t i = 0; i < numbers.size(); ++i) {
    const auto high = static_cast<double>(engine() >> 5), low = static_cast<double>(engine() >> 6);
    numbers.set(i, (high * 67108864.0 + low) / 9007199254740992.0);
  }
  return context.outputs({numbers});
}

}  // namespace onnxc

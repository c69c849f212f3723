// The table of machines; figures from tests/benchmark/LOG.md.
#include "compiler/passes/machine.h"

namespace onnxc {
namespace {

constexpr Machine kAvx2{false, 0.016, 0, 0.06, 0.02, 1 << 20};
constexpr Machine kAvx512Amx{true, 0.0122, 0.0037, 0.06, 0.02, 2 << 20};

}  // namespace

const Machine& find_machine(std::string_view march) {
  return march == "sapphirerapids" || march == "graniterapids" ? kAvx512Amx : kAvx2;
}

}  // namespace onnxc

// All operators, gathered from the files of op_list.def.
#include <algorithm>
#include <tuple>
#include <vector>

#include "compiler/ops/op.h"

namespace onnxc {

#define OPS(file) extern const std::span<const Op> file##_ops;
#include "compiler/ops/op_list.def"
#undef OPS

std::span<const Op> all_ops() {
  static const std::vector<Op> ops = [] {
    std::vector<Op> all;
#define OPS(file) all.insert(all.end(), file##_ops.begin(), file##_ops.end());
#include "compiler/ops/op_list.def"
#undef OPS
    std::sort(all.begin(), all.end(), [](const Op& a, const Op& b) {
      return std::tie(a.domain, a.name) < std::tie(b.domain, b.name);
    });
    return all;
  }();
  return ops;
}

const Op* find_op(std::string_view domain, std::string_view name) {
  const auto ops = all_ops();
  const auto it = std::lower_bound(
      ops.begin(), ops.end(), std::tie(domain, name),
      [](const Op& a, const auto& key) { return std::tie(a.domain, a.name) < key; });
  return it != ops.end() && it->domain == domain && it->name == name ? &*it : nullptr;
}

}  // namespace onnxc

// Decision trees, walked one row at a time.
#include "compiler/eval/reference_trees.h"

#include <cmath>
#include <map>

namespace onnxc {
namespace {

bool goes_true(double value, double split, int64_t mode) {
  if (std::isnan(value)) return mode >= 8 || mode % 8 == 5;
  switch (mode % 8) {
    case 0:
      return value <= split;
    case 1:
      return value < split;
    case 2:
      return value >= split;
    case 3:
      return value > split;
    case 4:
      return value == split;
    default:
      return value != split;
  }
}

double joined(double old, double weight, int64_t aggregate) {
  if (aggregate == 2) return std::min(old, weight);
  if (aggregate == 3) return std::max(old, weight);
  return old + weight;
}

}  // namespace

std::vector<Tensor> reference_tree_ensemble(const KernelContext& context) {
  const Tensor &x = *context.input(0), &nodes = *context.input(1), &splits = *context.input(2),
               &roots = *context.input(3), &first = *context.input(4), &targets = *context.input(5),
               &weights = *context.input(6), &base = *context.input(7);
  const std::vector<int64_t> sizes = context.sizes();
  const int64_t rows = sizes.at(0), columns = sizes.at(1), trees = sizes.at(2);
  const int64_t count = sizes.at(3), aggregate = sizes.at(4);
  Tensor scores(x.type(), {rows, count});
  for (int64_t row = 0; row < rows; ++row) {
    std::map<int64_t, double> found;
    for (int64_t tree = 0; tree < trees; ++tree) {
      int64_t at = roots.as_int64(tree);
      while (at >= 0) {
        const double value = x.as_double(row * columns + nodes.as_int64(4 * at));
        const bool yes = goes_true(value, splits.as_double(at), nodes.as_int64(4 * at + 1));
        at = nodes.as_int64(4 * at + (yes ? 2 : 3));
      }
      const int64_t leaf = -1 - at;
      for (int64_t k = first.as_int64(leaf); k < first.as_int64(leaf + 1); ++k) {
        const auto [it, fresh] = found.emplace(targets.as_int64(k), weights.as_double(k));
        if (!fresh) it->second = joined(it->second, weights.as_double(k), aggregate);
      }
    }
    for (int64_t t = 0; t < count; ++t) {
      const double sum = found[t] / (aggregate == 0 ? static_cast<double>(trees) : 1.0);
      scores.set(row * count + t, sum + base.as_double(t));
    }
  }
  return context.outputs({scores});
}

}  // namespace onnxc

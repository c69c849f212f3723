// Sums of decision trees, walked from root to leaf for every row.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace onnxc {

// How the leaves that a row reaches join.
enum TreeAggregate { kTreeAverage = 0, kTreeSum = 1, kTreeMinimum = 2, kTreeMaximum = 3 };

// Whether `value` compares to `split` as the mode says: 0 <=, 1 <, 2 >=, 3 >, 4 ==, 5 !=; plus 8
// where NaN counts as true.
template <class T>
inline bool tree_branch(T value, T split, int32_t mode) {
  if (value != value) return mode >= 8 || (mode & 7) == 5;
  switch (mode & 7) {
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

template <class T>
inline T tree_join(T old, T weight, int64_t aggregate, bool first) {
  if (aggregate == kTreeMinimum) return first || weight < old ? weight : old;
  if (aggregate == kTreeMaximum) return first || weight > old ? weight : old;
  return old + weight;
}

// scores[row][target] = base[target] + the joined weights of the leaves reached from all `roots`. x
// is [rows][columns]; nodes are
// four numbers each: the feature tested, the mode, and the next node if true and if false, ~leaf
// for a leaf; leaf k adds weights leaf_first[k] up to leaf_first[k + 1] to their targets. `seen`
// has room for one number a target.
template <class T>
inline void tree_ensemble(const T* x, const int32_t* nodes, const T* splits, const int32_t* roots,
                          const int32_t* leaf_first, const int32_t* leaf_targets,
                          const T* leaf_weights, const T* base, T* scores, void* seen, int64_t rows,
                          int64_t columns, int64_t trees, int64_t targets, int64_t aggregate) {
  int32_t* reached = static_cast<int32_t*>(seen);
  for (int64_t row = 0; row < rows; ++row, x += columns, scores += targets) {
    for (int64_t t = 0; t < targets; ++t) {
      scores[t] = 0;
      reached[t] = 0;
    }
    for (int64_t tree = 0; tree < trees; ++tree) {
      int32_t at = roots[tree];
      while (at >= 0) {
        const int32_t* node = nodes + 4 * ptrdiff_t(at);
        at = tree_branch(x[node[0]], splits[at], node[1]) ? node[2] : node[3];
      }
      for (int32_t k = leaf_first[~at]; k < leaf_first[~at + 1]; ++k) {
        T& score = scores[leaf_targets[k]];
        int32_t& count = reached[leaf_targets[k]];
        score = tree_join(score, leaf_weights[k], aggregate, count == 0);
        ++count;
      }
    }
    for (int64_t t = 0; t < targets; ++t) {
      if (aggregate == kTreeAverage) scores[t] /= T(trees);
      scores[t] += base[t];
    }
  }
}

}  // namespace onnxc

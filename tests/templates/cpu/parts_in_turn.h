// Threads for tests of kernels: the parts of a split run one after another, the last first.
#pragma once

#include "templates/common/threads.h"

namespace onnxc {
namespace {

// Tasks have numbers of their own, as those that run at once have.
struct PartsInTurn {
  size_t parts;

  template <class Work>
  void split(size_t units, const Work& work) const {
    for (size_t part = parts; part-- > 0;)
      work(units * part / parts, units * (part + 1) / parts, part);
  }
};

}  // namespace
}  // namespace onnxc

// From a graph to a planned program.
#pragma once

#include "compiler/plan/program.h"

namespace onnxc {

Program plan(Graph graph);

}  // namespace onnxc

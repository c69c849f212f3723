// The maps around a reduction that can run in one loop over its rows.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "compiler/ir/graph.h"

namespace onnxc {

struct RowGroup {
  int outer = 0;               // axes that all members share
  std::vector<Node*> members;  // in order
};

// The largest group found around the reduction `seed`: steps that read a member's row by row, and
// element-wise steps that members read so. `taken` are not considered. Nothing where no second
// step joins it.
std::optional<RowGroup> find_row_group(Graph& graph, Node& seed,
                                       const std::set<const Node*>& taken);

}  // namespace onnxc

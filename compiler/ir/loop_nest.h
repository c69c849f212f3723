// A map as loops over flat memory: loads with one index, adjacent loops merged where memory allows.
#pragma once

#include "compiler/ir/graph.h"

namespace onnxc {

struct LoopNest {
  std::vector<Dim> extents;  // the first `outputs` loops run over the result, the rest are reduced
  int outputs = 0;
  Reduction reduction = Reduction::kNone;
  E body, finish;  // loads carry one flat index, in elements; finish may be null
  Dim result;      // flat index of the element written
};

// Position in row-major memory of the element `index` of a tensor of that shape.
Dim flat_index(const std::vector<Dim>& index, const Shape& shape);
// Rows as loops: every nest's first `outer.size()` loops are the shared ones. A load of a part
// without a home has no index where the part is one scalar a row, else one into the row.
struct RowNest {
  std::vector<Dim> outer;
  std::vector<LoopNest> parts;
};

RowNest make_row_nest(const Rows& rows, const std::vector<Value*>& inputs);
LoopNest make_loop_nest(const Map& map, const std::vector<Value*>& inputs);

}  // namespace onnxc

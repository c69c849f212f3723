// Elements picked by index tensors. Negative indices count from the end.
#include "compiler/ops/lowering.h"
#include "compiler/ops/op.h"
#include "compiler/ops/operands.h"

namespace onnxc {
namespace {

// Reads index tensors: known indices become plain ones, and what is known not to be negative is not
// wrapped.
class IndexReader {
 public:
  IndexReader(Lowering& x, size_t i) : value_(x.input(i)), constant_(x.constant(i)) {
    if (const auto known = x.integers(i); known && known->size() == 1) single_ = (*known)[0];
    never_negative_ = constant_.has_value();
    for (int64_t k = 0; constant_ && k < constant_->size(); ++k)
      never_negative_ = never_negative_ && constant_->as_int64(k) >= 0;
  }

  // The index at that element of the tensor, into an axis of `size`.
  Dim operator()(MapBuilder& map, std::vector<Dim> at, const Dim& size) const {
    if (single_) return from_end_if_negative(*single_, size);
    const Range range{0, std::max<int64_t>(0, size.range().max - 1)};
    const E index = cast(DType::kInt64, map.load_raw(value_, std::move(at)));
    return as_index(never_negative_ ? index : from_end_if_negative(index, size), range);
  }

 private:
  Value* value_;
  std::optional<Tensor> constant_;
  std::optional<Dim> single_;
  bool never_negative_ = false;
};

void gather(Lowering& x) {
  const int axis = x.normalized_axis(x.attribute_int("axis", 0), x.rank(0));
  const Shape& data = x.shape(0);
  const int width = x.rank(1);
  Shape shape(data.begin(), data.begin() + axis);
  shape.insert(shape.end(), x.shape(1).begin(), x.shape(1).end());
  shape.insert(shape.end(), data.begin() + axis + 1, data.end());
  MapBuilder map(x, shape);
  const IndexReader index(x, 1);
  std::vector<Dim> at, index_at;
  for (int k = 0; k < width; ++k) index_at.push_back(map.index(axis + k));
  for (int i = 0; i < axis; ++i) at.push_back(map.index(i));
  at.push_back(index(map, index_at, data[axis]));
  for (int i = axis + width; i < map.rank(); ++i) at.push_back(map.index(i));
  x.output(0, map.build(map.load_raw(x.input(0), at), x.type(0)));
}

void gather_elements(Lowering& x) {
  const int axis = x.normalized_axis(x.attribute_int("axis", 0), x.rank(0));
  if (x.rank(0) != x.rank(1))
    throw x.error("data of shape {} and indices of shape {} must have one rank", text(x.shape(0)),
                  text(x.shape(1)));
  MapBuilder map(x, x.shape(1));
  std::vector<Dim> at = identity_index(x.shape(1));
  at[axis] = IndexReader(x, 1)(map, at, x.shape(0)[axis]);
  x.output(0, map.build(map.load_raw(x.input(0), at), x.type(0)));
}

// The last axis of the indices holds positions in the axes that follow the batch axes.
void gather_nd(Lowering& x) {
  const int batch = static_cast<int>(x.attribute_int("batch_dims", 0));
  const Shape &data = x.shape(0), &indices = x.shape(1);
  if (indices.empty() || !indices.back().is_constant())
    throw x.error("the last size of the indices must be a number, their shape is {}",
                  text(indices));
  const int depth = static_cast<int>(indices.back().value());
  if (batch < 0 || batch >= x.rank(1) || batch + depth > x.rank(0))
    throw x.error("{} batch axes and {} indices do not fit data of shape {}", batch, depth,
                  text(data));
  Shape shape(indices.begin(), indices.end() - 1);
  const int lead = static_cast<int>(shape.size());
  shape.insert(shape.end(), data.begin() + batch + depth, data.end());
  MapBuilder map(x, shape);
  const IndexReader index(x, 1);
  std::vector<Dim> at;
  for (int i = 0; i < batch; ++i) at.push_back(map.index(i));
  for (int k = 0; k < depth; ++k) {
    std::vector<Dim> index_at;
    for (int i = 0; i < lead; ++i) index_at.push_back(map.index(i));
    index_at.push_back(k);
    at.push_back(index(map, index_at, data[batch + k]));
  }
  for (int i = lead; i < map.rank(); ++i) at.push_back(map.index(i));
  x.output(0, map.build(map.load_raw(x.input(0), at), x.type(0)));
}

}  // namespace

OPS_TABLE(gather){
    {"Gather", 1, "any", gather},
    {"GatherElements", 11, "any", gather_elements},
    {"GatherND", 11, "any", gather_nd},
};
OPS_END(gather)

}  // namespace onnxc

// GridSample and AffineGrid: reading an image where a grid of coordinates says.
#include <string>

#include "compiler/ops/op.h"
#include "compiler/ops/operands.h"
#include "compiler/ops/sample.h"
#include "compiler/ops/window.h"

namespace onnxc {
namespace {

enum class Padding { kZeros, kBorder, kReflection };

SampleMode read_mode(const Lowering& x) {
  const std::string mode = x.attribute_string("mode", "linear");
  if (mode == "linear" || mode == "bilinear") return SampleMode::kLinear;
  if (mode == "nearest") return SampleMode::kNearest;
  if (mode == "cubic" || mode == "bicubic") return SampleMode::kCubic;
  throw x.error("mode \"{}\" is none of nearest, linear and cubic", mode);
}

Padding read_padding(const Lowering& x) {
  const std::string mode = x.attribute_string("padding_mode", "zeros");
  if (mode == "zeros") return Padding::kZeros;
  if (mode == "border") return Padding::kBorder;
  if (mode == "reflection") return Padding::kReflection;
  throw x.error("padding_mode \"{}\" is none of zeros, border and reflection", mode);
}

// Mirrors `v` at both ends of [low, high] until it lies within.
E reflected(const E& v, const E& low, const E& high) {
  const E period = (high - low) * 2.0;
  const E shifted = v - low;
  const E m = shifted - floor(shifted / period) * period;
  return low + select(m * 2.0 <= period, m, period - m);
}

// The grid's coordinates in pixels of the image, within the image for border and reflection:
// [N, spatial axis, out...].
Value* pixel_positions(Lowering& x, Value* grid, const Shape& spatial, Padding padding,
                       bool align_corners) {
  const int rank = static_cast<int>(spatial.size());
  Shape space{grid->shape[0]};
  space.insert(space.end(), grid->shape.begin() + 1, grid->shape.end() - 1);
  std::vector<Value*> planes;
  for (int axis = 0; axis < rank; ++axis) {
    MapBuilder map(x, space);
    std::vector<Dim> at = identity_index(space);
    at.push_back(rank - 1 - axis);
    const E g = map.load(grid, at);
    const E size = cast(g.type(), integer(spatial[axis]));
    const E zero = constant(g.type(), 0);
    E v = align_corners ? (g + 1.0) / 2.0 * (size - 1.0) : ((g + 1.0) * size - 1.0) / 2.0;
    const E low = align_corners ? zero : constant(g.type(), -0.5);
    const E high = align_corners ? size - 1.0 : size - 0.5;
    const E outside = v < low || v > high;
    if (padding == Padding::kBorder) v = select(outside, max(min(v, size - 1.0), zero), v);
    if (padding == Padding::kReflection && !(align_corners && spatial[axis].is(1))) {
      v = select(outside, reflected(v, low, high), v);
    }
    Value* plane = map.build(v, compute_type(grid->type), "positions");
    Shape one = space;
    one.insert(one.begin() + 1, Dim(1));
    planes.push_back(x.reshape(plane, one));
  }
  Shape shape = space;
  shape.insert(shape.begin() + 1, Dim(rank));
  return x.add(Concat{1}, planes, compute_type(grid->type), shape, "positions");
}

// A whole position as one inside [0, size).
Dim folded_back(const Dim& at, const Dim& size, Padding padding, bool align_corners) {
  if (padding == Padding::kBorder) return max(min(at, size - 1), Dim(0));
  const Dim period = align_corners ? max(size * 2 - 2, Dim(1)) : size * 2;
  const Dim m = floor_mod(at, period);
  return min(m, (align_corners ? size * 2 - 2 : size * 2 - 1) - m);
}

void grid_sample(Lowering& x) {
  Value *image = x.input(0), *grid = x.input(1);
  const Shape spatial = spatial_of(x, image->shape);
  const int rank = static_cast<int>(spatial.size());
  if (grid->shape.size() != image->shape.size() || proves_ne(grid->shape.back(), rank)) {
    throw x.error("grid has shape {}, expected [{}, {} sizes, {}]", text(grid->shape),
                  image->shape[0].text(), rank, rank);
  }
  const SampleMode mode = read_mode(x);
  const Padding padding = read_padding(x);
  const bool align_corners = x.attribute_int("align_corners", 0) != 0;
  Value* positions = pixel_positions(x, grid, spatial, padding, align_corners);
  Shape out{image->shape[0], image->shape[1]};
  out.insert(out.end(), grid->shape.begin() + 1, grid->shape.end() - 1);
  MapBuilder map(x, out);
  std::vector<E> at;
  for (int axis = 0; axis < rank; ++axis) {
    std::vector<Dim> index{map.index(0), axis};
    for (int i = 0; i < rank; ++i) index.push_back(map.index(2 + i));
    E p = map.load(positions, index);
    if (is_float(image->type)) p = cast(compute_type(image->type), p);
    at.push_back(p);
  }
  const E value = sample(mode, at, [&](const std::vector<Dim>& place) {
    std::vector<Dim> index{map.index(0), map.index(1)};
    E within = constant_integer(DType::kBool, 1);
    for (int i = 0; i < rank; ++i) {
      if (padding == Padding::kZeros) {
        within = within && inside(place[i], spatial[i]);
        index.push_back(place[i]);
      } else {
        index.push_back(folded_back(place[i], spatial[i], padding, align_corners));
      }
    }
    const E pixel = map.load(image, index);
    return select(within, mode == SampleMode::kNearest ? pixel : cast(at[0].type(), pixel), 0.0);
  });
  x.output(0, map.build(value, image->type));
}

// The shape [N, C, spatial...] that a grid [N, spatial..., r] is for; C is of no matter.
Shape image_shape(const Shape& grid) {
  Shape shape{grid[0], 1};
  shape.insert(shape.end(), grid.begin() + 1, grid.end() - 1);
  return shape;
}

// Coordinates of every output pixel after the affine map theta [N, r, r + 1].
void affine_grid(Lowering& x) {
  Value* theta = x.input(0);
  const Integers operand(x, 1);
  const auto declared = operand.known() ? std::nullopt : x.declared_shape(0);
  const Shape size = declared ? image_shape(*declared) : shape_operand(x, operand, 0, "image_size");
  const int rank = static_cast<int>(size.size()) - 2;
  if (rank < 1 || theta->shape.size() != 3 || proves_ne(theta->shape[1], rank) ||
      proves_ne(theta->shape[2], rank + 1)) {
    throw x.error("theta has shape {}, expected [N, {}, {}]", text(theta->shape), rank, rank + 1);
  }
  const bool align_corners = x.attribute_int("align_corners", 0) != 0;
  Shape out{size[0]};
  out.insert(out.end(), size.begin() + 2, size.end());
  out.push_back(rank);
  MapBuilder map(x, out);
  const Dim n = map.index(0), row = map.index(rank + 1);
  E sum = map.load(theta, {n, row, rank});
  for (int axis = 0; axis < rank; ++axis) {
    const E i = cast(sum.type(), integer(map.index(1 + axis)));
    const Dim length = size[2 + axis];
    const E position = align_corners
                           ? i * 2.0 / cast(sum.type(), integer(max(length - 1, Dim(1)))) - 1.0
                           : (i * 2.0 + 1.0) / cast(sum.type(), integer(length)) - 1.0;
    sum = sum + map.load(theta, {n, row, rank - 1 - axis}) * position;
  }
  x.output(0, map.build(sum, theta->type));
}

}  // namespace

OPS_TABLE(grid_sample){
    {"AffineGrid", 20, "float", affine_grid},
    {"GridSample", 16, "any but strings", grid_sample},
};
OPS_END(grid_sample)

}  // namespace onnxc

// Elements moved between channels, space and time.
#include "compiler/ops/lowering.h"
#include "compiler/ops/op.h"
#include "compiler/ops/operands.h"

namespace onnxc {
namespace {

int64_t block_size(Lowering& x) {
  const int64_t block = x.attribute_int("blocksize", 0);
  if (block < 1) throw x.error("attribute \"blocksize\" is {}, must be positive", block);
  if (x.rank(0) != 4)
    throw x.error("the input must have four axes, has shape {}", text(x.shape(0)));
  return block;
}

void depth_to_space(Lowering& x) {
  const int64_t b = block_size(x);
  const std::string mode = x.attribute_string("mode", "DCR");
  if (mode != "DCR" && mode != "CRD")
    throw x.error("attribute \"mode\" is \"{}\", must be DCR or CRD", mode);
  const Shape& s = x.shape(0);
  if (!floor_mod(s[1], b * b).is(0))
    throw x.error("{} channels do not divide into blocks of {} x {}", s[1].text(), b, b);
  const Dim depth = floor_div(s[1], b * b);
  const bool depth_last = mode == "DCR";
  Value* blocks = depth_last ? x.reshape(x.input(0), {s[0], b, b, depth, s[2], s[3]})
                             : x.reshape(x.input(0), {s[0], depth, b, b, s[2], s[3]});
  Value* moved = x.transpose(
      blocks, depth_last ? std::vector<int>{0, 3, 4, 1, 5, 2} : std::vector<int>{0, 1, 4, 2, 5, 3});
  x.output(0, x.reshape(moved, {s[0], depth, s[2] * b, s[3] * b}));
}

void space_to_depth(Lowering& x) {
  const int64_t b = block_size(x);
  const Shape& s = x.shape(0);
  for (int i = 2; i < 4; ++i) {
    if (proves_ne(floor_mod(s[i], b), 0))
      throw x.error("axis {} of size {} does not divide into blocks of {}", i, s[i].text(), b);
  }
  const Dim rows = floor_div(s[2], b), columns = floor_div(s[3], b);
  Value* blocks = x.reshape(x.input(0), {s[0], s[1], rows, b, columns, b});
  Value* moved = x.transpose(blocks, {0, 3, 5, 1, 2, 4});
  x.output(0, x.reshape(moved, {s[0], s[1] * (b * b), rows, columns}));
}

// The first `length` elements along the time axis in reverse, a length for each batch element.
void reverse_sequence(Lowering& x) {
  const int time = x.normalized_axis(x.attribute_int("time_axis", 0), x.rank(0));
  const int batch = x.normalized_axis(x.attribute_int("batch_axis", 1), x.rank(0));
  MapBuilder map(x, x.shape(0));
  const Dim t = map.index(time), size = x.shape(0)[time];
  const E length = cast(DType::kInt64, map.load(x.input(1), {map.index(batch)}));
  const E from = select(integer(t) < length, length - integer(t + 1), integer(t));
  std::vector<Dim> at = identity_index(x.shape(0));
  at[time] = as_index(from, {0, size.range().max - 1});
  x.output(0, map.build(map.load_raw(x.input(0), at), x.type(0)));
}

// Sizes of a block, and the place within it that the map's reduced loops stand for: a loop each
// where the sizes are known, else one loop for all, of `elements` steps.
struct Block {
  std::vector<Dim> sizes, within;
};

Block read_block(const Integers& block, MapBuilder& map, const Dim& elements) {
  Block b;
  for (size_t k = 0; k < block.size(); ++k) {
    b.sizes.push_back(block.known() ? block[k]
                                    : as_index(block.element(map, k), {1, elements.range().max}));
    b.within.push_back(map.index(map.rank() + (block.known() ? static_cast<int>(k) : 0)));
  }
  if (block.known()) return b;
  Dim rest = map.index(map.rank());
  for (size_t k = block.size(); k-- > 0;) {
    b.within[k] = floor_mod(rest, b.sizes[k]);
    rest = floor_div(rest, b.sizes[k]);
  }
  return b;
}

// Columns of blocks back into an image; blocks that overlap are added up.
void col2im(Lowering& x) {
  const Integers image(x, 1), block(x, 2);
  const size_t axes = block.size();
  const std::vector<int64_t> ones(axes, 1);
  const auto dilations = x.attribute_ints("dilations", ones);
  const auto strides = x.attribute_ints("strides", ones);
  const auto pads = x.attribute_ints("pads", std::vector<int64_t>(2 * axes, 0));
  const bool known = image.known() && block.known();
  const Shape declared = known ? Shape{} : declared_output(x, 0, 1, "the image's or block's shape");
  Shape sizes = image.known() ? Shape(image.dims()) : Shape(declared.begin() + 2, declared.end());
  if (sizes.size() != axes || dilations.size() != axes || strides.size() != axes ||
      pads.size() != 2 * axes)
    throw x.error("image, block, dilations, strides and pads must agree in their number of axes");
  const Dim elements =
      block.known() ? product(Shape(block.dims())) : floor_div(x.shape(0)[1], declared[1]);
  const Dim channels = block.known() ? floor_div(x.shape(0)[1], elements) : declared[1];
  Shape space{x.shape(0)[0], channels};
  space.insert(space.end(), sizes.begin(), sizes.end());
  MapBuilder map(x, space, block.known() ? Shape(block.dims()) : Shape{elements});
  const Block b = read_block(block, map, elements);
  E inside = constant_integer(DType::kBool, 1);
  Dim row = map.index(1), column = 0;
  for (size_t k = 0; k < axes; ++k) {
    const Dim count =
        floor_div(sizes[k] + pads[k] + pads[axes + k] - (b.sizes[k] - 1) * dilations[k] - 1,
                  strides[k]) +
        1;
    const Dim from = map.index(2 + static_cast<int>(k)) + pads[k] - b.within[k] * dilations[k];
    row = row * b.sizes[k] + b.within[k];
    column = column * count + floor_div(from, strides[k]);
    inside = inside && eq(integer(floor_mod(from, strides[k])), integer(0)) &&
             integer(from) >= integer(0) && integer(from) < integer(count * strides[k]);
  }
  const E element = map.load(x.input(0), {map.index(0), row, column});
  x.output(0,
           map.build_reduction(Reduction::kSum, select(inside, element, 0.0), nullptr, x.type(0)));
}

}  // namespace

OPS_TABLE(rearrange){
    {"Col2Im", 18, "numbers", col2im},
    {"DepthToSpace", 1, "any", depth_to_space},
    {"ReverseSequence", 10, "any", reverse_sequence},
    {"SpaceToDepth", 1, "any", space_to_depth},
};
OPS_END(rearrange)

}  // namespace onnxc

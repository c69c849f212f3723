// DeformConv: every tap of the window reads between pixels, at an offset that is an input.
#include "compiler/ops/conv.h"
#include "compiler/ops/op.h"
#include "compiler/ops/sample.h"

namespace onnxc {
namespace {

struct Inputs {
  Value *image, *weight, *offset, *bias, *mask;
  Window window;
  int64_t groups, offset_groups;
};

Inputs read(Lowering& x) {
  Inputs in{x.input(0), x.input(1), x.input(2), nullptr, nullptr, {}, 1, 1};
  const Shape &image = in.image->shape, &weight = in.weight->shape, &offset = in.offset->shape;
  if (image.size() != 4 || weight.size() != 4 || offset.size() != 4) {
    throw x.error("input {}, weight {} and offset {} must have two spatial axes", text(image),
                  text(weight), text(offset));
  }
  in.window = read_window(x, spatial_of(x, image), kernel_of(x, weight));
  in.groups = x.attribute_int("group", 1);
  in.offset_groups = x.attribute_int("offset_group", 1);
  in.bias = bias_input(x, 3, weight[0]);
  if (x.has_input(4)) in.mask = x.input(4);
  const Dim taps = product(Shape(weight.begin() + 2, weight.end())) * in.offset_groups;
  if (proves_ne(offset[1], taps * 2)) {
    throw x.error("offset has {} channels, expected {}: two for each tap", offset[1].text(),
                  (taps * 2).text());
  }
  if (in.mask && (in.mask->shape.size() != 4 || proves_ne(in.mask->shape[1], taps))) {
    throw x.error("mask has shape {}, expected {} channels: one for each tap", text(in.mask->shape),
                  taps.text());
  }
  if (proves_ne(image[1], weight[1] * in.groups)) {
    throw x.error("input has {} channels, expected {}: {} groups of the weight's {}",
                  image[1].text(), (weight[1] * in.groups).text(), in.groups, weight[1].text());
  }
  return in;
}

// The image as each tap sees it: [N, C, kernel..., out...].
Value* sampled(Lowering& x, const Inputs& in) {
  const Shape &image = in.image->shape, &weight = in.weight->shape;
  const Window& w = in.window;
  MapBuilder map(x, {image[0], image[1], weight[2], weight[3], w.out[0], w.out[1]});
  const Dim n = map.index(0), c = map.index(1);
  const Dim group = floor_div(c, floor_div(image[1], in.offset_groups));
  const Dim tap = (group * weight[2] + map.index(2)) * weight[3] + map.index(3);
  std::vector<E> positions;
  for (int i = 0; i < 2; ++i) {
    const E shift = map.load(in.offset, {n, tap * 2 + i, map.index(4), map.index(5)});
    const Dim grid = w.position(i, map.index(4 + i), map.index(2 + i));
    positions.push_back(cast(shift.type(), integer(grid)) + shift);
  }
  E value = sample(SampleMode::kLinear, positions, [&](const std::vector<Dim>& at) {
    return select(inside(at[0], image[2]) && inside(at[1], image[3]),
                  map.load(in.image, {n, c, at[0], at[1]}), 0.0);
  });
  if (in.mask) value = value * map.load(in.mask, {n, tap, map.index(4), map.index(5)});
  return map.build(value, compute_type(in.image->type), "sampled");
}

void deform_conv(Lowering& x) {
  const Inputs in = read(x);
  Value* columns = sampled(x, in);
  const Shape& weight = in.weight->shape;
  MapBuilder map(x, {columns->shape[0], weight[0], in.window.out[0], in.window.out[1]},
                 {weight[1], weight[2], weight[3]});
  const Dim o = map.index(1), c = map.index(4);
  const Dim group = in.groups == 1 ? Dim(0) : floor_div(o, floor_div(weight[0], in.groups));
  const E pixel = map.load(columns, {map.index(0), group * weight[1] + c, map.index(5),
                                     map.index(6), map.index(2), map.index(3)});
  const E tap = map.load(in.weight, {o, c, map.index(5), map.index(6)});
  const auto finish = [&](E sum) { return in.bias ? sum + map.load(in.bias, {o}) : sum; };
  x.output(0, map.build_reduction(Reduction::kSum, pixel * tap, finish, x.type(0)));
}

}  // namespace

OPS_TABLE(deform_conv){
    {"DeformConv", 19, "float", deform_conv, "two spatial axes"},
};
OPS_END(deform_conv)

}  // namespace onnxc

// ConvTranspose by output phases: output positions with the same remainder of the stride form one
// ordinary convolution, and all phases are channels of a single one.
#include <algorithm>

#include "compiler/ops/conv.h"
#include "compiler/ops/op.h"

namespace onnxc {
namespace {

// One spatial axis: output p is position t = p + begin of the full product; t = q * stride + phase
// receives tap k = phase + stride * m of input q - m.
struct Axis {
  int64_t kernel, stride, dilation;
  Dim size, begin, out;
  int64_t taps;       // a phase's, of an ordinary convolution
  int64_t spacing;    // of those taps
  int64_t first;      // smallest q computed
  Dim count;          // values of q computed
  Dim offset;         // of output 0 within them, in positions
  int64_t pad_begin;  // of the ordinary convolution
  Dim pad_end;

  bool is_direct() const { return stride == 1 && offset.is(0) && count == out; }
};

struct Padding {
  Dim begin, out;
};

std::vector<Padding> read_padding(const Lowering& x, const Shape& spatial,
                                  const std::vector<int64_t>& kernel,
                                  const std::vector<int64_t>& strides,
                                  const std::vector<int64_t>& dilations) {
  const size_t rank = spatial.size();
  const std::string mode = x.attribute_string("auto_pad", "NOTSET");
  const std::vector<int64_t> zeros(rank, 0);
  const auto extra = x.attribute_ints("output_padding", zeros);
  const auto pads = x.attribute_ints("pads", std::vector<int64_t>(2 * rank, 0));
  const auto wanted = x.attribute_ints("output_shape", {});
  if (extra.size() != rank) {
    throw x.error("output_padding has {} entries, expected {}", extra.size(), rank);
  }
  if (pads.size() != 2 * rank) {
    throw x.error("pads has {} entries, expected {}", pads.size(), 2 * rank);
  }
  if (!wanted.empty() && wanted.size() < rank) {
    throw x.error("output_shape has {} entries, expected {}", wanted.size(), rank);
  }
  const bool same = mode == "SAME_UPPER" || mode == "SAME_LOWER";
  if (!same && mode != "NOTSET" && mode != "VALID" && !mode.empty()) {
    throw x.error("auto_pad \"{}\" is none of NOTSET, SAME_UPPER, SAME_LOWER and VALID", mode);
  }
  std::vector<Padding> result;
  for (size_t i = 0; i < rank; ++i) {
    const Dim full = (spatial[i] - 1) * strides[i] + (kernel[i] - 1) * dilations[i] + 1 + extra[i];
    if (wanted.empty() && !same) {
      const Dim begin = mode == "VALID" ? Dim(0) : Dim(pads[i]);
      const Dim end = mode == "VALID" ? Dim(0) : Dim(pads[rank + i]);
      result.push_back({begin, full - begin - end});
      continue;
    }
    const Dim out =
        wanted.empty() ? spatial[i] * strides[i] : Dim(wanted[wanted.size() - rank + i]);
    const Dim total = max(full - out, Dim(0)), half = floor_div(total, 2);
    result.push_back({mode == "SAME_UPPER" ? half : total - half, out});
  }
  return result;
}

Axis plan_axis(const Lowering& x, int64_t kernel, int64_t stride, int64_t dilation, const Dim& size,
               const Padding& padding) {
  Axis a{kernel, stride, dilation, size, padding.begin, padding.out, 0, 1, 0, 0, 0, 0, 0};
  if (!a.begin.is_constant()) {
    throw x.error("padding {} of the output depends on the input's size", a.begin.text());
  }
  const int64_t reach = (kernel - 1) * dilation + 1;
  a.taps = stride == 1 ? kernel : (reach + stride - 1) / stride;
  a.spacing = stride == 1 ? dilation : 1;
  const int64_t span = (a.taps - 1) * a.spacing;
  a.first = std::min(a.begin.value() / stride, span);
  a.offset = a.begin - a.first * stride;
  a.count = floor_div(a.out - 1 + a.begin, stride) - a.first + 1;
  a.pad_begin = span - a.first;
  a.pad_end = a.count + span - size - a.pad_begin;
  if (a.pad_end.is_constant() && a.pad_end.value() < 0) {
    a.count = a.count - a.pad_end;
    a.pad_end = 0;
  }
  return a;
}

int64_t phases_of(const std::vector<Axis>& axes) {
  int64_t phases = 1;
  for (const Axis& a : axes) phases *= a.stride;
  return phases;
}

// From [C, O/groups, kernel...] to [O * phases, C/groups, taps...], taps reversed.
Value* phase_weight(Lowering& x, Value* weight, int64_t groups, const std::vector<Axis>& axes) {
  const int rank = static_cast<int>(axes.size());
  const Dim group_in = floor_div(weight->shape[0], groups), group_out = weight->shape[1];
  Shape space{groups, group_out};
  for (const Axis& a : axes) space.push_back(a.stride);
  space.push_back(group_in);
  for (const Axis& a : axes) space.push_back(a.taps);
  MapBuilder map(x, space);
  std::vector<Dim> at{map.index(0) * group_in + map.index(2 + rank), map.index(1)};
  E exists = constant_integer(DType::kBool, 1);
  for (int i = 0; i < rank; ++i) {
    const Axis& a = axes[i];
    const Dim from_end = Dim(a.taps - 1) - map.index(3 + rank + i);
    if (a.stride == 1) {
      at.push_back(from_end);
      continue;
    }
    const Dim position = map.index(2 + i) + from_end * a.stride;
    exists = exists && integer(position) <= integer((a.kernel - 1) * a.dilation) &&
             eq(integer(floor_mod(position, a.dilation)), integer(0));
    at.push_back(floor_div(position, a.dilation));
  }
  Value* phased = map.build(select(exists, map.load_raw(weight, at), 0.0), weight->type, "phases");
  Shape flat{Dim(groups) * group_out * phases_of(axes), group_in};
  for (const Axis& a : axes) flat.push_back(a.taps);
  return x.reshape(phased, flat);
}

Value* phase_bias(Lowering& x, Value* bias, int64_t phases) {
  if (!bias || phases == 1) return bias;
  MapBuilder map(x, {bias->shape[0], phases});
  Value* repeated = map.build(map.load_raw(bias, {map.index(0)}), bias->type, "bias");
  return x.reshape(repeated, {bias->shape[0] * phases});
}

// From [N, O * phases, q...] to [N, O, positions...]: phases move next to their axis, then a window
// is cut out.
Value* interleave(Lowering& x, Value* z, const Dim& channels, const std::vector<Axis>& axes) {
  const int rank = static_cast<int>(axes.size());
  Shape split{z->shape[0], channels}, joined{z->shape[0], channels}, out{z->shape[0], channels};
  std::vector<int> permutation{0, 1};
  for (const Axis& a : axes) split.push_back(a.stride);
  for (int i = 0; i < rank; ++i) {
    split.push_back(z->shape[2 + i]);
    joined.push_back(z->shape[2 + i] * axes[i].stride);
    out.push_back(axes[i].out);
    permutation.push_back(2 + rank + i);
    permutation.push_back(2 + i);
  }
  Value* positions = x.reshape(x.transpose(x.reshape(z, split), permutation), joined);
  if (text(joined) == text(out)) return positions;
  MapBuilder map(x, out);
  std::vector<Dim> at{map.index(0), map.index(1)};
  for (int i = 0; i < rank; ++i) at.push_back(map.index(2 + i) + axes[i].offset);
  return map.build(map.load_raw(positions, at), z->type);
}

void conv_transpose(Lowering& x) {
  const DType wide = compute_type(x.type(0));
  Value *image = x.cast_to(x.input(0), wide), *weight = x.cast_to(x.input(1), wide);
  const Shape spatial = spatial_of(x, image->shape);
  const int64_t groups = x.attribute_int("group", 1);
  if (weight->shape.size() != image->shape.size()) {
    throw x.error("input {} and weight {} have different ranks", text(image->shape),
                  text(weight->shape));
  }
  if (proves_ne(image->shape[1], weight->shape[0]) ||
      !floor_mod(weight->shape[0], Dim(groups)).is(0)) {
    throw x.error("input has {} channels, the weight {} for {} group{}", image->shape[1].text(),
                  weight->shape[0].text(), groups, groups == 1 ? "" : "s");
  }
  const auto kernel = kernel_of(x, weight->shape);
  const size_t rank = kernel.size();
  const auto strides = spatial_attribute(x, "strides", rank, 1);
  const auto dilations = spatial_attribute(x, "dilations", rank, 1);
  const auto paddings = read_padding(x, spatial, kernel, strides, dilations);
  std::vector<Axis> axes;
  Window window;
  for (size_t i = 0; i < rank; ++i) {
    axes.push_back(plan_axis(x, kernel[i], strides[i], dilations[i], spatial[i], paddings[i]));
    const Axis& a = axes.back();
    window.kernel.push_back(a.taps);
    window.strides.push_back(1);
    window.dilations.push_back(a.spacing);
    window.pads_begin.push_back(a.pad_begin);
    window.pads_end.push_back(a.pad_end);
    window.out.push_back(a.count);
  }
  const Dim channels = weight->shape[1] * groups;
  Value* bias = phase_bias(x, bias_input(x, 2, channels), phases_of(axes));
  ConvBuilder builder(x, image, phase_weight(x, weight, groups, axes), window, groups);
  Value* z = builder.build(builder.sum_with_bias(bias), x.type(0), "phases_out");
  const bool direct =
      std::all_of(axes.begin(), axes.end(), [](const Axis& a) { return a.is_direct(); });
  x.output(0, direct ? z : interleave(x, z, channels, axes));
}

}  // namespace

OPS_TABLE(conv_transpose){
    {"ConvTranspose", 1, "float", conv_transpose},
};
OPS_END(conv_transpose)

}  // namespace onnxc

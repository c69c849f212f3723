// Pooling over sliding windows: the largest, the mean, the p-norm, and the places of the largest.
#include "compiler/ops/pool.h"

#include <limits>

#include "compiler/ops/op.h"
#include "compiler/ops/window.h"

namespace onnxc {
namespace {

// `input` lies as ONNX's images do, [batch, channels, spatial...].
Window pool_window(Lowering& x, const Value* input) {
  const Shape spatial = spatial_of(x, input->shape);
  if (!x.has_attribute("kernel_shape")) throw x.error("attribute kernel_shape is missing");
  return read_window(x, spatial, spatial_attribute(x, "kernel_shape", spatial.size(), 1));
}

Shape pooled_shape(const Value* input, const Window& w) {
  Shape shape{input->shape[0], input->shape[1]};
  shape.insert(shape.end(), w.out.begin(), w.out.end());
  return shape;
}

Shape taps_of(const Window& w) { return Shape(w.kernel.begin(), w.kernel.end()); }

// The element under tap `taps` of the map's window, or `outside` where that lies in the padding.
E windowed(MapBuilder& map, Value* input, const Window& w, const std::vector<Dim>& taps,
           double outside) {
  std::vector<Dim> at{map.index(0), map.index(1)};
  E within = constant_integer(DType::kBool, 1);
  for (int i = 0; i < w.rank(); ++i) {
    at.push_back(w.position(i, map.index(2 + i), taps[i]));
    within = within && inside(at.back(), input->shape[2 + i]);
  }
  return select(within, map.load(input, at), outside);
}

std::vector<Dim> reduced_taps(const MapBuilder& map, const Window& w) {
  std::vector<Dim> taps;
  for (int i = 0; i < w.rank(); ++i) taps.push_back(map.index(map.rank() + i));
  return taps;
}

double lowest(DType type) {
  switch (type) {
    case DType::kInt8:
      return std::numeric_limits<int8_t>::min();
    case DType::kUint8:
      return 0;
    default:
      return -std::numeric_limits<double>::infinity();
  }
}

// Where in its (plain, row-major) tensor the largest element of each window lies; axes of the image
// are counted the other way round for storage_order 1.
Value* positions_of_largest(Lowering& x, const Window& w) {
  Value* input = x.input(0);
  const Shape& shape = input->shape;
  const bool column_major = x.attribute_int("storage_order", 0) != 0;
  MapBuilder map(x, pooled_shape(input, w), {product(taps_of(w))});
  const int rank = w.rank();
  std::vector<Dim> taps(rank);
  Dim rest = map.index(map.rank());
  for (int i = rank; i-- > 0;) {
    taps[i] = i == 0 ? rest : floor_mod(rest, w.kernel[i]);
    rest = floor_div(rest, w.kernel[i]);
  }
  const E body = windowed(map, input, w, taps, lowest(input->type));
  const auto finish = [&](E tap) {
    std::vector<E> place(rank);
    for (int i = rank; i-- > 0;) {
      const E along = i == 0 ? tap : call(ScalarOp::kMod, {tap, integer(w.kernel[i])});
      tap = tap / integer(w.kernel[i]);
      place[i] = along * integer(w.dilations[i]) + integer(w.position(i, map.index(2 + i), 0));
    }
    E offset = integer(map.index(0) * shape[1] + map.index(1));
    for (int i = 0; i < rank; ++i) offset = offset * integer(shape[2 + i]);
    Dim stride = 1;
    for (int k = 0; k < rank; ++k) {
      const int i = column_major ? k : rank - 1 - k;
      offset = offset + place[i] * integer(stride);
      stride = stride * shape[2 + i];
    }
    return offset;
  };
  return map.build_reduction(Reduction::kArgMaxFirst, body, finish, DType::kInt64, "positions");
}

Value* largest(Lowering& x, Value* input, const Window& w) {
  MapBuilder map(x, pooled_shape(input, w), taps_of(w));
  const E body = windowed(map, input, w, reduced_taps(map, w), lowest(input->type));
  return map.build_reduction(Reduction::kMax, body, nullptr, input->type);
}

// Images whose channels come last.
void nhwc_max_pool(Lowering& x) {
  Value* input = channels_second(x, x.input(0));
  x.output(0, channels_last(x, largest(x, input, pool_window(x, input))));
}

void max_pool(Lowering& x) {
  const Window w = pool_window(x, x.input(0));
  x.output(0, largest(x, x.input(0), w));
  if (x.wants_output(1)) x.output(1, positions_of_largest(x, w));
}

// Elements that the window at the map's point covers along axis `i`; with `padded`, those of the
// declared padding count too.
E covered(const MapBuilder& map, const Window& w, int i, const Dim& size, bool padded) {
  const Dim start = w.position(i, map.index(2 + i), 0);
  const Dim low = padded ? Dim(0) - w.pads_begin[i] : Dim(0);
  const Dim high = padded ? size + w.pads_end[i] : size;
  const Dim d = w.dilations[i];
  const Dim skipped = ceil_div(max(low - start, Dim(0)), d);
  const Dim reached = min(ceil_div(high - start, d), Dim(w.kernel[i]));
  return integer(reached - skipped);
}

std::vector<int> spatial_axes(Lowering& x) {
  std::vector<int> axes;
  for (int i = 2; i < x.rank(0); ++i) axes.push_back(i);
  return axes;
}

}  // namespace

Value* channels_second(Lowering& x, Value* image) {
  const int rank = static_cast<int>(image->shape.size());
  std::vector<int> order{0, rank - 1};
  for (int i = 1; i + 1 < rank; ++i) order.push_back(i);
  return x.transpose(image, order);
}

Value* channels_last(Lowering& x, Value* image) {
  const int rank = static_cast<int>(image->shape.size());
  std::vector<int> order{0};
  for (int i = 2; i < rank; ++i) order.push_back(i);
  order.push_back(1);
  return x.transpose(image, order);
}

Value* averaged(Lowering& x, Value* input) {
  const Window w = pool_window(x, input);
  const bool padded = x.attribute_int("count_include_pad", 0) != 0;
  MapBuilder map(x, pooled_shape(input, w), taps_of(w));
  const E body = windowed(map, input, w, reduced_taps(map, w), 0);
  const auto finish = [&](E sum) {
    E count = integer(1);
    for (int i = 0; i < w.rank(); ++i) {
      count = count * covered(map, w, i, input->shape[2 + i], padded);
    }
    return sum / cast(sum.type(), count);
  };
  return map.build_reduction(Reduction::kSum, body, finish, input->type);
}

Value* averaged_globally(Lowering& x, Value* input) {
  const E count = integer(product(spatial_of(x, input->shape)));
  const auto mean = [&](E sum) { return sum / cast(sum.type(), count); };
  return x.reduce(Reduction::kSum, input, spatial_axes(x), true, nullptr, mean);
}

namespace {

void average_pool(Lowering& x) { x.output(0, averaged(x, x.input(0))); }

// |v|^p summed, then its p-th root.
struct PNorm {
  double p;

  E term(E v) const {
    if (p == 1) return abs(v);
    if (p == 2) return v * v;
    return pow(abs(v), constant(v.type(), p));
  }
  E root(E sum) const {
    if (p == 1) return sum;
    if (p == 2) return sqrt(sum);
    return pow(sum, constant(sum.type(), 1 / p));
  }
};

PNorm read_norm(const Lowering& x) {
  const bool fractional = x.opset() < 2;
  const double p =
      fractional ? x.attribute_float("p", 2) : static_cast<double>(x.attribute_int("p", 2));
  if (p <= 0) throw x.error("p is {}, expected a positive number", p);
  return {p};
}

void lp_pool(Lowering& x) {
  Value* input = x.input(0);
  const Window w = pool_window(x, input);
  const PNorm norm = read_norm(x);
  MapBuilder map(x, pooled_shape(input, w), taps_of(w));
  const E body = norm.term(windowed(map, input, w, reduced_taps(map, w), 0));
  const auto finish = [&](E sum) { return norm.root(sum); };
  x.output(0, map.build_reduction(Reduction::kSum, body, finish, x.type(0)));
}

void global_average_pool(Lowering& x) { x.output(0, averaged_globally(x, x.input(0))); }

void global_max_pool(Lowering& x) {
  spatial_of(x, x.shape(0));
  x.output(0, x.reduce(Reduction::kMax, x.input(0), spatial_axes(x), true));
}

void global_lp_pool(Lowering& x) {
  spatial_of(x, x.shape(0));
  const PNorm norm = read_norm(x);
  x.output(0, x.reduce(
                  Reduction::kSum, x.input(0), spatial_axes(x), true,
                  [&](E v) { return norm.term(v); }, [&](E sum) { return norm.root(sum); }));
}

}  // namespace

OPS_TABLE(pool){
    {"AveragePool", 1, "float", average_pool},
    {"GlobalAveragePool", 1, "float", global_average_pool},
    {"GlobalLpPool", 1, "float", global_lp_pool},
    {"GlobalMaxPool", 1, "float", global_max_pool},
    {"LpPool", 1, "float", lp_pool},
    {"MaxPool", 1, "float, int8, uint8", max_pool},
    {"NhwcMaxPool", 1, "int8, uint8", nhwc_max_pool, "", "com.microsoft"},
};
OPS_END(pool)

}  // namespace onnxc

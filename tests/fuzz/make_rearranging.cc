// Nodes that move elements: shapes, axes, parts and indices.
#include <algorithm>
#include <numeric>

#include "tests/fuzz/builder.h"

namespace onnxc::fuzz {
namespace {

using enum DType;

Operand anything(Builder& b, int low_rank = 0, int high_rank = 5) {
  return b.some({b.float_type(), b.float_type(), b.float_type(), b.integer_type(), kBool}, low_rank,
                high_rank);
}

int64_t random_axis(Builder& b, int rank) { return b.random().between(-rank, rank - 1); }
size_t normalized(int64_t axis, int rank) {
  return static_cast<size_t>(axis < 0 ? axis + rank : axis);
}

// A random factorisation of `count`.
Dims factors(Builder& b, int64_t count) {
  Dims dims;
  for (int64_t left = count; left > 1;) {
    Dims divisors;
    for (int64_t d = 2; d <= left; ++d) {
      if (left % d == 0) divisors.push_back(d);
    }
    dims.push_back(b.random().one_of(divisors));
    left /= dims.back();
  }
  if (b.random().chance(0.3)) dims.push_back(1);
  b.random().shuffle(dims);
  return dims;
}

bool make_reshape(Builder& b) {
  const Operand x = anything(b);
  const int64_t count = x.value.size();
  if (count == 0) return b.add("Reshape", {x, b.constant(Dims{0, 3})}, {{"allowzero", int64_t{1}}});
  if (b.random().chance(0.25)) {
    const auto model = b.existing([&](const Operand& v) { return v.value.size() == count; });
    if (!model || !b.add("Shape", {*model})) return false;
    return b.add("Reshape", {x, b.results()[0]});
  }
  Dims dims = factors(b, count);
  if (dims.size() > 6) return false;
  if (!dims.empty() && b.random().chance(0.5)) {
    const size_t k =
        static_cast<size_t>(b.random().between(0, static_cast<int64_t>(dims.size()) - 1));
    dims[k] = k < x.dims().size() && x.dims()[k] == dims[k] ? 0 : -1;
  }
  return b.add("Reshape", {x, b.constant(dims)});
}

bool make_transpose(Builder& b) {
  const Operand x = anything(b, 1);
  std::vector<int64_t> order(static_cast<size_t>(x.rank()));
  std::iota(order.begin(), order.end(), 0);
  b.random().shuffle(order);
  if (b.random().chance(0.1)) return b.add("Transpose", {x});
  return b.add("Transpose", {x}, {{"perm", order}});
}

bool make_squeeze(Builder& b) {
  const Operand x = anything(b, 0, 4);
  Dims ones;
  for (int k = 0; k < x.rank(); ++k) {
    if (x.dims()[static_cast<size_t>(k)] == 1)
      ones.push_back(b.random().chance(0.5) ? k : k - x.rank());
  }
  if (!ones.empty() && b.random().chance(0.6)) {
    if (b.random().chance(0.2)) return b.add("Squeeze", {x});
    ones.resize(static_cast<size_t>(b.random().between(1, static_cast<int64_t>(ones.size()))));
    return b.add("Squeeze", {x, b.constant(ones)});
  }
  const int64_t axis = b.random().between(-x.rank() - 1, x.rank());
  return b.add("Unsqueeze", {x, b.constant(Dims{axis})});
}

bool make_flatten(Builder& b) {
  const Operand x = anything(b, 0, 4);
  return b.add("Flatten", {x}, {{"axis", b.random().between(-x.rank(), x.rank())}});
}

bool make_expand(Builder& b) {
  const Operand x = anything(b, 0, 4);
  Dims dims = x.dims();
  for (int64_t& d : dims) {
    if (d == 1) d = b.random().chance(0.6) ? b.random().between(1, 5) : 1;
  }
  if (b.random().chance(0.4)) dims.insert(dims.begin(), b.random().between(1, 3));
  return b.add("Expand", {x, b.constant(dims)});
}

bool make_tile(Builder& b) {
  const Operand x = anything(b, 0, 4);
  Dims repeats;
  for (int k = 0; k < x.rank(); ++k) repeats.push_back(b.random().one_of<int64_t>({1, 1, 2, 3}));
  return b.add("Tile", {x, b.constant(repeats)});
}

bool make_concat(Builder& b) {
  const Operand x = anything(b, 1, 4);
  const int64_t axis = random_axis(b, x.rank());
  std::vector<Operand> parts = {x};
  for (int64_t k = b.random().between(1, 3); k > 0; --k) {
    Dims dims = x.dims();
    if (b.random().chance(0.5)) dims[normalized(axis, x.rank())] = b.random().between(0, 9);
    parts.push_back(b.like(x.type(), dims));
  }
  b.random().shuffle(parts);
  return b.add("Concat", parts, {{"axis", axis}});
}

bool make_split(Builder& b) {
  const Operand x = anything(b, 1, 4);
  const int64_t axis = random_axis(b, x.rank());
  const int64_t size = x.dims()[normalized(axis, x.rank())];
  const int outputs = static_cast<int>(b.random().between(2, 3));
  if (b.random().chance(0.4) && size >= outputs)
    return b.add("Split", {x}, {{"axis", axis}, {"num_outputs", int64_t{outputs}}}, outputs);
  Dims parts;
  int64_t left = size;
  for (int k = 1; k < outputs; ++k) {
    parts.push_back(b.random().between(0, left));
    left -= parts.back();
  }
  parts.push_back(left);
  return b.add("Split", {x, b.constant(parts)}, {{"axis", axis}}, outputs);
}

bool make_slice(Builder& b) {
  const Operand x = anything(b, 1, 4);
  Dims starts, ends, axes, steps;
  for (int k = 0; k < x.rank(); ++k) {
    if (b.random().chance(0.4) && (k > 0 || x.rank() > 1)) continue;
    const int64_t size = x.dims()[static_cast<size_t>(k)];
    const int64_t step = b.random().one_of<int64_t>({1, 1, 1, 2, 3, -1, -1, -2});
    axes.push_back(b.random().chance(0.5) ? k : k - x.rank());
    steps.push_back(step);
    const int64_t near = b.random().between(0, size), far = b.random().between(near, size);
    const bool open = b.random().chance(0.3);
    if (step > 0) {
      starts.push_back(b.random().chance(0.3) ? near - size - 1 : near);
      ends.push_back(open ? INT64_MAX : far);
    } else {
      starts.push_back(open ? INT64_MAX : far);
      ends.push_back(b.random().chance(0.4) ? INT64_MIN : near - 1 - size);
    }
  }
  if (axes.empty()) return false;
  return b.add("Slice",
               {x, b.constant(starts), b.constant(ends), b.constant(axes), b.constant(steps)});
}

bool make_pad(Builder& b) {
  const Operand x = b.some({b.float_type(), b.float_type(), b.integer_type()}, 1, 4);
  const std::string mode = b.random().one_of({"constant", "constant", "edge", "reflect", "wrap"});
  Dims before, after;
  for (const int64_t d : x.dims()) {
    for (Dims* pads : {&before, &after}) {
      int64_t pad = b.random().chance(0.5) ? 0 : b.random().between(0, 3);
      if (mode == "constant" && b.random().chance(0.15)) pad = -std::min<int64_t>(pad, d / 3);
      if (mode == "reflect") pad = std::min(pad, d - 1);
      if (mode == "wrap") pad = std::min(pad, d);
      pads->push_back(
          d == 0 && mode != "constant" ? 0 : std::max<int64_t>(pad, mode == "constant" ? pad : 0));
    }
  }
  before.insert(before.end(), after.begin(), after.end());
  std::vector<Operand> inputs = {x, b.constant(before)};
  if (mode == "constant" && b.random().chance(0.5))
    inputs.push_back(b.fresh(x.type(), {}, b.fill(0, 2)));
  return b.add("Pad", inputs, {{"mode", mode}});
}

bool make_gather(Builder& b) {
  const Operand x = anything(b, 1, 4);
  const int64_t axis = random_axis(b, x.rank());
  const int64_t size = x.dims()[normalized(axis, x.rank())];
  if (size == 0) return false;
  const DType type = b.random().one_of({kInt64, kInt32});
  const double low = b.random().chance(0.5) ? 0 : static_cast<double>(-size);
  const Fill fill = b.fill(low, static_cast<double>(size - 1));
  if (b.random().chance(0.5))
    return b.add("Gather", {x, b.fresh(type, b.shape(0, 2), fill)}, {{"axis", axis}});
  Dims dims = x.dims();
  dims[normalized(axis, x.rank())] = b.random().between(1, 6);
  return b.add("GatherElements", {x, b.fresh(type, dims, fill)}, {{"axis", axis}});
}

bool make_gather_nd(Builder& b) {
  const Operand x = anything(b, 1, 4);
  const int64_t depth = b.random().between(1, x.rank());
  const Dims head(x.dims().begin(), x.dims().begin() + depth);
  const int64_t smallest = *std::min_element(head.begin(), head.end());
  if (smallest == 0) return false;
  Dims dims = b.shape(0, 2);
  dims.push_back(depth);
  return b.add("GatherND",
               {x, b.fresh(kInt64, dims, b.fill(0, static_cast<double>(smallest - 1)))});
}

bool make_scatter(Builder& b) {
  const Operand x = b.some({b.float_type(), b.integer_type()}, 1, 3);
  const int64_t axis = random_axis(b, x.rank());
  const int64_t size = x.dims()[normalized(axis, x.rank())];
  if (x.value.size() == 0) return false;
  Dims dims = x.dims();
  for (int64_t& d : dims) d = b.random().between(1, d);
  // Several updates of one element are defined for reductions alone.
  const std::string reduction = b.random().one_of({"none", "add", "max", "min"});
  if (reduction == "none") dims[normalized(axis, x.rank())] = 1;
  const Operand indices = b.fresh(kInt64, dims, b.fill(0, static_cast<double>(size - 1)));
  const Operand updates = b.fresh(x.type(), dims);
  return b.add("ScatterElements", {x, indices, updates},
               {{"axis", axis}, {"reduction", reduction}});
}

bool make_scatter_nd(Builder& b) {
  const Operand x = b.some({b.float_type(), b.integer_type()}, 1, 3);
  if (x.value.size() == 0) return false;
  const int64_t count = b.random().between(1, std::min<int64_t>(4, x.dims()[0]));
  const Operand indices = b.fresh(
      kInt64, {count, 1},
      {Fill::Kind::kDistinct, 0, static_cast<double>(count - 1), 1, b.random().bits() >> 1});
  Dims dims = x.dims();
  dims[0] = count;
  const std::string reduction = b.random().one_of({"none", "add", "mul", "max"});
  return b.add("ScatterND", {x, indices, b.like(x.type(), dims)}, {{"reduction", reduction}});
}

bool make_depth_to_space(Builder& b) {
  const int64_t block = b.random().between(2, 3);
  Dims dims = {b.random().between(1, 2), b.random().between(1, 5), b.random().between(1, 5),
               b.random().between(1, 5)};
  if (b.random().chance(0.5)) {
    dims[1] *= block * block;
    const std::string mode = b.random().one_of({"DCR", "CRD"});
    return b.add("DepthToSpace", {b.like(b.float_type(), dims)},
                 {{"blocksize", block}, {"mode", mode}});
  }
  dims[2] *= block;
  dims[3] *= block;
  return b.add("SpaceToDepth", {b.like(b.float_type(), dims)}, {{"blocksize", block}});
}

bool make_triangle(Builder& b) {
  const Operand x = anything(b, 2, 4);
  if (x.type() == kBool) return false;
  const Operand k =
      b.constant(Tensor::scalar(kInt64, static_cast<double>(b.random().between(-2, 2))));
  return b.add("Trilu", {x, k}, {{"upper", b.random().between(0, 1)}});
}

bool make_reverse(Builder& b) {
  const Operand x = anything(b, 2, 3);
  const Operand lengths =
      b.fresh(kInt64, {x.dims()[1]}, b.fill(0, static_cast<double>(x.dims()[0])));
  return b.add("ReverseSequence", {x, lengths},
               {{"batch_axis", int64_t{1}}, {"time_axis", int64_t{0}}});
}

bool make_one_hot(Builder& b) {
  const Operand depth = b.constant(Tensor::of_int64({b.random().between(1, 9)}));
  const Operand indices = b.fresh(kInt64, b.shape(0, 2), b.fill(-1, 4));
  const Operand values = b.fresh(b.float_type(), {2});
  return b.add("OneHot", {indices, depth, values}, {{"axis", b.random().between(-1, 0)}});
}

}  // namespace

const std::vector<Maker>& rearranging_makers() {
  static const std::vector<Maker> makers = {
      {"reshape", 4, make_reshape},
      {"transpose", 4, make_transpose},
      {"squeeze", 2, make_squeeze},
      {"flatten", 1, make_flatten},
      {"expand", 1.5, make_expand},
      {"tile", 1, make_tile},
      {"concat", 4, make_concat},
      {"split", 2.5, make_split},
      {"slice", 4, make_slice},
      {"pad", 2.5, make_pad},
      {"gather", 2, make_gather},
      {"gather nd", 1, make_gather_nd},
      {"scatter", 1, make_scatter},
      {"scatter nd", 1, make_scatter_nd},
      {"depth to space", 1, make_depth_to_space},
      {"triangle", 0.7, make_triangle},
      {"reverse", 0.5, make_reverse},
      {"one hot", 0.5, make_one_hot},
  };
  return makers;
}

}  // namespace onnxc::fuzz

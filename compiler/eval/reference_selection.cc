// Sorting and selecting, written as plainly as the standard says it.
#include "compiler/eval/reference_selection.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <optional>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

// Whether element a of x is less than element b; NaN is larger than every number.
bool less(const Tensor& x, int64_t a, int64_t b) {
  if (is_float(x.type())) {
    const double u = x.as_double(a), v = x.as_double(b);
    return u < v || (std::isnan(v) && !std::isnan(u));
  }
  if (x.type() == DType::kUint64)
    return static_cast<uint64_t>(x.as_int64(a)) < static_cast<uint64_t>(x.as_int64(b));
  return x.as_int64(a) < x.as_int64(b);
}

// The slices of x [outer][axis][inner] with those positions along the axis.
Tensor slices(const Tensor& x, int64_t outer, int64_t axis, int64_t inner,
              const std::vector<int64_t>& positions, std::vector<int64_t> dims) {
  Tensor y(x.type(), std::move(dims));
  std::byte* to = y.mutable_bytes();
  const size_t run = static_cast<size_t>(inner) * byte_size(x.type());
  for (int64_t o = 0; o < outer; ++o) {
    for (const int64_t a : positions) {
      if (run > 0) std::memcpy(to, x.bytes().data() + static_cast<size_t>(o * axis + a) * run, run);
      to += run;
    }
  }
  return y;
}

// The tensor's dimensions with the one that stands for `axis` replaced: one whose left side holds
// `outer` elements and whose right side holds `inner`, and of several the first that the step
// changes.
std::vector<int64_t> with_axis(const KernelContext& context, std::vector<int64_t> dims,
                               int64_t outer, int64_t inner, int64_t size) {
  const Shape& declared = context.node.output()->shape;
  std::optional<size_t> axis;
  for (size_t k = 0; k < dims.size(); ++k) {
    int64_t before = 1, after = 1;
    for (size_t i = 0; i < dims.size(); ++i) {
      if (i < k) before *= dims[i];
      if (i > k) after *= dims[i];
    }
    if (before != outer || after != inner) continue;
    const bool changed = declared.size() == dims.size() && !declared[k].is(dims[k]);
    if (!axis || changed) axis = k;
    if (changed) break;
  }
  if (!axis) throw CompileError("no axis with {} elements before and {} after it", outer, inner);
  dims[*axis] = size;
  return dims;
}

Tensor int64s(std::vector<int64_t> dims, const std::vector<int64_t>& values) {
  return Tensor::of(DType::kInt64, std::move(dims), values);
}

}  // namespace

std::vector<Tensor> reference_top_k(const KernelContext& context) {
  const Tensor& x = *context.input(0);
  const std::vector<int64_t> sizes = context.sizes();
  const int64_t outer = sizes.at(0), axis = sizes.at(1), inner = sizes.at(2), k = sizes.at(3);
  const bool largest = context.codes().at(0) == "Largest{}";
  const std::vector<int64_t> dims = with_axis(context, x.dims(), outer, inner, k);
  Tensor values(x.type(), dims), indices(DType::kInt64, dims);
  const size_t width = byte_size(x.type());
  for (int64_t row = 0; row < outer * inner; ++row) {
    const int64_t first = row / inner * axis * inner + row % inner;
    std::vector<int64_t> order(static_cast<size_t>(axis));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      const int64_t u = first + a * inner, v = first + b * inner;
      return largest ? less(x, v, u) : less(x, u, v);
    });
    for (int64_t i = 0; i < k; ++i) {
      const int64_t to = row / inner * k * inner + row % inner + i * inner;
      const int64_t from = first + order.at(static_cast<size_t>(i)) * inner;
      std::memcpy(values.mutable_bytes() + static_cast<size_t>(to) * width,
                  x.bytes().data() + static_cast<size_t>(from) * width, width);
      indices.set_int64(to, order[static_cast<size_t>(i)]);
    }
  }
  return context.outputs({values, indices});
}

std::vector<Tensor> reference_nonzero(const KernelContext& context) {
  const Tensor& x = *context.input(0);
  const size_t rank = x.dims().size();
  std::vector<std::vector<int64_t>> coordinates(rank);
  for (int64_t i = 0; i < x.size(); ++i) {
    if (is_float(x.type()) ? x.as_double(i) == 0 : x.as_int64(i) == 0) continue;
    int64_t rest = i;
    for (size_t axis = rank; axis-- > 0; rest /= x.dims()[axis])
      coordinates[axis].push_back(rest % x.dims()[axis]);
  }
  std::vector<int64_t> all;
  for (const auto& row : coordinates) all.insert(all.end(), row.begin(), row.end());
  const auto count = static_cast<int64_t>(coordinates.at(0).size());
  return context.outputs({int64s({static_cast<int64_t>(rank), count}, all)});
}

std::vector<Tensor> reference_compress(const KernelContext& context) {
  const Tensor &x = *context.input(0), &condition = *context.input(1);
  const std::vector<int64_t> sizes = context.sizes();
  const int64_t outer = sizes.at(1), axis = sizes.at(2), inner = sizes.at(3);
  std::vector<int64_t> kept;
  for (int64_t a = 0; a < std::min(axis, sizes.at(0)); ++a) {
    if (condition.as_int64(a) != 0) kept.push_back(a);
  }
  return context.outputs(
      {slices(x, outer, axis, inner, kept,
              with_axis(context, x.dims(), outer, inner, static_cast<int64_t>(kept.size())))});
}

std::vector<Tensor> reference_unique(const KernelContext& context) {
  const Tensor& x = *context.input(0);
  const std::vector<int64_t> sizes = context.sizes();
  const int64_t outer = sizes.at(0), axis = sizes.at(1), inner = sizes.at(2);
  const auto before = [&](int64_t a, int64_t b) {
    for (int64_t o = 0; o < outer; ++o) {
      for (int64_t i = 0; i < inner; ++i) {
        const int64_t u = (o * axis + a) * inner + i, v = (o * axis + b) * inner + i;
        if (less(x, u, v)) return true;
        if (less(x, v, u)) return false;
      }
    }
    return false;
  };
  std::vector<int64_t> first;  // position of each different slice's first occurrence
  for (int64_t a = 0; a < axis; ++a) {
    if (std::none_of(first.begin(), first.end(),
                     [&](int64_t f) { return !before(f, a) && !before(a, f); }))
      first.push_back(a);
  }
  if (context.codes().at(0) == "Sorted{}") std::sort(first.begin(), first.end(), before);
  const auto count = static_cast<int64_t>(first.size());
  std::vector<int64_t> inverse, counts(first.size(), 0);
  for (int64_t a = 0; a < axis; ++a) {
    const auto same = std::find_if(first.begin(), first.end(),
                                   [&](int64_t f) { return !before(f, a) && !before(a, f); });
    inverse.push_back(same - first.begin());
    ++counts[static_cast<size_t>(inverse.back())];
  }
  return context.outputs(
      {slices(x, outer, axis, inner, first, with_axis(context, x.dims(), outer, inner, count)),
       int64s({count}, first), int64s({axis}, inverse), int64s({count}, counts)});
}

namespace {

struct Box {
  double x1, y1, x2, y2;
  double area() const { return (x2 - x1) * (y2 - y1); }
};

Box read_box(const Tensor& boxes, int64_t first, bool centered) {
  const double a = boxes.as_double(first), b = boxes.as_double(first + 1);
  const double c = boxes.as_double(first + 2), d = boxes.as_double(first + 3);
  if (centered) return {a - c / 2, b - d / 2, a + c / 2, b + d / 2};
  return {std::min(b, d), std::min(a, c), std::max(b, d), std::max(a, c)};
}

double intersection_over_union(const Box& a, const Box& b) {
  const double width = std::min(a.x2, b.x2) - std::max(a.x1, b.x1);
  const double height = std::min(a.y2, b.y2) - std::max(a.y1, b.y1);
  if (width <= 0 || height <= 0) return 0;
  return width * height / (a.area() + b.area() - width * height);
}

}  // namespace

std::vector<Tensor> reference_non_max_suppression(const KernelContext& context) {
  const Tensor &boxes = *context.input(0), &scores = *context.input(1);
  const auto number = [&](size_t k, double fallback) {
    return context.input(k) ? context.input(k)->as_double(0) : fallback;
  };
  const auto most = static_cast<size_t>(std::max(0.0, number(2, 0)));
  const double threshold = number(3, 0), lowest = number(4, -INFINITY);
  const bool centered = context.codes().at(0) == "CenterBoxes{}";
  const std::vector<int64_t> sizes = context.sizes();
  const int64_t batches = sizes.at(0), classes = sizes.at(1), count = sizes.at(2);
  std::vector<int64_t> selected;
  for (int64_t group = 0; group < batches * classes; ++group) {
    const int64_t batch = group / classes;
    std::vector<int64_t> order;
    for (int64_t i = 0; i < count; ++i) {
      if (!context.input(4) || scores.as_double(group * count + i) > lowest) order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      return scores.as_double(group * count + a) > scores.as_double(group * count + b);
    });
    std::vector<Box> kept;
    for (const int64_t i : order) {
      if (kept.size() >= most) break;
      const Box box = read_box(boxes, (batch * count + i) * 4, centered);
      if (std::any_of(kept.begin(), kept.end(), [&](const Box& other) {
            return intersection_over_union(box, other) > threshold;
          }))
        continue;
      kept.push_back(box);
      selected.insert(selected.end(), {batch, group % classes, i});
    }
  }
  return context.outputs({int64s({static_cast<int64_t>(selected.size()) / 3, 3}, selected)});
}

}  // namespace onnxc

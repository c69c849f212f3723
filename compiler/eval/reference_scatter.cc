// Scatters and running sums, element by element.
#include "compiler/eval/reference_scatter.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

int64_t volume(const std::vector<int64_t>& dims) {
  int64_t size = 1;
  for (const int64_t d : dims) size *= d;
  return size;
}

double joined(const std::string& how, double old, double fresh) {
  if (how == "Overwrite{}") return fresh;
  if (how == "Sum{}") return old + fresh;
  if (how == "Product{}") return old * fresh;
  if (std::isnan(old) || std::isnan(fresh)) return std::nan("");
  return how == "Minimum{}" ? std::min(old, fresh) : std::max(old, fresh);
}

int64_t joined(const std::string& how, DType type, int64_t old, int64_t fresh) {
  const auto a = static_cast<uint64_t>(old), b = static_cast<uint64_t>(fresh);
  if (how == "Overwrite{}") return fresh;
  if (how == "Sum{}") return static_cast<int64_t>(type == DType::kBool ? a | b : a + b);
  if (how == "Product{}") return static_cast<int64_t>(a * b);
  const bool less = type == DType::kUint64 ? a < b : old < fresh;
  return (how == "Minimum{}") == less ? old : fresh;
}

// Element `i` of `out` joins with element `k` of `updates`.
void join(Tensor& out, int64_t i, const Tensor& updates, int64_t k, const std::string& how) {
  if (is_float(out.type())) {
    out.set(i, joined(how, out.as_double(i), updates.as_double(k)));
  } else {
    out.set_int64(i, joined(how, out.type(), out.as_int64(i), updates.as_int64(k)));
  }
}

}  // namespace

std::vector<Tensor> reference_copy_rows(const KernelContext& context) {
  const Tensor& from = *context.input(0);
  const std::vector<int64_t> sizes = context.sizes();
  const auto bytes = static_cast<int64_t>(from.byte_count());
  ONNXC_CHECK(sizes == (std::vector<int64_t>{0, bytes, bytes, 1}), "a copy of several rows");
  return context.outputs({Tensor(context.node.output()->type, from.dims(), from.bytes(),
                                 std::make_shared<Tensor>(from))});
}

std::vector<Tensor> reference_scatter_elements(const KernelContext& context) {
  const Tensor &indices = *context.input(1), &updates = *context.input(2);
  const auto lists = context.size_lists();
  const std::vector<int64_t>&dims = lists.at(0), &index_dims = lists.at(1);
  const auto axis = static_cast<size_t>(context.sizes().at(0));
  Tensor out = *context.input(0);
  for (int64_t k = 0; k < volume(index_dims); ++k) {
    int64_t rest = k, offset = 0, stride = 1;
    bool inside = true;
    for (size_t d = dims.size(); d-- > 0;) {
      int64_t at = rest % index_dims[d];
      rest /= index_dims[d];
      if (d == axis) {
        at = indices.as_int64(k);
        if (at < 0) at += dims[d];
        inside = at >= 0 && at < dims[d];
      }
      offset += at * stride;
      stride *= dims[d];
    }
    if (inside) join(out, offset, updates, k, context.codes().at(0));
  }
  return context.outputs({out});
}

std::vector<Tensor> reference_scatter_nd(const KernelContext& context) {
  const Tensor &indices = *context.input(1), &updates = *context.input(2);
  const std::vector<int64_t> dims = context.size_lists().at(0);
  const int64_t tuples = context.sizes().at(0), slice = context.sizes().at(1);
  const auto depth = static_cast<int64_t>(dims.size());
  Tensor out = *context.input(0);
  for (int64_t t = 0; t < tuples; ++t) {
    int64_t offset = 0;
    bool inside = true;
    for (int64_t d = 0; d < depth; ++d) {
      int64_t at = indices.as_int64(t * depth + d);
      if (at < 0) at += dims[d];
      inside = inside && at >= 0 && at < dims[d];
      offset = offset * dims[d] + at;
    }
    for (int64_t i = 0; i < slice && inside; ++i)
      join(out, offset * slice + i, updates, t * slice + i, context.codes().at(0));
  }
  return context.outputs({out});
}

std::vector<Tensor> reference_cumulate(const KernelContext& context) {
  const Tensor& x = *context.input(0);
  const std::vector<int64_t> sizes = context.sizes();
  const std::vector<std::string> codes = context.codes();
  const int64_t outer = sizes.at(0), axis = sizes.at(1), inner = sizes.at(2);
  const std::string& how = codes.at(1);
  const bool exclusive = codes.at(2) == "Exclusive{}", backward = codes.at(3) == "Backward{}";
  Tensor y(x.type(), x.dims());
  for (int64_t row = 0; row < outer * inner; ++row) {
    Tensor sum(x.type(), {});
    sum.set_int64(0, how == "Product{}" ? 1 : 0);
    for (int64_t step = 0; step < axis; ++step) {
      const int64_t a = backward ? axis - 1 - step : step;
      const int64_t at = (row / inner * axis + a) * inner + row % inner;
      if (exclusive) join(y, at, sum, 0, "Overwrite{}");
      join(sum, 0, x, at, how);
      if (!exclusive) join(y, at, sum, 0, "Overwrite{}");
    }
  }
  return context.outputs({y});
}

}  // namespace onnxc

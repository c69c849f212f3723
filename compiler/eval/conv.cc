// Convolution as rows of multiply-adds for float and double, as its index expression for the rest.
#include "compiler/eval/conv.h"

#include <algorithm>

#include "compiler/eval/multiply_add.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

Shape shape_of(const std::vector<int64_t>& dims) { return Shape(dims.begin(), dims.end()); }

struct Window {
  int64_t size, kernel, out, stride, dilation, pad;

  int64_t at(int64_t o, int64_t k) const { return o * stride + k * dilation - pad; }
  // Outputs whose element of the kernel lies inside.
  int64_t first(int64_t k) const {
    const int64_t start = pad - k * dilation;
    return start <= 0 ? 0 : (start + stride - 1) / stride;
  }
  int64_t end(int64_t k) const {
    const int64_t last = size - 1 + pad - k * dilation;
    return last < 0 ? 0 : std::min(out, last / stride + 1);
  }
};

bool is_pointwise(const Window& w) {
  return w.kernel == 1 && w.stride == 1 && w.pad == 0 && w.size == w.out;
}

// Neighbouring axes that the kernel does not spread over are one.
std::vector<Window> merged(const std::vector<Window>& windows) {
  std::vector<Window> result;
  for (const Window& w : windows) {
    if (is_pointwise(w) && !result.empty() && (w.size == 1 || is_pointwise(result.back()))) {
      if (w.size == 1) continue;
      result.back().size *= w.size;
      result.back().out *= w.out;
      continue;
    }
    result.push_back(w);
  }
  return result;
}

// Sums for one image, one output channel: adds every tap of some input channels at once, rows of
// the innermost axis at a time.
template <class T>
class Accumulation {
 public:
  Accumulation(std::vector<Window> windows, double* sums)
      : windows_(std::move(windows)), sums_(sums) {}

  // Input channel t < channels <= kTerms lies at x + t * image, its taps at w + t * taps.
  void add(const T* x, int64_t image, const T* w, int64_t taps, int channels) {
    image_ = image;
    taps_ = taps;
    channels_ = channels;
    walk(0, x, w, sums_);
  }

 private:
  void walk(size_t axis, const T* x, const T* w, double* sums) const {
    int64_t x_stride = 1, w_stride = 1, out_stride = 1;
    for (size_t k = axis + 1; k < windows_.size(); ++k) {
      x_stride *= windows_[k].size;
      w_stride *= windows_[k].kernel;
      out_stride *= windows_[k].out;
    }
    const Window& window = windows_[axis];
    for (int64_t k = 0; k < window.kernel; ++k) {
      const int64_t first = window.first(k), end = window.end(k);
      if (axis + 1 == windows_.size()) {
        if (first < end)
          add_row(x + window.at(first, k), w + k, end - first, window.stride, sums + first);
        continue;
      }
      for (int64_t o = first; o < end; ++o)
        walk(axis + 1, x + window.at(o, k) * x_stride, w + k * w_stride, sums + o * out_stride);
    }
  }

  void add_row(const T* x, const T* w, int64_t count, int64_t stride, double* sums) const {
    if (channels_ < kTerms) {
      for (int t = 0; t < channels_; ++t)
        add_weighted(sums, count, x + t * image_, w[t * taps_], stride);
      return;
    }
    const T* rows[kTerms];
    double weights[kTerms];
    for (int t = 0; t < kTerms; ++t) {
      rows[t] = x + t * image_;
      weights[t] = w[t * taps_];
    }
    add_weighted(sums, count, rows, weights, stride);
  }

  std::vector<Window> windows_;
  double* sums_;
  int64_t image_ = 0, taps_ = 0;
  int channels_ = 0;
};

template <class T>
Tensor sums_of(const Conv& conv, const Tensor& x, const Tensor& w, DType type,
               const std::vector<int64_t>& dims) {
  std::vector<Window> windows;
  int64_t image = 1, taps = 1, points = 1;
  for (size_t k = 0; k < conv.strides.size(); ++k) {
    windows.push_back({x.dims()[k + 2], w.dims()[k + 2], dims[k + 2], conv.strides[k],
                       conv.dilations[k], conv.pads_begin[k]});
    image *= x.dims()[k + 2];
    taps *= w.dims()[k + 2];
    points *= dims[k + 2];
  }
  Tensor result(type, dims);
  T* y = result.mutable_data<T>();
  const T* input = x.data<T>();
  const T* weights = w.data<T>();
  const int64_t channels = w.dims()[1], per_group = std::max<int64_t>(1, dims[1] / conv.groups);
  std::vector<double> sums(static_cast<size_t>(points));
  Accumulation<T> accumulation(merged(windows), sums.data());
  for (int64_t n = 0; n < dims[0]; ++n) {
    for (int64_t o = 0; o < dims[1]; ++o) {
      std::fill(sums.begin(), sums.end(), 0.0);
      const int64_t first = n * x.dims()[1] + o / per_group * channels;
      for (int64_t c = 0; c < channels; c += kTerms) {
        accumulation.add(input + (first + c) * image, image, weights + (o * channels + c) * taps,
                         taps, static_cast<int>(std::min<int64_t>(kTerms, channels - c)));
      }
      for (const double sum : sums) *y++ = static_cast<T>(sum);
    }
  }
  return result;
}

}  // namespace

Tensor evaluate_conv(const Conv& conv, const std::vector<Tensor>& inputs,
                     const std::vector<int64_t>& dims, const SymbolValues& symbols) {
  if (!conv.method.empty())
    throw CompileError("a convolution packed for {} cannot be evaluated", conv.method);
  const Tensor &x = inputs.at(0), &w = inputs.at(1);
  if (conv.strides.empty() || (x.type() != DType::kFloat && x.type() != DType::kDouble)) {
    return evaluate(
        meaning_of(conv, shape_of(x.dims()), shape_of(w.dims()), x.type(), shape_of(dims)), inputs,
        symbols);
  }
  const Tensor sums = x.type() == DType::kFloat ? sums_of<float>(conv, x, w, x.type(), dims)
                                                : sums_of<double>(conv, x, w, x.type(), dims);
  if (!conv.finish.ref()) return sums;
  std::vector<Tensor> operands = inputs;
  operands.push_back(sums);
  const E sum = load(static_cast<int>(inputs.size()), sums.type(), identity_index(shape_of(dims)));
  const E finished = rewrite(conv.finish, [&](const Expr& e) -> std::optional<E> {
    if (e.kind == Expr::Kind::kAccumulator) return sum;
    return std::nullopt;
  });
  return evaluate(Map{shape_of(dims), {}, Reduction::kNone, finished, E()}, operands, symbols);
}

}  // namespace onnxc

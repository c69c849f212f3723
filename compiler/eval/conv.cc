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

// Part of a row of outputs: a position on all axes but the innermost, and outputs [first, end)
// there.
struct Row {
  std::vector<int64_t> position;
  int64_t first, end;
};

// The sums of one row of one output channel, with every tap of up to kTerms input channels at once.
template <class T>
class RowSums {
 public:
  explicit RowSums(const std::vector<Window>& windows)
      : windows_(windows), x_strides_(windows.size(), 1), w_strides_(windows.size(), 1) {
    for (size_t k = windows.size() - 1; k-- > 0;) {
      x_strides_[k] = x_strides_[k + 1] * windows[k + 1].size;
      w_strides_[k] = w_strides_[k + 1] * windows[k + 1].kernel;
    }
  }
  int64_t image() const { return x_strides_[0] * windows_[0].size; }
  int64_t taps() const { return w_strides_[0] * windows_[0].kernel; }

  // Input channel c lies at x + c * image(), its taps at w + c * taps().
  void add(const Row& row, const T* x, const T* w, int64_t channels, double* sums) const {
    for (int64_t c = 0; c < channels; c += kTerms)
      add_taps(0, row, x + c * image(), w + c * taps(), std::min<int64_t>(kTerms, channels - c),
               sums);
  }

 private:
  void add_taps(size_t axis, const Row& row, const T* x, const T* w, int64_t channels,
                double* sums) const {
    const Window& window = windows_[axis];
    for (int64_t k = 0; k < window.kernel; ++k) {
      if (axis + 1 == windows_.size()) {
        const int64_t first = std::max(row.first, window.first(k));
        const int64_t end = std::min(row.end, window.end(k));
        if (first < end)
          add_tap(x + window.at(first, k), w + k, channels, end - first, sums + first - row.first);
        continue;
      }
      const int64_t at = window.at(row.position[axis], k);
      if (at >= 0 && at < window.size)
        add_taps(axis + 1, row, x + at * x_strides_[axis], w + k * w_strides_[axis], channels,
                 sums);
    }
  }

  void add_tap(const T* x, const T* w, int64_t channels, int64_t count, double* sums) const {
    const int64_t stride = windows_.back().stride;
    if (channels < kTerms) {
      for (int64_t t = 0; t < channels; ++t)
        add_weighted(sums, count, x + t * image(), w[t * taps()], stride);
      return;
    }
    const T* rows[kTerms];
    double weights[kTerms];
    for (int t = 0; t < kTerms; ++t) {
      rows[t] = x + t * image();
      weights[t] = w[t * taps()];
    }
    add_weighted(sums, count, rows, weights, stride);
  }

  const std::vector<Window>& windows_;
  std::vector<int64_t> x_strides_, w_strides_;
};

constexpr int64_t kLongestRow = 512;

// Calls `visit` with all rows of one output channel and where each starts.
template <class Visit>
void for_each_row(const std::vector<Window>& windows, Visit&& visit) {
  const int64_t length = windows.back().out;
  int64_t rows = 1;
  for (size_t k = 0; k + 1 < windows.size(); ++k) rows *= windows[k].out;
  Row row{std::vector<int64_t>(windows.size() - 1), 0, 0};
  for (int64_t r = 0; r < rows; ++r) {
    int64_t rest = r;
    for (size_t k = windows.size() - 1; k-- > 0; rest /= windows[k].out)
      row.position[k] = rest % windows[k].out;
    for (row.first = 0; row.first < length; row.first += kLongestRow) {
      row.end = std::min(length, row.first + kLongestRow);
      visit(row, r * length + row.first);
    }
  }
}

// Rows outermost, so that the inputs of a row stay near for all output channels.
template <class T>
Tensor sums_of(const Conv& conv, const Tensor& x, const Tensor& w,
               const std::vector<int64_t>& dims) {
  std::vector<Window> windows;
  int64_t points = 1;
  for (size_t k = 0; k < conv.strides.size(); ++k) {
    windows.push_back({x.dims()[k + 2], w.dims()[k + 2], dims[k + 2], conv.strides[k],
                       conv.dilations[k], conv.pads_begin[k]});
    points *= dims[k + 2];
  }
  windows = merged(windows);
  const RowSums<T> row_sums(windows);
  Tensor result(x.type(), dims);
  T* y = result.mutable_data<T>();
  const T* weights = w.data<T>();
  const int64_t channels = w.dims()[1], per_group = std::max<int64_t>(1, dims[1] / conv.groups);
  double sums[kLongestRow];
  for (int64_t n = 0; n < dims[0]; ++n) {
    const T* input = x.data<T>() + n * x.dims()[1] * row_sums.image();
    for_each_row(windows, [&](const Row& row, int64_t start) {
      for (int64_t o = 0; o < dims[1]; ++o) {
        std::fill_n(sums, row.end - row.first, 0.0);
        row_sums.add(row, input + o / per_group * channels * row_sums.image(),
                     weights + o * channels * row_sums.taps(), channels, sums);
        T* to = y + (n * dims[1] + o) * points + start;
        for (int64_t i = 0; i < row.end - row.first; ++i) to[i] = static_cast<T>(sums[i]);
      }
    });
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
  const Tensor sums = x.type() == DType::kFloat ? sums_of<float>(conv, x, w, dims)
                                                : sums_of<double>(conv, x, w, dims);
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

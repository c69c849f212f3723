// Comparison of tensors.
#include "compiler/tool/compare.h"

#include <fmt/ranges.h>

#include <cmath>
#include <limits>

namespace onnxc {
namespace {

double distance(double got, double want) {
  if (got == want || (std::isnan(got) && std::isnan(want))) return 0;
  const double d = std::fabs(got - want);
  return std::isnan(d) ? std::numeric_limits<double>::infinity() : d;
}

double largest_magnitude(const Tensor& t) {
  double largest = 0;
  for (int64_t i = 0; i < t.size(); ++i) {
    const double v = std::fabs(t.as_double(i));
    if (std::isfinite(v) && v > largest) largest = v;
  }
  return largest;
}

Difference compare_strings(const Tensor& got, const Tensor& want) {
  Difference d;
  for (int64_t i = 0; i < want.size(); ++i) {
    if (got.strings()[i] == want.strings()[i]) continue;
    d.accepted = false;
    d.largest = d.share = std::numeric_limits<double>::infinity();
    d.at = i;
    break;
  }
  return d;
}

double distance(const Tensor& got, const Tensor& want, int64_t i) {
  if (!is_float(want.type()) && got.as_int64(i) == want.as_int64(i)) return 0;
  return distance(got.as_double(i), want.as_double(i));
}

std::string index_text(int64_t flat, const std::vector<int64_t>& dims) {
  std::vector<int64_t> index(dims.size());
  for (size_t k = dims.size(); k-- > 0;) {
    index[k] = flat % dims[k];
    flat /= dims[k];
  }
  return index.empty() ? "" : fmt::format("[{}]", fmt::join(index, ","));
}

std::string element_text(const Tensor& t, int64_t i) {
  if (t.type() == DType::kString) return '"' + t.strings()[i] + '"';
  if (!is_float(t.type())) return std::to_string(t.as_int64(i));
  return fmt::format("{:.8g}", t.as_double(i));
}

}  // namespace

Difference compare(const Tensor& got, const Tensor& want, const Tolerance& tolerance) {
  Difference d;
  if (got.type() != want.type()) {
    d.problem = fmt::format("type is {}, expected {}", name(got.type()), name(want.type()));
  } else if (got.dims() != want.dims()) {
    d.problem =
        fmt::format("shape is {}, expected {}", shape_text(got.dims()), shape_text(want.dims()));
  }
  if (!d.problem.empty()) {
    d.accepted = false;
    return d;
  }
  if (want.type() == DType::kString) return compare_strings(got, want);
  const double scale = largest_magnitude(want);
  double largest_excess = 0;
  for (int64_t i = 0; i < want.size(); ++i) {
    const double apart = distance(got, want, i);
    if (apart == 0) continue;
    const double allowed =
        tolerance.share_of_largest
            ? *tolerance.share_of_largest * scale + std::numeric_limits<float>::epsilon()
            : tolerance.relative * std::fabs(want.as_double(i)) + tolerance.absolute;
    const bool rejected = !std::isfinite(apart) || apart > allowed;
    const double excess = std::isfinite(apart) ? apart - allowed : apart;
    const bool worse =
        rejected ? d.accepted || excess > largest_excess : d.accepted && apart > d.largest;
    if (rejected) d.accepted = false;
    if (!worse) continue;
    largest_excess = excess;
    d.largest = apart;
    d.at = i;
  }
  d.share = d.largest == 0 ? 0 : d.largest / scale;
  return d;
}

std::string describe(const Difference& d, const std::string& name, const Tensor& got,
                     const Tensor& want) {
  if (!d.problem.empty()) return fmt::format("{}: {}", name, d.problem);
  if (d.at < 0) return fmt::format("{} is equal", name);
  return fmt::format(
      "largest difference {:.3g} ({:.2g} of the largest value); {}{}: got {}, want {}", d.largest,
      d.share, name, index_text(d.at, want.dims()), element_text(got, d.at),
      element_text(want, d.at));
}

std::string shape_text(const std::vector<int64_t>& dims) {
  return fmt::format("[{}]", fmt::join(dims, ","));
}

}  // namespace onnxc

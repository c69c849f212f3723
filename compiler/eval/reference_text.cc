// Strings through the standard library.
#include "compiler/eval/reference_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <map>
#include <string>

#include "compiler/ir/narrow_float.h"
#include "templates/cpu/text.h"

namespace onnxc {
namespace {

using Strings = std::vector<std::string>;

String view(const std::string& s) { return {s.data(), s.size()}; }

// The shortest of the scientific forms that read back as x, for formats that the library knows.
std::string scientific(DType type, double x) {
  char buffer[64];
  const auto end =
      type == DType::kFloat
          ? std::to_chars(buffer, buffer + 64, static_cast<float>(x), std::chars_format::scientific)
          : std::to_chars(buffer, buffer + 64, x, std::chars_format::scientific);
  if (type == DType::kFloat || type == DType::kDouble) return {buffer, end.ptr};
  for (int digits = 0;; ++digits) {
    std::snprintf(buffer, sizeof buffer, "%.*e", digits, x);
    const double back = std::strtod(buffer, nullptr);
    if (decode_narrow(type, encode_narrow_double(type, back)) == x) return buffer;
  }
}

// d.ddde+XX as NumPy writes it: plain between 1e-4 and 1e16.
std::string plain(const std::string& scientific) {
  const size_t e = scientific.find('e');
  const int exponent = std::stoi(scientific.substr(e + 1));
  if (exponent < -4 || exponent >= 16) return scientific;
  std::string digits;
  for (const char c : scientific.substr(0, e)) {
    if (c != '.' && c != '-') digits += c;
  }
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  const std::string sign = scientific[0] == '-' ? "-" : "";
  if (exponent < 0)
    return sign + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
  const auto whole = static_cast<size_t>(exponent) + 1;
  if (digits.size() <= whole) return sign + digits + std::string(whole - digits.size(), '0') + ".0";
  return sign + digits.substr(0, whole) + "." + digits.substr(whole);
}

std::string number_text(const Tensor& t, int64_t i) {
  if (t.type() == DType::kBool) return t.as_int64(i) != 0 ? "True" : "False";
  if (t.type() == DType::kUint64) return std::to_string(static_cast<uint64_t>(t.as_int64(i)));
  if (!is_float(t.type())) return std::to_string(t.as_int64(i));
  const double x = t.as_double(i);
  if (std::isnan(x)) return "NaN";
  if (std::isinf(x)) return x < 0 ? "-INF" : "INF";
  return plain(scientific(t.type(), x));
}

std::string changed(const std::string& text, const std::string& letters) {
  const auto collect = [&](auto walk) {
    std::string out;
    char bytes[2];
    while (const uint64_t size = walk.next(bytes)) out.append(bytes, size);
    return out;
  };
  if (letters == "LowerCase{}") return collect(Letters<LowerCase>(view(text)));
  if (letters == "UpperCase{}") return collect(Letters<UpperCase>(view(text)));
  return text;
}

Strings split(const std::string& text, const std::string& delimiter, int64_t limit) {
  Strings found;
  Parts parts(view(text), view(delimiter), limit);
  for (String part; parts.next(&part);) found.emplace_back(part.data, part.size);
  return found;
}

template <class Token>
Tensor counted(const KernelContext& context, const std::vector<Token>& tokens,
               const std::vector<Token>& pool) {
  const std::vector<int64_t> sizes = context.sizes();
  const int64_t rows = sizes[0], columns = sizes[1], grams = sizes[2], length = sizes[3];
  const int64_t skips = length == 1 ? 0 : sizes[4], width = sizes[5];
  std::map<std::vector<Token>, int64_t> places;
  for (int64_t g = 0; g < grams; ++g) {
    const auto first = pool.begin() + g * length;
    places.emplace(std::vector<Token>(first, first + length), context.input(2)->as_int64(g));
  }
  Tensor y(DType::kFloat, {rows, width});
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t step = 1; step <= 1 + skips; ++step) {
      for (int64_t at = 0; at + (length - 1) * step < columns; ++at) {
        std::vector<Token> gram;
        for (int64_t k = 0; k < length; ++k)
          gram.push_back(tokens[static_cast<size_t>(row * columns + at + k * step)]);
        const auto it = places.find(gram);
        if (it == places.end()) continue;
        const int64_t place = row * width + it->second;
        y.set(place, y.as_double(place) + 1);
      }
    }
  }
  return y;
}

}  // namespace

std::vector<Tensor> reference_string_concat(const KernelContext& context) {
  const Tensor &a = *context.input(0), &b = *context.input(1);
  Strings joined;
  for (int64_t i = 0; i < a.size(); ++i) joined.push_back(a.strings()[i] + b.strings()[i]);
  return context.outputs({Tensor::of_strings(a.dims(), std::move(joined)),
                          Tensor(DType::kUint8, {context.sizes().at(1)})});
}

std::vector<Tensor> reference_string_split(const KernelContext& context) {
  const Tensor& x = *context.input(0);
  const int64_t limit = context.sizes().at(1);
  std::vector<Strings> rows;
  size_t width = 0;
  Tensor counts(DType::kInt64, x.dims());
  for (int64_t i = 0; i < x.size(); ++i) {
    rows.push_back(split(x.strings()[i], context.input(1)->strings()[0], limit));
    width = std::max(width, rows.back().size());
    counts.set_int64(i, static_cast<int64_t>(rows.back().size()));
  }
  Strings all;
  for (Strings& row : rows) {
    row.resize(width);
    all.insert(all.end(), row.begin(), row.end());
  }
  std::vector<int64_t> dims = x.dims();
  dims.push_back(static_cast<int64_t>(width));
  return context.outputs({Tensor::of_strings(dims, std::move(all)), counts});
}

std::vector<Tensor> reference_string_normalize(const KernelContext& context) {
  const Tensor& x = *context.input(0);
  const std::vector<std::string> codes = context.codes();
  const bool exact = codes.at(0) == "ExactCase{}";
  const auto folded = [&](const std::string& s) { return exact ? s : changed(s, "LowerCase{}"); };
  Strings kept;
  for (const std::string& word : x.strings()) {
    const Tensor* stops = context.input(1);
    const bool stop =
        stops && std::any_of(stops->strings().begin(), stops->strings().end(),
                             [&](const auto& s) { return folded(s) == folded(word); });
    if (!stop) kept.push_back(changed(word, codes.at(1)));
  }
  if (kept.empty()) kept.emplace_back();
  std::vector<int64_t> dims = x.dims();
  dims.back() = static_cast<int64_t>(kept.size());
  return context.outputs(
      {Tensor::of_strings(dims, std::move(kept)), Tensor(DType::kUint8, {context.sizes().at(2)})});
}

std::vector<Tensor> reference_regex_full_match(const KernelContext& context) {
  const Tensor& x = *context.input(0);
  const int64_t kinds = context.sizes().at(1);
  Tensor y(DType::kBool, x.dims());
  for (int64_t i = 0; i < x.size(); ++i) {
    int64_t state = 0;
    for (const unsigned char c : x.strings()[i])
      state = context.input(2)->as_int64(state * kinds + context.input(1)->as_int64(c));
    y.set_int64(i, context.input(3)->as_int64(state));
  }
  return context.outputs({y});
}

std::vector<Tensor> reference_numbers_to_text(const KernelContext& context) {
  const Tensor& x = *context.input(0);
  Strings texts;
  for (int64_t i = 0; i < x.size(); ++i) texts.push_back(number_text(x, i));
  return context.outputs(
      {Tensor::of_strings(x.dims(), std::move(texts)), Tensor(DType::kUint8, {x.size() * 32})});
}

std::vector<Tensor> reference_text_to_numbers(const KernelContext& context) {
  const Tensor& x = *context.input(0);
  Tensor y(context.node.output()->type, x.dims());
  for (int64_t i = 0; i < x.size(); ++i) {
    const std::string& s = x.strings()[i];
    char* end = nullptr;
    const double value = std::strtod(s.c_str(), &end);
    const bool valid = !s.empty() && *end == '\0';
    if (is_float(y.type())) {
      const double exact = y.type() == DType::kFloat ? std::strtof(s.c_str(), nullptr) : value;
      y.set(i, valid ? exact : std::nan(""));
    } else if (s.find_first_of(".eEnN") == std::string::npos && valid) {
      y.set_int64(i, std::strtoll(s.c_str(), nullptr, 10));
    } else {
      y.set_int64(i, valid && std::fabs(value) < 0x1p63 ? static_cast<int64_t>(value) : INT64_MIN);
    }
  }
  return context.outputs({y});
}

std::vector<Tensor> reference_ngram_counts(const KernelContext& context) {
  const Tensor &x = *context.input(0), &pool = *context.input(1);
  Tensor y = x.type() == DType::kString ? counted(context, x.strings(), pool.strings())
                                        : counted(context, x.as_int64s(), pool.as_int64s());
  if (x.dims().size() == 1) y = y.reshaped({y.size()});
  return context.outputs({y});
}

}  // namespace onnxc

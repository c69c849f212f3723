// TfIdfVectorizer: how often the n-grams of a pool occur.
#include <algorithm>
#include <numeric>

#include "compiler/ops/kernel_step.h"
#include "compiler/ops/op.h"

namespace onnxc {
namespace {

struct Pool {
  std::vector<int64_t> integers;
  std::vector<std::string> strings;
  size_t size() const { return integers.empty() ? strings.size() : integers.size(); }

  bool less(size_t a, size_t b, size_t length) const {
    if (integers.empty())
      return std::lexicographical_compare(strings.begin() + a, strings.begin() + a + length,
                                          strings.begin() + b, strings.begin() + b + length);
    return std::lexicographical_compare(integers.begin() + a, integers.begin() + a + length,
                                        integers.begin() + b, integers.begin() + b + length);
  }
};

// The tokens of the grams that start at `starts`, as the input's type.
Tensor tokens_of(const Pool& pool, const std::vector<size_t>& starts, size_t length, DType type) {
  const std::vector<int64_t> dims = {static_cast<int64_t>(starts.size() * length)};
  if (type == DType::kString) {
    std::vector<std::string> tokens;
    for (const size_t at : starts)
      tokens.insert(tokens.end(), pool.strings.begin() + at, pool.strings.begin() + at + length);
    return Tensor::of_strings(dims, std::move(tokens));
  }
  std::vector<int64_t> tokens;
  for (const size_t at : starts)
    tokens.insert(tokens.end(), pool.integers.begin() + at, pool.integers.begin() + at + length);
  return Tensor::of(type, dims, tokens);
}

class Vectorizer {
 public:
  explicit Vectorizer(Lowering& x)
      : x_(x),
        pool_{x.attribute_ints("pool_int64s", {}), x.attribute_strings("pool_strings", {})},
        counts_(x.attribute_ints("ngram_counts", {})),
        columns_(x.attribute_ints("ngram_indexes", {})) {
    const DType type = x.type(0);
    if ((type == DType::kString) == pool_.strings.empty())
      throw x.error("the input is {}, but the pool holds other tokens", name(type));
    if (type != DType::kString && type != DType::kInt32 && type != DType::kInt64)
      throw x.error("the input is {}, expected int32, int64 or string", name(type));
    if (x.rank(0) < 1 || x.rank(0) > 2)
      throw x.error("the input has shape {}, expected [C] or [N,C]", text(x.shape(0)));
    for (const int64_t c : columns_) width_ = std::max(width_, c + 1);
  }

  void run() {
    const int64_t least = x_.attribute_int("min_gram_length", 1);
    const int64_t most = x_.attribute_int("max_gram_length", 1);
    size_t first_gram = 0;
    std::vector<Value*> parts;
    for (size_t n = 0; n < counts_.size(); ++n) {
      const auto length = static_cast<int64_t>(n + 1);
      const auto begin = static_cast<size_t>(counts_[n]);
      const size_t end =
          n + 1 < counts_.size() ? static_cast<size_t>(counts_[n + 1]) : pool_.size();
      if (begin > end || end > pool_.size())
        throw x_.error("attribute \"ngram_counts\" leaves the pool");
      const size_t grams = (end - begin) / (n + 1);
      if (first_gram + grams > columns_.size())
        throw x_.error("{} grams need as many entries of \"ngram_indexes\"", first_gram + grams);
      if (length >= least && length <= most && grams > 0)
        parts.push_back(counted(begin, grams, first_gram, n + 1));
      first_gram += grams;
    }
    finish(parts);
  }

 private:
  Shape space() const {
    return x_.rank(0) == 1 ? Shape{Dim(width_)} : Shape{x_.shape(0)[0], Dim(width_)};
  }

  Value* counted(size_t begin, size_t grams, size_t first_gram, size_t length) {
    std::vector<size_t> order(grams);
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return pool_.less(begin + a * length, begin + b * length, length);
    });
    std::vector<size_t> starts;
    std::vector<int64_t> columns;
    for (const size_t gram : order) {
      starts.push_back(begin + gram * length);
      columns.push_back(columns_[first_gram + gram]);
    }
    const DType type = x_.type(0);
    const std::string part = fmt::format("grams_of_{}", length);
    return KernelStep(x_, "ngram_counts", "templates/cpu/ngram_counts.h", {type})
        .input(x_.input(0))
        .input(x_.constant_value(tokens_of(pool_, starts, length, type), part))
        .input(x_.constant_value(Tensor::of_int64(columns), part + "_columns"))
        .temporary(part + "_counts", DType::kFloat, space())
        .size(x_.rank(0) == 1 ? Dim(1) : x_.shape(0)[0])
        .size(x_.shape(0).back())
        .size(static_cast<int64_t>(grams))
        .size(static_cast<int64_t>(length))
        .size(x_.attribute_int("max_skip_count", 0))
        .size(width_)
        .build()[0];
  }

  // A weight belongs to the column of its gram.
  std::vector<float> weights_by_column() const {
    const std::vector<float> given = x_.attribute_floats("weights", {});
    std::vector<float> weights(static_cast<size_t>(width_), 1);
    for (size_t i = 0; i < given.size() && i < columns_.size(); ++i)
      weights[static_cast<size_t>(columns_[i])] = given[i];
    return weights;
  }

  void finish(const std::vector<Value*>& parts) {
    const std::string mode = x_.attribute_string("mode", "TF");
    if (mode != "TF" && mode != "IDF" && mode != "TFIDF")
      throw x_.error("attribute \"mode\" is \"{}\", which is none of TF, IDF and TFIDF", mode);
    Value* weights =
        x_.constant_value(Tensor::of(DType::kFloat, {width_}, weights_by_column()), "weights");
    MapBuilder map(x_, space());
    E count = constant(DType::kFloat, 0);
    for (Value* part : parts) count = count + map.load(part);
    const E weight = map.load(weights, {map.index(map.rank() - 1)});
    x_.output(0, map.build(mode == "TF"    ? count
                           : mode == "IDF" ? select(count > 0.0, weight, 0.0)
                                           : count * weight,
                           DType::kFloat));
  }

  Lowering& x_;
  Pool pool_;
  std::vector<int64_t> counts_, columns_;
  int64_t width_ = 0;
};

void tfidf_vectorizer(Lowering& x) { Vectorizer(x).run(); }

}  // namespace

OPS_TABLE(tfidf){
    {"TfIdfVectorizer", 9, "int32, int64, strings", tfidf_vectorizer},
};
OPS_END(tfidf)

}  // namespace onnxc

// Matrix products and what is made of them.
#include "tests/fuzz/builder.h"

namespace onnxc::fuzz {
namespace {

using enum DType;

constexpr int64_t kMostProducts = 3'000'000;

int64_t matrix_size(Builder& b) {
  if (b.random().chance(0.06)) return b.random().one_of<int64_t>({100, 128, 192, 257});
  return b.size() % 130;
}

bool make_mat_mul(Builder& b) {
  const DType type = b.random().chance(0.9) ? b.float_type() : b.random().one_of({kInt32, kInt64});
  const Operand x = b.some({type}, 1, 4);
  const int64_t k = x.dims().back(), n = matrix_size(b);
  if (x.value.size() * n > kMostProducts) return false;
  Dims dims = {k, n};
  if (b.random().chance(0.08)) dims = {k};
  if (x.rank() > 2 && dims.size() == 2 && b.random().chance(0.5)) {
    dims = Dims(x.dims().begin(), x.dims().end() - 2);
    for (int64_t& d : dims) d = b.random().chance(0.2) ? 1 : d;
    dims.insert(dims.end(), {k, n});
  }
  const Operand y = b.like(type, dims);
  // Sums of long rows would end the graph's growth.
  if (b.random().chance(0.7) || k == 0) return b.add("MatMul", {x, y});
  if (x.rank() < 2) return false;
  Dims left = dims;
  if (left.size() < 2) return false;
  std::swap(left[left.size() - 1], left[left.size() - 2]);
  Dims moved = x.dims();
  std::swap(moved[moved.size() - 1], moved[moved.size() - 2]);
  return b.add("MatMul", {b.like(type, left), b.like(type, moved)});
}

bool make_transposed_mat_mul(Builder& b) {
  const Operand x = b.some_float(2, 3);
  std::vector<int64_t> order = {1, 0};
  if (x.rank() == 3)
    order = b.random().one_of<std::vector<int64_t>>({{0, 2, 1}, {1, 0, 2}, {2, 1, 0}});
  if (!b.add("Transpose", {x}, {{"perm", order}})) return false;
  const Operand moved = b.results()[0];
  if (moved.rank() == 3 && b.random().chance(0.4) && moved.dims()[0] == x.dims()[0] &&
      x.value.size() * moved.dims()[2] < kMostProducts && moved.dims()[1] == x.dims()[2])
    return b.add("MatMul", {x, moved});
  const int64_t n = matrix_size(b);
  if (moved.value.size() * n > kMostProducts) return false;
  return b.add("MatMul", {moved, b.like(moved.type(), {moved.dims().back(), n})});
}

bool make_gemm(Builder& b) {
  const Operand x = b.some({b.float_type(), b.float_type(), b.float_type(), kInt32}, 2, 2);
  const int64_t left = b.random().between(0, 1), right = b.random().between(0, 1);
  const int64_t k = x.dims()[left ? 0 : 1], m = x.dims()[left ? 1 : 0], n = matrix_size(b);
  if (x.value.size() * n > kMostProducts) return false;
  Attributes attributes = {{"transA", left}, {"transB", right}};
  if (is_float(x.type())) {
    if (b.random().chance(0.4)) attributes["alpha"] = 0.5F;
    if (b.random().chance(0.4)) attributes["beta"] = b.random().one_of({0.0F, 2.0F});
  }
  std::vector<Operand> inputs = {x, b.like(x.type(), right ? Dims{n, k} : Dims{k, n})};
  if (b.random().chance(0.7))
    inputs.push_back(b.like(x.type(), b.random().one_of<Dims>({{n}, {m, n}, {1, n}, {m, 1}, {}})));
  return b.add("Gemm", inputs, attributes);
}

bool make_einsum(Builder& b) {
  struct Equation {
    const char* text;
    std::vector<std::vector<int>> operands;  // letters by number
  };
  static const std::vector<Equation> equations = {{"ij,jk->ik", {{0, 1}, {1, 2}}},
                                                  {"bij,bjk->bik", {{3, 0, 1}, {3, 1, 2}}},
                                                  {"bhid,bhjd->bhij", {{3, 4, 0, 2}, {3, 4, 1, 2}}},
                                                  {"ij->ji", {{0, 1}}},
                                                  {"ij->j", {{0, 1}}},
                                                  {"i,j->ij", {{0}, {1}}},
                                                  {"bij,kj->bik", {{3, 0, 1}, {2, 1}}},
                                                  {"ij,ij->", {{0, 1}, {0, 1}}},
                                                  {"bij,bj->bi", {{3, 0, 1}, {3, 1}}},
                                                  {"ii->i", {{0, 0}}},
                                                  {"ij,jk,kl->il", {{0, 1}, {1, 2}, {2, 3}}},
                                                  {"bid,bjd->bij", {{3, 0, 2}, {3, 1, 2}}},
                                                  {"bijd,bjhd->bih", {{3, 0, 1, 2}, {3, 1, 4, 2}}}};
  const Equation& e = b.random().one_of(equations);
  Dims sizes;
  for (int k = 0; k < 5; ++k) sizes.push_back(k < 3 ? b.size() % 40 : b.random().between(1, 3));
  std::vector<Operand> operands;
  int64_t count = 1;
  for (const int64_t s : sizes) count *= s;
  if (count > kMostProducts) return false;
  for (const auto& letters : e.operands) {
    Dims dims;
    for (const int letter : letters) dims.push_back(sizes[static_cast<size_t>(letter)]);
    operands.push_back(b.like(b.float_type(), dims));
  }
  return b.add("Einsum", operands, {{"equation", std::string(e.text)}});
}

// softmax(q k^T / sqrt(d) + mask) v as exporters spell it out.
bool make_attention(Builder& b) {
  const int64_t heads = b.random().between(1, 3),
                queries = b.random().one_of<int64_t>({1, 3, 5, 17, 33});
  const int64_t keys = b.random().one_of<int64_t>({1, 4, 7, 16, 50}),
                size = b.random().one_of<int64_t>({1, 4, 8, 13, 32});
  const DType type = b.float_type();
  const Operand q = b.like(type, {2, heads, queries, size});
  const Operand k = b.like(
      type, b.random().chance(0.5) ? Dims{2, heads, keys, size} : Dims{2, heads, size, keys});
  Operand turned = k;
  if (k.dims()[3] == size && k.dims()[2] == keys) {
    if (!b.add("Transpose", {k}, {{"perm", std::vector<int64_t>{0, 1, 3, 2}}})) return false;
    turned = b.results()[0];
  }
  if (turned.dims()[2] != size || !b.add("MatMul", {q, turned})) return false;
  if (b.random().chance(0.7) &&
      !b.add("Mul", {b.results()[0], b.constant(Tensor::scalar(type, 0.25))}))
    return false;
  if (b.random().chance(0.5) &&
      !b.add("Add", {b.results()[0],
                     b.like(type, b.random().one_of<Dims>(
                                      {{queries, keys}, {2, 1, 1, keys}, {2, 1, queries, keys}}))}))
    return false;
  return b.add("Softmax", {b.results()[0]}) &&
         b.add("MatMul", {b.results()[0], b.like(type, {2, heads, keys, size})});
}

// A product with its bias and activation.
bool make_dense(Builder& b) {
  const Operand x = b.some_float(2, 3);
  const int64_t n = matrix_size(b);
  if (x.value.size() * n > kMostProducts || n == 0) return false;
  if (!b.add("MatMul", {x, b.like(x.type(), {x.dims().back(), n})})) return false;
  if (!b.add("Add", {b.results()[0], b.like(x.type(), {n})})) return false;
  return b.add(b.random().one_of({"Relu", "Tanh", "Gelu", "Sigmoid"}), {b.results()[0]});
}

}  // namespace

const std::vector<Maker>& contraction_makers() {
  static const std::vector<Maker> makers = {
      {"product", 4, make_mat_mul},     {"transposed product", 1.5, make_transposed_mat_mul},
      {"gemm", 2, make_gemm},           {"einsum", 1.5, make_einsum},
      {"attention", 1, make_attention}, {"dense", 2, make_dense},
  };
  return makers;
}

}  // namespace onnxc::fuzz

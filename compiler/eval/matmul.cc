// Matrix products as the sum they stand for, on flat operands.
#include "compiler/eval/matmul.h"

#include <cstring>

#include "compiler/eval/bind_symbols.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

constexpr int64_t kPanel = 16;

Dim position(const MatMul::Strides& s, const std::vector<Dim>& loops, const Dim& row,
             const Dim& column) {
  return s.offset + s.outer * loops[0] + s.inner * loops[1] + s.row * row + s.column * column;
}

}  // namespace

Tensor evaluate_matmul(const MatMul& product, const std::vector<Tensor>& inputs, DType type,
                       const std::vector<int64_t>& dims, const SymbolValues& symbols) {
  std::vector<Tensor> flat;
  for (const Tensor& t : inputs) flat.push_back(t.reshaped({t.size()}));

  const Shape space{product.outer, product.inner, product.m, product.n};
  const std::vector<Dim> loops = identity_index(space);
  const Dim k = Dim::index(4, product.k), column = loops[3];
  const Dim in_a = position(product.a, loops, loops[2], k);
  const Dim in_b =
      product.method == "matmul_packed"
          ? (floor_div(column, kPanel) * product.k + k) * kPanel + floor_mod(column, kPanel)
          : position(product.b, loops, k, column);
  const Map map{space,
                {product.k},
                Reduction::kSum,
                load(0, flat.at(0).type(), {in_a}) * load(1, flat.at(1).type(), {in_b}),
                product.finish};
  const Tensor values = evaluate(map, flat, symbols);

  const auto sizes = evaluate_shape(space, symbols);
  const auto strides = evaluate_shape(
      {product.c.offset, product.c.outer, product.c.inner, product.c.row, product.c.column},
      symbols);
  Tensor result(type, dims);
  std::byte* to = result.mutable_bytes();
  const size_t size = byte_size(type);
  const std::byte* from = values.bytes().data();
  for (int64_t o = 0; o < sizes[0]; ++o) {
    for (int64_t i = 0; i < sizes[1]; ++i) {
      for (int64_t m = 0; m < sizes[2]; ++m) {
        const int64_t row = strides[0] + o * strides[1] + i * strides[2] + m * strides[3];
        for (int64_t n = 0; n < sizes[3]; ++n, from += size) {
          const int64_t at = row + n * strides[4];
          ONNXC_CHECK(at < result.size(), "a matrix product leaves its result");
          std::memcpy(to + static_cast<size_t>(at) * size, from, size);
        }
      }
    }
  }
  return result;
}

}  // namespace onnxc

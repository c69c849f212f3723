// Products with quantised weights as exporters of language models and optimisers write them
// (com.microsoft).
#include "compiler/ops/matmul.h"
#include "compiler/ops/op.h"
#include "compiler/ops/quantized.h"

namespace onnxc {
namespace {

Value* optional_input(Lowering& x, size_t i) { return x.has_input(i) ? x.input(i) : nullptr; }

// The `bits` low bits of element `at` of a row of packed numbers, as an int32.
E packed_number(MapBuilder& map, Value* bytes, const Dim& row, const Dim& at, int64_t bits) {
  const Dim per_byte = 8 / bits;
  const E byte = cast(DType::kInt32, map.load(bytes, {row, floor_div(at, per_byte)}));
  if (bits == 8) return byte;
  const E shift = cast(DType::kUint32, integer(floor_mod(at, per_byte) * bits));
  const E mask = constant_integer(DType::kUint32, (int64_t{1} << bits) - 1);
  const E shifted = call(ScalarOp::kShiftRight, {cast(DType::kUint32, byte), shift});
  return cast(DType::kInt32, call(ScalarOp::kBitAnd, {shifted, mask}));
}

// A times the transpose of B, whose rows are blocks of 2, 4 or 8-bit numbers with a scale each.
void matmul_nbits(Lowering& x) {
  const int64_t depth = x.attribute_int("K", 0), width = x.attribute_int("N", 0);
  const int64_t bits = x.attribute_int("bits", 4), block = x.attribute_int("block_size", 0);
  if (depth < 1 || width < 1 || block < 16 || (bits != 2 && bits != 4 && bits != 8))
    throw x.error("K {}, N {}, block_size {} and bits {} do not describe a matrix", depth, width,
                  block, bits);
  const int64_t blocks = (depth + block - 1) / block, zero_bytes = (blocks * bits + 7) / 8;
  Value* rows = x.reshape(x.input(1), {width, blocks * (block * bits / 8)});
  Value* scales = x.reshape(x.input(2), {width, blocks});
  Value* groups = optional_input(x, 4);
  MapBuilder map(x, {depth, width});
  const Dim k = map.index(0), n = map.index(1);
  const Dim group = groups ? map.load_index(groups, {k}, {0, blocks - 1}) : floor_div(k, block);
  const E scale = map.load(scales, {n, group});
  E number = cast(scale.type(), packed_number(map, rows, n, k, bits));
  if (!x.has_input(3)) {
    number = number - static_cast<double>(int64_t{1} << (bits - 1));
  } else if (is_float(x.type(3))) {
    number = number - map.load(x.reshape(x.input(3), {width, blocks}), {n, group});
  } else {
    Value* zeros = x.reshape(x.input(3), {width, zero_bytes});
    number = number - cast(scale.type(), packed_number(map, zeros, n, group, bits));
  }
  Value* weights = map.build(number * scale, scales->type, "weights");
  const Matmul m = plan_matmul(x, x.input(0), weights);
  MapBuilder product(x, m.space, m.reduced());
  Value* bias = optional_input(x, 5);
  Value* y = product.build_reduction(
      Reduction::kSum, product.load(m.a, m.at_a(product)) * product.load(m.b, m.at_b(product)),
      [&](E sum) {
        return bias ? sum + product.load(bias, {product.index(product.rank() - 1)}) : sum;
      },
      x.type(0));
  x.output(0, x.reshape(y, m.result));
}

struct Quantized {
  Value *value, *scale, *zero;
};

// The element of a scale or zero point that is one for all or one a column.
E by_column(MapBuilder& map, Value* parameter) {
  return map.load(parameter, scalar_or_along(parameter, map.index(map.rank() - 1)));
}

// The int32 product of a and b, times both scales, plus the bias.
void scaled_product(Lowering& x, const Quantized& a, const Quantized& b, Value* bias) {
  const Matmul m = plan_matmul(x, a.value, b.value);
  MapBuilder map(x, m.space, m.reduced());
  E left = cast(DType::kInt32, map.load(m.a, m.at_a(map)));
  E right = cast(DType::kInt32, map.load(m.b, m.at_b(map)));
  if (a.zero)
    left = left -
           cast(DType::kInt32, map.load(a.zero, std::vector<Dim>(a.zero->shape.size(), Dim(0))));
  if (b.zero) right = right - cast(DType::kInt32, by_column(map, b.zero));
  const auto finish = [&](E sum) {
    const E scale = map.load(a.scale, std::vector<Dim>(a.scale->shape.size(), Dim(0)));
    const E y = cast(DType::kFloat, sum) *
                (cast(DType::kFloat, scale) * cast(DType::kFloat, by_column(map, b.scale)));
    return bias ? y + cast(DType::kFloat, by_column(map, bias)) : y;
  };
  const DType type = b.scale->type;
  x.output(0,
           x.reshape(map.build_reduction(Reduction::kSum, left * right, finish, type), m.result));
}

void matmul_integer_to_float(Lowering& x) {
  scaled_product(x, {x.input(0), x.input(2), optional_input(x, 4)},
                 {x.input(1), x.input(3), optional_input(x, 5)}, optional_input(x, 6));
}

void dynamic_quantize_matmul(Lowering& x) {
  const Dynamic d = quantized_dynamically(x, x.input(0));
  scaled_product(x, {d.value, d.scale, d.zero_point},
                 {x.input(1), x.input(2), optional_input(x, 3)}, optional_input(x, 4));
}

}  // namespace

OPS_TABLE(fused_quantized){
    {"DynamicQuantizeMatMul", 1, "float, int8, uint8", dynamic_quantize_matmul, "",
     "com.microsoft"},
    {"MatMulIntegerToFloat", 1, "int8, uint8", matmul_integer_to_float, "", "com.microsoft"},
    {"MatMulNBits", 1, "float, uint8", matmul_nbits, "2, 4 and 8 bits", "com.microsoft"},
};
OPS_END(fused_quantized)

}  // namespace onnxc

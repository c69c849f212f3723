// Random generators: every run of a program gives the same numbers, which the seeds decide.
#include "compiler/ops/random.h"

#include <algorithm>
#include <array>
#include <bit>

#include "compiler/ops/op.h"

namespace onnxc {
namespace {

constexpr double kTwoPi = 6.283185307179586476925;

E unsigned_constant(uint64_t value) {
  return constant_integer(DType::kUint64, static_cast<int64_t>(value));
}

E shifted_right(E x, uint64_t by) {
  return call(ScalarOp::kShiftRight, {x, unsigned_constant(by)});
}
E xor_bits(E a, E b) { return call(ScalarOp::kBitXor, {a, b}); }

uint64_t mixed(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

DType type_attribute(const Lowering& x, DType fallback) {
  const int64_t number = x.attribute_int("dtype", static_cast<int64_t>(fallback));
  const auto type = dtype_of(static_cast<int>(number));
  if (!type) throw x.error("attribute \"dtype\" is {}, which is no element type", number);
  return *type;
}

DType type_like(const Lowering& x) { return type_attribute(x, x.type(0)); }

void require_float(const Lowering& x, DType type) {
  if (!is_float(type)) throw x.error("attribute \"dtype\" is {}, expected a float", name(type));
}

Shape shape_attribute(const Lowering& x) {
  Shape shape;
  for (const int64_t size : x.attribute_ints("shape", {})) {
    if (size < 0) throw x.error("attribute \"shape\" has the negative size {}", size);
    shape.emplace_back(size);
  }
  return shape;
}

void fill_uniform(Lowering& x, const Shape& shape, DType type) {
  require_float(x, type);
  const DType wide = compute_type(type);
  const double low = x.attribute_float("low", 0), high = x.attribute_float("high", 1);
  MapBuilder map(x, shape);
  const E u = uniform_number(wide, random_stream(x), position_in(shape));
  x.output(0, map.build(u * (high - low) + low, type));
}

void fill_normal(Lowering& x, const Shape& shape, DType type) {
  require_float(x, type);
  const double mean = x.attribute_float("mean", 0), scale = x.attribute_float("scale", 1);
  MapBuilder map(x, shape);
  const E z = normal_number(compute_type(type), random_stream(x), position_in(shape));
  x.output(0, map.build(z * scale + mean, type));
}

void random_uniform(Lowering& x) {
  fill_uniform(x, shape_attribute(x), type_attribute(x, DType::kFloat));
}
void random_uniform_like(Lowering& x) { fill_uniform(x, x.shape(0), type_like(x)); }
void random_normal(Lowering& x) {
  fill_normal(x, shape_attribute(x), type_attribute(x, DType::kFloat));
}
void random_normal_like(Lowering& x) { fill_normal(x, x.shape(0), type_like(x)); }

// 1 with the probability that the input gives.
void bernoulli(Lowering& x) {
  MapBuilder map(x, x.shape(0));
  const E p = map.load(x.input(0));
  const E u = uniform_number(p.type(), random_stream(x), position_in(x.shape(0)));
  x.output(0, map.build(cast(compute_type(type_like(x)), u < p), type_like(x)));
}

// Classes drawn with probabilities proportional to exp(input): the largest of the logarithms, each
// with noise of the Gumbel distribution added.
void multinomial(Lowering& x) {
  if (x.rank(0) != 2)
    throw x.error("the input has shape {}, expected [batch, classes]", text(x.shape(0)));
  const DType type = type_attribute(x, DType::kInt32);
  if (type != DType::kInt32 && type != DType::kInt64)
    throw x.error("attribute \"dtype\" is {}, expected int32 or int64", name(type));
  const Dim samples = x.attribute_int("sample_size", 1), &classes = x.shape(0)[1];
  MapBuilder map(x, {x.shape(0)[0], samples}, {classes});
  const Dim position = position_in({x.shape(0)[0], samples, classes});
  const E logit = map.load(x.input(0), {map.index(0), map.index(2)});
  const E u = uniform_number(logit.type(), random_stream(x), position) + 0x1p-25;
  Value* drawn = map.build_reduction(Reduction::kArgMaxFirst, logit - log(-log(u)), nullptr,
                                     DType::kInt64, "drawn");
  x.output(0, x.cast_to(drawn, type));
}

bool is_random(const OnnxNode& node) {
  constexpr std::array<std::string_view, 6> kNames = {"Bernoulli",        "Multinomial",
                                                      "RandomNormal",     "RandomUniform",
                                                      "RandomNormalLike", "RandomUniformLike"};
  return node.domain.empty() &&
         std::find(kNames.begin(), kNames.end(), node.op_type) != kNames.end();
}

}  // namespace

uint64_t random_stream(const Lowering& x) {
  if (x.has_attribute("seed")) return mixed(std::bit_cast<uint32_t>(x.attribute_float("seed", 0)));
  uint64_t hash = 0xcbf29ce484222325u;
  for (const std::string& output : x.node().outputs) {
    for (const unsigned char c : output) hash = (hash ^ c) * 0x100000001b3u;
  }
  return mixed(hash);
}

E random_bits(uint64_t stream, const Dim& position) {
  E z = cast(DType::kUint64, integer(position)) * unsigned_constant(0x9e3779b97f4a7c15u) +
        unsigned_constant(stream);
  z = xor_bits(z, shifted_right(z, 30)) * unsigned_constant(0xbf58476d1ce4e5b9u);
  z = xor_bits(z, shifted_right(z, 27)) * unsigned_constant(0x94d049bb133111ebu);
  return xor_bits(z, shifted_right(z, 31));
}

E uniform_number(DType type, uint64_t stream, const Dim& position) {
  const E bits = random_bits(stream, position);
  const E high = cast(type, cast(DType::kInt32, shifted_right(bits, 40))) * 0x1p-24;
  if (type == DType::kFloat) return high;
  const E low = call(ScalarOp::kBitAnd, {shifted_right(bits, 11), unsigned_constant(0x1fffffff)});
  return high + cast(type, cast(DType::kInt32, low)) * 0x1p-53;
}

E normal_number(DType type, uint64_t stream, const Dim& position) {
  const E radius = sqrt(log(1.0 - uniform_number(type, stream, position * 2)) * -2.0);
  const E angle = uniform_number(type, stream, position * 2 + 1) * kTwoPi;
  return radius * call(ScalarOp::kCos, {angle});
}

Dim position_in(const Shape& space) {
  Dim position = 0;
  for (size_t k = 0; k < space.size(); ++k)
    position = position * space[k] + Dim::index(static_cast<int>(k), space[k]);
  return position;
}

bool draws_random_numbers(const OnnxModel& model) {
  return std::any_of(model.graph.nodes.begin(), model.graph.nodes.end(), is_random);
}

OPS_TABLE(random){
    {"Bernoulli", 15, "float", bernoulli},
    {"Multinomial", 7, "float", multinomial},
    {"RandomNormal", 1, "float", random_normal},
    {"RandomNormalLike", 1, "numbers", random_normal_like},
    {"RandomUniform", 1, "float", random_uniform},
    {"RandomUniformLike", 1, "numbers", random_uniform_like},
};
OPS_END(random)

}  // namespace onnxc

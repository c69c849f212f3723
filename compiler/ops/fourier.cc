// DFT, STFT and mel weights: products with matrices of sines and cosines.
#include <algorithm>
#include <cmath>

#include "compiler/ops/op.h"
#include "compiler/ops/operands.h"

namespace onnxc {
namespace {

constexpr double kPi = 3.14159265358979323846;

// A scalar operand: an expression of sizes, or loaded when it runs.
struct Scalar {
  std::optional<Dim> known;
  Value* loaded = nullptr;

  Dim in(MapBuilder& map) const {
    constexpr int64_t kLargest = int64_t{1} << 31;
    if (known) return *known;
    return map.load_index(loaded, std::vector<Dim>(loaded->shape.size(), Dim(0)), {1, kLargest});
  }
};

// What the transform multiplies with: [frequencies, parts out, samples, parts in], where part 1 is
// imaginary.
struct Kernel {
  Scalar length;  // of the whole transform
  Dim frequencies, samples;
  bool inverse;
  int64_t parts_in, parts_out;
  bool mirrored;  // the samples are half of a spectrum whose other half is its conjugate
};

// The factor's argument as a fraction of a turn, exact for any length.
E turn(const Dim& frequency, const Dim& sample, const Dim& length) {
  const Dim step = floor_mod(frequency * sample, length);
  const E n = cast(DType::kDouble, integer(length));
  return cast(DType::kDouble, integer(step)) * (2 * kPi) / n;
}

Value* kernel_values(Lowering& x, const Kernel& k, DType type, Value* window) {
  MapBuilder map(x, {k.frequencies, k.parts_out, k.samples, k.parts_in});
  const Dim frequency = map.index(0), out = map.index(1), sample = map.index(2), in = map.index(3);
  const Dim length = k.length.in(map);
  const E angle = turn(frequency, sample, length);
  const E sine = call(ScalarOp::kSin, {angle}), cosine = call(ScalarOp::kCos, {angle});
  const E leads = k.inverse ? sine : -sine;
  E value = select(eq(integer(out), integer(in)), cosine,
                   select(eq(integer(out), integer(0)), -leads, leads));
  if (k.mirrored) {
    const Dim opposite = length - sample;
    const E alone = eq(integer(sample), integer(0)) || eq(integer(opposite), integer(sample));
    value = select(alone, value, value * 2.0);
  }
  if (k.inverse) value = value / cast(DType::kDouble, integer(length));
  if (window) value = value * cast(DType::kDouble, map.load(window, {sample}));
  if (!k.length.known) value = select(integer(sample) < integer(length), value, 0.0);
  return map.build(value, type, "factors");
}

std::optional<Scalar> scalar_operand(Lowering& x, size_t i) {
  if (!x.has_input(i)) return std::nullopt;
  const auto values = x.integers(i);
  if (values && values->size() == 1) return Scalar{(*values)[0], nullptr};
  return Scalar{std::nullopt, x.input(i)};
}

// The axis, or the only one that changes its size where it comes at run time.
int dft_axis(Lowering& x) {
  const int rank = x.rank(0);
  if (x.opset() < 20) return x.normalized_axis(x.attribute_int("axis", 1), rank);
  if (!x.has_input(2)) return rank - 2;
  if (const auto axis = x.constant(2)) return x.normalized_axis(axis->as_int64(0), rank);
  const auto declared = x.declared_shape(0);
  std::vector<int> changed;
  for (int i = 0; declared && i + 1 < rank; ++i) {
    if ((*declared)[i] != x.shape(0)[i]) changed.push_back(i);
  }
  if (changed.size() == 1) return changed[0];
  x.require_constant(2, "the axis");
  return 0;
}

void dft(Lowering& x) {
  Value* input = x.input(0);
  const int rank = x.rank(0), axis = dft_axis(x);
  if (rank < 2 || axis == rank - 1 || !input->shape.back().is_constant()) {
    throw x.error("input has shape {}, expected axes before a last one of 1 or 2",
                  text(input->shape));
  }
  const bool inverse = x.attribute_int("inverse", 0) != 0;
  const bool one_sided = x.attribute_int("onesided", 0) != 0;
  const Dim& given = input->shape[axis];
  const bool mirrored = inverse && one_sided;
  const Scalar wanted =
      scalar_operand(x, 1).value_or(Scalar{mirrored ? (given - 1) * 2 : given, nullptr});
  const auto declared = x.declared_shape(0);
  if (!wanted.known && (one_sided != mirrored || !declared)) {
    throw x.error("the length (input 1) must be known at compile time");
  }
  const Dim length = wanted.known ? *wanted.known : (*declared)[axis];
  const Dim half = floor_div(length, 2) + 1;
  const Kernel k{{length, nullptr},
                 one_sided && !inverse ? half : length,
                 min(given, mirrored ? half : length),
                 inverse,
                 input->shape.back().value(),
                 mirrored ? 1 : 2,
                 mirrored};
  const DType type = compute_type(input->type);
  Value* factors = kernel_values(x, k, type, nullptr);
  Shape space = input->shape;
  space[axis] = k.frequencies;
  space.back() = k.parts_out;
  MapBuilder map(x, space, {k.samples, k.parts_in});
  const Dim sample = map.index(rank), part = map.index(rank + 1);
  std::vector<Dim> at = identity_index(space);
  const Dim frequency = at[axis], out = at.back();
  at[axis] = sample;
  at.back() = part;
  x.output(0, map.build_reduction(
                  Reduction::kSum,
                  map.load(input, at) * map.load(factors, {frequency, out, sample, part}), nullptr,
                  input->type));
}

void stft(Lowering& x) {
  Value* signal = x.input(0);
  if (x.rank(0) == 2) signal = x.reshape(signal, {x.shape(0)[0], x.shape(0)[1], 1});
  const Shape shape = signal->shape;
  if (shape.size() != 3 || !shape[2].is_constant()) {
    throw x.error("the signal has shape {}, expected [batch, length, 1 or 2]", text(x.shape(0)));
  }
  const Scalar step = *scalar_operand(x, 1);
  Value* window = x.has_input(2) ? x.input(2) : nullptr;
  if (!window && !x.has_input(3)) throw x.error("neither a window nor frame_length is given");
  Scalar length = window ? Scalar{window->shape.at(0), nullptr} : *scalar_operand(x, 3);
  const bool one_sided = x.attribute_int("onesided", 1) != 0;
  const auto declared = x.declared_shape(0);
  if (!declared && !(step.known && length.known)) {
    throw x.error(
        "frame_step and frame_length must be known at compile time where the shape of "
        "the output is not declared");
  }
  const Dim longest = length.known ? *length.known
                      : one_sided  ? (*declared)[2] * 2 - 1
                                   : (*declared)[2];
  const Dim frequencies = length.known && one_sided ? floor_div(longest, 2) + 1
                          : length.known            ? longest
                                                    : (*declared)[2];
  const Kernel k{length, frequencies, longest, false, shape[2].value(), 2, false};
  const DType type = compute_type(signal->type);
  Value* factors = kernel_values(x, k, type, window);
  const Dim frames =
      step.known && length.known ? floor_div(shape[1] - longest, *step.known) + 1 : (*declared)[1];
  MapBuilder map(x, {shape[0], frames, k.frequencies, 2}, {longest, k.parts_in});
  const Dim sample = map.index(4), part = map.index(5);
  const Dim at = map.index(1) * step.in(map) + sample;
  E element = map.load(signal, {map.index(0), at, part});
  if (!length.known) element = select(integer(at) < integer(shape[1]), element, 0.0);
  const E factor = map.load(factors, {map.index(2), map.index(3), sample, part});
  x.output(0, map.build_reduction(Reduction::kSum, element * factor, nullptr, signal->type));
}

E scalar(MapBuilder& map, Lowering& x, size_t i) {
  return cast(DType::kDouble, map.load(x.input(i), std::vector<Dim>(x.rank(i), Dim(0))));
}

E mel_of(const E& hertz) { return log(hertz / 700.0 + 1.0) * (2595.0 / std::log(10.0)); }

// The spectrum bins at which the triangles begin, peak and end: bins + 2 numbers.
Value* mel_edges(Lowering& x, const Dim& bins) {
  MapBuilder map(x, {bins + 2});
  const E low = mel_of(scalar(map, x, 3)), high = mel_of(scalar(map, x, 4));
  const E step = (high - low) / cast(DType::kDouble, integer(bins + 2));
  const E mel = cast(DType::kDouble, integer(map.index(0))) * step + low;
  const E hertz = (exp(mel * (std::log(10.0) / 2595.0)) - 1.0) * 700.0;
  const E edge = floor((scalar(map, x, 1) + 1.0) * hertz / scalar(map, x, 2));
  return map.build(cast(DType::kInt64, edge), DType::kInt64, "edges");
}

void mel_weight_matrix(Lowering& x) {
  const auto bins = x.integers(size_t{0}), length = x.integers(1);
  const Shape shape = bins && length ? Shape{floor_div((*length)[0], 2) + 1, (*bins)[0]}
                                     : declared_output(x, 0, bins ? 1 : 0, "the number of bins");
  const auto type = dtype_of(static_cast<int>(x.attribute_int("output_datatype", 1)));
  if (!type || !is_float(*type)) throw x.error("output_datatype is no type of numbers");
  Value* edges = mel_edges(x, shape[1]);
  MapBuilder map(x, shape);
  const Dim bin = map.index(1);
  const E at = cast(DType::kDouble, integer(map.index(0)));
  const auto edge = [&](int k) { return cast(DType::kDouble, map.load(edges, {bin + k})); };
  const E low = edge(0), peak = edge(1), high = edge(2);
  const E rising = select(eq(peak, low), constant(DType::kDouble, 1), (at - low) / (peak - low));
  const E falling = (high - at) / (high - peak);
  const E value =
      select(at >= peak && at < high, falling, select(at >= low && at <= peak, rising, 0.0));
  x.output(0, map.build(value, *type));
}

}  // namespace

OPS_TABLE(fourier){
    {"DFT", 17, "float", dft},
    {"MelWeightMatrix", 17, "numbers", mel_weight_matrix},
    {"STFT", 17, "float", stft},
};
OPS_END(fourier)

}  // namespace onnxc

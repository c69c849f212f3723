// Index expressions: points in row-major order, 256 at a time, reduced and stored.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "compiler/eval/bind_symbols.h"
#include "compiler/eval/contraction.h"
#include "compiler/eval/evaluate.h"
#include "compiler/eval/lane_compiler.h"
#include "compiler/eval/reducer.h"
#include "compiler/eval/strided_copy.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

int64_t count_of(const std::vector<int64_t>& extents) {
  int64_t count = 1;
  for (const int64_t e : extents) {
    if (__builtin_mul_overflow(count, e, &count)) throw CompileError("a size overflows 64 bits");
  }
  return count;
}

// Sizes known and loop indices bounded by the extents at hand.
E bound(const E& x, const SymbolValues& symbols, const std::vector<int64_t>& extents) {
  if (!x.ref()) return x;
  E result = x;
  if (!symbols.empty()) {
    std::map<std::string, Dim> values;
    for (const auto& [name, value] : symbols) values.emplace(name, Dim(value));
    result = substitute_symbols(result, values);
  }
  return substitute_indices(result, [&](int axis) {
    ONNXC_CHECK(axis >= 0 && static_cast<size_t>(axis) < extents.size(), "loop index {} of {}",
                axis, extents.size());
    return Dim::index(axis, extents[static_cast<size_t>(axis)]);
  });
}

Tensor empty_result(DType type, const std::vector<int64_t>& dims) {
  const int64_t bytes = static_cast<int64_t>(std::max<size_t>(1, byte_size(type)));
  if (count_of(dims) > kLargestResult / bytes) {
    throw CompileError("a result of {} elements of {} is larger than {} MiB", count_of(dims),
                       name(type), kLargestResult >> 20);
  }
  return Tensor(type, dims);
}

// Where results go: elements' bytes, or strings.
class Sink {
 public:
  Sink(DType type, const std::vector<int64_t>& dims, const std::vector<Tensor>& inputs)
      : inputs_(inputs), tensor_(empty_result(type, dims)) {
    if (type == DType::kString) strings_.resize(static_cast<size_t>(count_of(dims)));
    if (type != DType::kString) bytes_ = tensor_.mutable_bytes();
  }

  void store(const LaneRegister& lanes, int64_t first, int count) {
    if (tensor_.type() != DType::kString)
      return store_lanes(tensor_.type(), lanes, count, bytes_, first);
    const auto* from = reinterpret_cast<const int64_t*>(lanes.bytes.data());
    for (int i = 0; i < count; ++i)
      strings_[static_cast<size_t>(first + i)] = string_of_lane(from[i], inputs_);
  }

  Tensor take() {
    if (tensor_.type() == DType::kString)
      return Tensor::of_strings(tensor_.dims(), std::move(strings_));
    return std::move(tensor_);
  }

 private:
  const std::vector<Tensor>& inputs_;
  Tensor tensor_;
  std::byte* bytes_ = nullptr;
  std::vector<std::string> strings_;
};

// A map that is one load along strides is a copy of bytes.
bool is_strided_copy(const LaneProgram& program) {
  return program.steps.size() == 1 && program.once.empty() && program.steps[0].affine >= 0 &&
         program.steps[0].input >= 0;
}

Tensor evaluate_points(const E& body, const std::vector<int64_t>& dims,
                       const std::vector<Tensor>& inputs) {
  const int64_t total = count_of(dims);
  if (total == 0) return Tensor(body.type(), dims);
  const LaneProgram program = compile_lanes(body, dims, 0, inputs);
  if (is_strided_copy(program)) {
    Tensor result = empty_result(body.type(), dims);
    const Affine& affine = program.affines[static_cast<size_t>(program.steps[0].affine)];
    const Tensor& input = inputs[static_cast<size_t>(program.steps[0].input)];
    strided_copy(result.mutable_bytes(), input.data<std::byte>(), byte_size(body.type()),
                 affine.base, program.extents, affine.coefficients);
    return result;
  }
  Sink sink(body.type(), dims, inputs);
  LaneFrame frame(program, inputs);
  for (int64_t first = 0; first < total; first += kLanes) {
    const int count = static_cast<int>(std::min<int64_t>(kLanes, total - first));
    frame.run(first, count);
    sink.store(frame.registers[static_cast<size_t>(program.result)], first, count);
  }
  return sink.take();
}

// Hands the reducer all points of outputs [first, first + count), which have `each` points.
void reduce_points(LaneFrame& frame, int64_t first, int count, int64_t each, Reducer& reducer) {
  for (int64_t point = first * each; point < (first + count) * each;) {
    const int run = static_cast<int>(std::min<int64_t>(kLanes, (first + count) * each - point));
    frame.run(point, run);
    const LaneRegister& lanes = frame.registers[static_cast<size_t>(frame.program.result)];
    for (int lane = 0; lane < run;) {
      const int64_t position = point % each;
      const int length = static_cast<int>(std::min<int64_t>(run - lane, each - position));
      reducer.take(static_cast<int>(point / each - first), lanes, lane, length, position);
      lane += length;
      point += length;
    }
  }
}

Tensor evaluate_reduction(const Map& map, const E& body, const E& finish,
                          const std::vector<int64_t>& dims, const std::vector<int64_t>& reduced,
                          const std::vector<Tensor>& inputs) {
  const DType type = result_type(map);
  const int64_t total = count_of(dims), each = count_of(reduced);
  Sink sink(type, dims, inputs);
  if (total == 0) return sink.take();

  std::vector<int64_t> extents = dims;
  extents.insert(extents.end(), reduced.begin(), reduced.end());
  LaneProgram program;
  if (each > 0) program = compile_lanes(body, extents, dims.size(), inputs);
  LaneProgram last;
  if (finish) last = compile_lanes(finish, dims, 0, inputs);
  std::optional<Contraction> contraction;
  if (map.reduction == Reduction::kSum && is_contraction(program))
    contraction.emplace(program, inputs);
  LaneFrame frame(program, inputs), last_frame(last, inputs);
  LaneRegister accumulated;

  for (int64_t first = 0; first < total; first += kLanes) {
    const int count = static_cast<int>(std::min<int64_t>(kLanes, total - first));
    if (contraction) {
      contraction->sums(first, count, accumulated);
    } else {
      const auto reducer = make_reducer(map.reduction, body.type());
      reduce_points(frame, first, count, each, *reducer);
      reducer->give(accumulated);
    }
    if (!finish.ref()) {
      sink.store(accumulated, first, count);
      continue;
    }
    if (last.accumulator >= 0)
      last_frame.registers[static_cast<size_t>(last.accumulator)] = accumulated;
    last_frame.run(first, count);
    sink.store(last_frame.registers[static_cast<size_t>(last.result)], first, count);
  }
  return sink.take();
}

}  // namespace

Tensor evaluate(const Map& map, const std::vector<Tensor>& inputs, const SymbolValues& symbols) {
  const std::vector<int64_t> dims = evaluate_shape(map.space, symbols);
  const std::vector<int64_t> reduced = evaluate_shape(map.reduced, symbols);
  std::vector<int64_t> extents = dims;
  extents.insert(extents.end(), reduced.begin(), reduced.end());
  const E body = bound(map.body, symbols, extents), finish = bound(map.finish, symbols, dims);
  if (map.reduction != Reduction::kNone)
    return evaluate_reduction(map, body, finish, dims, reduced, inputs);
  if (!finish.ref()) return evaluate_points(body, dims, inputs);
  const E whole = rewrite(finish, [&](const Expr& e) -> std::optional<E> {
    if (e.kind == Expr::Kind::kAccumulator) return body;
    return std::nullopt;
  });
  return evaluate_points(whole, dims, inputs);
}

}  // namespace onnxc

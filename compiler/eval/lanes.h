// Straight-line programs over runs of points: how the evaluator computes an expression for 256
// points at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "compiler/ir/dtype.h"
#include "compiler/ir/expr.h"
#include "compiler/ir/tensor.h"

namespace onnxc {

constexpr int kLanes = 256;

// A register holds one value a point: float for float and narrower floats, double, or int64 for
// integers, bools and strings (an input's number and an element's).
template <class T>
using LaneOf = std::conditional_t<std::is_floating_point_v<T>, T, int64_t>;

struct alignas(64) LaneRegister {
  std::array<std::byte, kLanes * sizeof(int64_t)> bytes;
};

// base + sum of coefficients[k] * index k.
struct Affine {
  int64_t base = 0;
  std::vector<int64_t> coefficients;
};

// Points of a run which differ in the innermost index only.
struct LaneSegment {
  std::vector<int64_t> index;  // of its first point
  int length = 0;
};

struct LaneFrame;

// One operation on all lanes: registers `a`, `b`, `c` give register `to`; -1 is none.
struct LaneStep {
  void (*run)(const LaneStep&, LaneFrame&) = nullptr;
  int to = -1, a = -1, b = -1, c = -1;
  int affine = -1;     // number of an Affine of the program
  int input = -1;      // number of an input
  int64_t number = 0;  // an operand known ahead
};

struct LaneProgram {
  std::vector<int64_t> extents;  // of the loop indices; not empty
  size_t space_axes = 0;         // those before the boundary
  std::vector<Affine> affines;
  std::vector<LaneStep> once;   // constants, before the first run
  std::vector<LaneStep> steps;  // for each run
  int registers = 0;
  int accumulator = -1;  // register to be filled with the reduced value before each run
  int result = -1;
  DType type = DType::kUndefined;  // of the result
};

// Where a program runs: its registers and the points at hand.
struct LaneFrame {
  LaneFrame(const LaneProgram& program, const std::vector<Tensor>& inputs);

  // Computes points [first, first + count) of the row-major order of the extents; count <= kLanes.
  void run(int64_t first, int count);

  template <class T>
  LaneOf<T>* lanes(int number) {
    return reinterpret_cast<LaneOf<T>*>(registers[static_cast<size_t>(number)].bytes.data());
  }
  int64_t at(const Affine& affine, const LaneSegment& segment) const {
    int64_t value = affine.base;
    for (size_t k = 0; k < segment.index.size(); ++k)
      value += affine.coefficients[k] * segment.index[k];
    return value;
  }

  const LaneProgram& program;
  const std::vector<Tensor>& inputs;
  std::vector<const std::byte*> data;  // of each input; null for strings
  std::vector<LaneRegister> registers;
  std::vector<LaneSegment> segments;  // the first `segment_count` are in use
  int segment_count = 0;
  int count = 0;

 private:
  void find_segments(int64_t first);
};

using LaneRun = void (*)(const LaneStep&, LaneFrame&);

// The step for an operator on operands of `type`; null where the type does not know it. kCast has
// its own.
LaneRun lane_operation(ScalarOp op, DType type);
LaneRun lane_string_operation(ScalarOp op);
LaneRun lane_cast(DType from, DType to);
LaneRun lane_select(DType type);
LaneRun lane_constant(DType type);  // bits of the lane in `number`
int64_t lane_constant_bits(const Expr& constant);

// Indices, all int64.
LaneRun lane_affine();           // to = affine
LaneRun lane_add();              // to = a + b
LaneRun lane_multiply();         // to = a * b
LaneRun lane_multiply_number();  // to = a * number
LaneRun lane_floor_div();        // to = a / b, 0 where b is 0
LaneRun lane_floor_mod();
LaneRun lane_floor_div_number();  // to = a / number, number > 0
LaneRun lane_floor_mod_number();
LaneRun lane_min();
LaneRun lane_max();
LaneRun lane_and();      // of bools
LaneRun lane_and_not();  // a and not b
LaneRun lane_not();
// CompileError if an index in `a` lies outside [0, number) in a lane where `b` is set (-1: in any).
LaneRun lane_check();

// Elements of `input`: at `affine`, or at the offsets in `a` where `b` is set (-1: everywhere).
LaneRun lane_load(DType type);
LaneRun lane_gather(DType type);

// Stores `count` lanes as elements `first`... of a tensor of `type` (not strings).
void store_lanes(DType type, const LaneRegister& lanes, int count, std::byte* bytes, int64_t first);

// The string that a lane of a string register stands for.
const std::string& string_of_lane(int64_t lane, const std::vector<Tensor>& inputs);

// Calls `visit` with a zero of the C++ type that computes elements of `type`.
template <class Visit>
auto with_lane_type(DType type, Visit&& visit) {
  switch (type) {
    case DType::kDouble:
      return visit(double{});
    case DType::kUint8:
    case DType::kUint4:
    case DType::kUint2:
      return visit(uint8_t{});
    case DType::kInt8:
    case DType::kInt4:
    case DType::kInt2:
      return visit(int8_t{});
    case DType::kBool:
      return visit(bool{});
    case DType::kUint16:
      return visit(uint16_t{});
    case DType::kInt16:
      return visit(int16_t{});
    case DType::kUint32:
      return visit(uint32_t{});
    case DType::kInt32:
      return visit(int32_t{});
    case DType::kUint64:
      return visit(uint64_t{});
    case DType::kInt64:
    case DType::kString:
      return visit(int64_t{});
    default:
      return visit(float{});
  }
}

}  // namespace onnxc

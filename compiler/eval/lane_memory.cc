// Lane steps that compute indices, check them and load elements; the runs of points themselves.
#include <algorithm>
#include <cstring>

#include "compiler/eval/lane_operations.h"
#include "compiler/eval/narrow_lanes.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

int64_t floor_div_lane(int64_t a, int64_t b) {
  if (b == 0) return 0;
  if (b == -1) return static_cast<int64_t>(0 - static_cast<uint64_t>(a));
  const int64_t q = a / b;
  return q - ((a % b != 0) && ((a < 0) != (b < 0)));
}

// Divisions of 32 bits are several times as fast.
int64_t floor_div_positive(int64_t a, int64_t b) {
  if (static_cast<uint64_t>(a | b) >> 32 == 0)
    return static_cast<uint32_t>(a) / static_cast<uint32_t>(b);
  return floor_div_lane(a, b);
}

int64_t rest(int64_t a, int64_t b, int64_t quotient) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) -
                              static_cast<uint64_t>(b) * static_cast<uint64_t>(quotient));
}

struct DivNumber {
  static int64_t apply(int64_t a, int64_t b) { return floor_div_positive(a, b); }
};
struct ModNumber {
  static int64_t apply(int64_t a, int64_t b) { return rest(a, b, floor_div_positive(a, b)); }
};
struct MultiplyNumber {
  static int64_t apply(int64_t a, int64_t b) {
    return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
  }
};

template <class Op>
void with_number(const LaneStep& step, LaneFrame& frame) {
  const int64_t* a = frame.lanes<int64_t>(step.a);
  int64_t* to = frame.lanes<int64_t>(step.to);
  for (int i = 0; i < frame.count; ++i) to[i] = Op::apply(a[i], step.number);
}

void affine_lanes(const LaneStep& step, LaneFrame& frame) {
  const Affine& affine = frame.program.affines[static_cast<size_t>(step.affine)];
  const int64_t stride = affine.coefficients.back();
  int64_t* to = frame.lanes<int64_t>(step.to);
  for (int s = 0; s < frame.segment_count; ++s) {
    const LaneSegment& segment = frame.segments[static_cast<size_t>(s)];
    const int64_t start = frame.at(affine, segment);
    for (int i = 0; i < segment.length; ++i) to[i] = start + i * stride;
    to += segment.length;
  }
}

void check_lanes(const LaneStep& step, LaneFrame& frame) {
  const int64_t* a = frame.lanes<int64_t>(step.a);
  const auto extent = static_cast<uint64_t>(step.number);
  const int64_t* mask = step.b < 0 ? nullptr : frame.lanes<int64_t>(step.b);
  for (int i = 0; i < frame.count; ++i) {
    if (static_cast<uint64_t>(a[i]) < extent || (mask && !mask[i])) continue;
    throw CompileError("index {} is outside an axis of {} elements", a[i], step.number);
  }
}

// An element's storage to its lane.
template <class T>
struct Plain {
  using Stored = T;
  using Lane = LaneOf<T>;
  static Lane lane(T x) { return static_cast<Lane>(x); }
};
template <class S>
typename S::Lane element(const std::byte* data, int64_t i) {
  typename S::Stored stored;
  std::memcpy(&stored, data + static_cast<size_t>(i) * sizeof(stored), sizeof(stored));
  return S::lane(stored);
}

template <class S>
void load_lanes(const LaneStep& step, LaneFrame& frame) {
  const Affine& affine = frame.program.affines[static_cast<size_t>(step.affine)];
  const std::byte* data = frame.data[static_cast<size_t>(step.input)];
  const int64_t stride = affine.coefficients.back();
  auto* to = frame.lanes<typename S::Lane>(step.to);
  for (int s = 0; s < frame.segment_count; ++s) {
    const LaneSegment& segment = frame.segments[static_cast<size_t>(s)];
    const int64_t start = frame.at(affine, segment);
    if (stride == 0) {
      std::fill_n(to, segment.length, element<S>(data, start));
    } else if (stride == 1) {
      for (int i = 0; i < segment.length; ++i) to[i] = element<S>(data, start + i);
    } else {
      for (int i = 0; i < segment.length; ++i) to[i] = element<S>(data, start + i * stride);
    }
    to += segment.length;
  }
}

template <class S>
void gather_lanes(const LaneStep& step, LaneFrame& frame) {
  const std::byte* data = frame.data[static_cast<size_t>(step.input)];
  const int64_t* at = frame.lanes<int64_t>(step.a);
  auto* to = frame.lanes<typename S::Lane>(step.to);
  if (step.b < 0) {
    for (int i = 0; i < frame.count; ++i) to[i] = element<S>(data, at[i]);
    return;
  }
  const int64_t* mask = frame.lanes<int64_t>(step.b);
  for (int i = 0; i < frame.count; ++i)
    to[i] = mask[i] ? element<S>(data, at[i]) : typename S::Lane{};
}

// A string's lane: the input's number above 2^40, and the element's.
constexpr int kStringBits = 40;

void gather_strings(const LaneStep& step, LaneFrame& frame) {
  const int64_t* at = frame.lanes<int64_t>(step.a);
  const int64_t base = int64_t{step.input} << kStringBits;
  int64_t* to = frame.lanes<int64_t>(step.to);
  for (int i = 0; i < frame.count; ++i) to[i] = base + at[i];
}

template <bool kEqual>
void compare_strings(const LaneStep& step, LaneFrame& frame) {
  const int64_t* a = frame.lanes<int64_t>(step.a);
  const int64_t* b = frame.lanes<int64_t>(step.b);
  int64_t* to = frame.lanes<int64_t>(step.to);
  for (int i = 0; i < frame.count; ++i) {
    const bool same = string_of_lane(a[i], frame.inputs) == string_of_lane(b[i], frame.inputs);
    to[i] = same == kEqual;
  }
}

template <class Visit>
LaneRun with_storage(DType type, Visit&& visit) {
  if (is_narrow(type)) return with_narrow(type, visit);
  if (type == DType::kBool) return visit(Plain<uint8_t>{});
  return with_lane_type(type, [&](auto zero) { return visit(Plain<decltype(zero)>{}); });
}

}  // namespace

LaneRun lane_affine() { return affine_lanes; }
LaneRun lane_check() { return check_lanes; }
LaneRun lane_multiply_number() { return with_number<MultiplyNumber>; }
LaneRun lane_floor_div_number() { return with_number<DivNumber>; }
LaneRun lane_floor_mod_number() { return with_number<ModNumber>; }
LaneRun lane_floor_div() {
  return two_operands<int64_t>([](int64_t a, int64_t b) { return floor_div_lane(a, b); });
}
LaneRun lane_floor_mod() {
  return two_operands<int64_t>(
      [](int64_t a, int64_t b) { return b == 0 ? 0 : rest(a, b, floor_div_lane(a, b)); });
}

LaneRun lane_string_operation(ScalarOp op) {
  if (op == ScalarOp::kEq) return compare_strings<true>;
  if (op == ScalarOp::kNe) return compare_strings<false>;
  return nullptr;
}

LaneRun lane_load(DType type) {
  return with_storage(type, [](auto s) -> LaneRun { return load_lanes<decltype(s)>; });
}
LaneRun lane_gather(DType type) {
  if (type == DType::kString) return gather_strings;
  return with_storage(type, [](auto s) -> LaneRun { return gather_lanes<decltype(s)>; });
}

const std::string& string_of_lane(int64_t lane, const std::vector<Tensor>& inputs) {
  const auto element = static_cast<size_t>(lane & ((int64_t{1} << kStringBits) - 1));
  return inputs[static_cast<size_t>(lane >> kStringBits)].strings()[element];
}

LaneFrame::LaneFrame(const LaneProgram& p, const std::vector<Tensor>& tensors)
    : program(p), inputs(tensors), registers(static_cast<size_t>(p.registers)) {
  for (const Tensor& t : inputs)
    data.push_back(t.type() == DType::kString ? nullptr : t.bytes().data());
  for (const LaneStep& step : program.once) step.run(step, *this);
}

void LaneFrame::run(int64_t first, int points) {
  count = points;
  find_segments(first);
  for (const LaneStep& step : program.steps) step.run(step, *this);
}

void LaneFrame::find_segments(int64_t first) {
  const std::vector<int64_t>& extents = program.extents;
  std::vector<int64_t> index(extents.size());
  for (size_t k = extents.size(); k-- > 0; first /= extents[k]) index[k] = first % extents[k];
  segment_count = 0;
  for (int left = count; left > 0;) {
    if (static_cast<size_t>(segment_count) == segments.size()) segments.emplace_back();
    LaneSegment& segment = segments[static_cast<size_t>(segment_count++)];
    segment.index = index;
    segment.length = static_cast<int>(std::min<int64_t>(left, extents.back() - index.back()));
    left -= segment.length;
    index.back() += segment.length;
    for (size_t k = extents.size() - 1; k > 0 && index[k] == extents[k]; --k) {
      index[k] = 0;
      ++index[k - 1];
    }
  }
}

}  // namespace onnxc

// Accumulators by reduction and C++ type: floating types in double, integers in 64 bits.
#include "compiler/eval/reducer.h"

#include <array>
#include <limits>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

template <class T>
constexpr bool kFloating = std::is_floating_point_v<T>;
template <class T>
using Wide = std::conditional_t<kFloating<T>, double, uint64_t>;

template <class T>
const LaneOf<T>* at(const LaneRegister& lanes, int lane) {
  return reinterpret_cast<const LaneOf<T>*>(lanes.bytes.data()) + lane;
}

template <class T>
LaneOf<T>* lanes_of(LaneRegister& lanes) {
  return reinterpret_cast<LaneOf<T>*>(lanes.bytes.data());
}

template <class T, bool kProduct>
class Accumulate : public Reducer {
 public:
  Accumulate() { values_.fill(kProduct ? 1 : 0); }

  void take(int output, const LaneRegister& lanes, int lane, int length, int64_t) override {
    const LaneOf<T>* x = at<T>(lanes, lane);
    Wide<T>& value = values_[static_cast<size_t>(output)];
    int i = 0;
    if constexpr (!kProduct) {
      Wide<T> parts[4] = {};
      for (; i + 4 <= length; i += 4) {
        for (int k = 0; k < 4; ++k) parts[k] += static_cast<Wide<T>>(x[i + k]);
      }
      value += (parts[0] + parts[1]) + (parts[2] + parts[3]);
    }
    for (; i < length; ++i) {
      if constexpr (kProduct) {
        value *= static_cast<Wide<T>>(x[i]);
      } else {
        value += static_cast<Wide<T>>(x[i]);
      }
    }
  }

  void give(LaneRegister& results) const override {
    for (size_t i = 0; i < kLanes; ++i)
      lanes_of<T>(results)[i] = static_cast<LaneOf<T>>(static_cast<T>(values_[i]));
  }

 private:
  std::array<Wide<T>, kLanes> values_;
};

template <class T, bool kMax>
class Extreme : public Reducer {
 public:
  Extreme() {
    using Limits = std::numeric_limits<T>;
    if constexpr (kFloating<T>) {
      values_.fill(kMax ? -Limits::infinity() : Limits::infinity());
    } else {
      values_.fill(kMax ? Limits::lowest() : Limits::max());
    }
  }

  void take(int output, const LaneRegister& lanes, int lane, int length, int64_t) override {
    const LaneOf<T>* x = at<T>(lanes, lane);
    T value = values_[static_cast<size_t>(output)];
    for (int i = 0; i < length; ++i) {
      const T next = static_cast<T>(x[i]);
      const bool better = kMax ? next > value : next < value;
      if (better || next != next) value = next;
    }
    values_[static_cast<size_t>(output)] = value;
  }

  void give(LaneRegister& results) const override {
    for (size_t i = 0; i < kLanes; ++i)
      lanes_of<T>(results)[i] = static_cast<LaneOf<T>>(values_[i]);
  }

 private:
  std::array<T, kLanes> values_;
};

template <class T, bool kMax, bool kLast>
class ArgExtreme : public Reducer {
 public:
  ArgExtreme() { positions_.fill(0); }

  void take(int output, const LaneRegister& lanes, int lane, int length,
            int64_t position) override {
    const LaneOf<T>* x = at<T>(lanes, lane);
    T& best = best_[static_cast<size_t>(output)];
    int64_t& where = positions_[static_cast<size_t>(output)];
    if (position == 0) best = static_cast<T>(x[0]);
    for (int i = position == 0 ? 1 : 0; i < length; ++i) {
      const T next = static_cast<T>(x[i]);
      const bool better = kMax ? next > best : next < best;
      if (!better && !(kLast && next == best)) continue;
      best = next;
      where = position + i;
    }
  }

  void give(LaneRegister& results) const override {
    std::copy(positions_.begin(), positions_.end(), lanes_of<int64_t>(results));
  }

 private:
  std::array<T, kLanes> best_{};
  std::array<int64_t, kLanes> positions_;
};

}  // namespace

std::unique_ptr<Reducer> make_reducer(Reduction reduction, DType body) {
  if (body == DType::kString) throw CompileError("{} of strings", name(reduction));
  return with_lane_type(body, [&](auto zero) -> std::unique_ptr<Reducer> {
    using T = decltype(zero);
    switch (reduction) {
      case Reduction::kSum:
        return std::make_unique<Accumulate<T, false>>();
      case Reduction::kProduct:
        return std::make_unique<Accumulate<T, true>>();
      case Reduction::kMax:
        return std::make_unique<Extreme<T, true>>();
      case Reduction::kMin:
        return std::make_unique<Extreme<T, false>>();
      case Reduction::kArgMaxFirst:
        return std::make_unique<ArgExtreme<T, true, false>>();
      case Reduction::kArgMaxLast:
        return std::make_unique<ArgExtreme<T, true, true>>();
      case Reduction::kArgMinFirst:
        return std::make_unique<ArgExtreme<T, false, false>>();
      case Reduction::kArgMinLast:
        return std::make_unique<ArgExtreme<T, false, true>>();
      case Reduction::kNone:
        break;
    }
    throw InternalError(__FILE__, __LINE__, "no reduction");
  });
}

}  // namespace onnxc

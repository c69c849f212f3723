// Finds which sizes of carried values change, then builds the step.
#include "compiler/ops/loop_builder.h"

#include <algorithm>
#include <set>

namespace onnxc {
namespace {

constexpr int kMostRounds = 4;
constexpr int64_t kUnlimited = int64_t{1} << 31;  // iterations

// An axis of a carried value whose size is the loop's.
struct Varying {
  size_t value;
  size_t axis;
  SymbolRef symbol;
  Dim first;
};

class Builder {
 public:
  Builder(Lowering& x, const OnnxGraph& source, const LoopPlan& plan)
      : x_(x), source_(source), plan_(plan) {
    limited_ = !plan.trips.is_constant() || plan.trips.value() < kUnlimited;
    iteration_ = limited_ ? x.fresh_symbol("iteration", 0, plan.trips) : x.open_symbol("iteration");
    for (const Value* v : plan.start) shapes_.push_back(v->shape);
  }

  std::optional<std::vector<Value*>> run() {
    for (int round = 0; round < kMostRounds; ++round) {
      Body body(x_, source_);
      const Iteration last = lower(body);
      if (last.again) return std::nullopt;
      if (let_vary(last)) continue;
      return finish(body, last);
    }
    throw x_.error("the sizes of its carried values do not settle");
  }

 private:
  Iteration lower(Body& body) {
    std::vector<Value*> carried;
    for (size_t k = 0; k < plan_.start.size(); ++k)
      carried.push_back(body.add_input(plan_.start[k]->name, plan_.start[k]->type, shapes_[k]));
    Iteration result = plan_.lower(body, Dim(iteration_), carried);
    if (result.again) return result;
    if (result.carried.size() != carried.size())
      throw x_.error("its body gives {} carried values for {}", result.carried.size(),
                     carried.size());
    for (size_t k = 0; k < carried.size(); ++k) {
      const Value &start = *plan_.start[k], &next = *result.carried[k];
      if (next.type != start.type || next.shape.size() != start.shape.size())
        throw x_.error("carried value {} begins as {}{} and goes on as {}{}", k, name(start.type),
                       text(start.shape), name(next.type), text(next.shape));
    }
    return result;
  }

  // Gives a size of the loop to each axis that changes; says whether there are new ones, or bounds.
  bool let_vary(const Iteration& last) {
    bool again = false;
    for (size_t k = 0; k < shapes_.size(); ++k) {
      for (size_t axis = 0; axis < shapes_[k].size(); ++axis) {
        const Dim& next = last.carried[k]->shape[axis];
        if (next == shapes_[k][axis]) continue;
        const auto known = std::find_if(varying_.begin(), varying_.end(), [&](const Varying& v) {
          return v.value == k && v.axis == axis;
        });
        if (known == varying_.end()) {
          add_varying(k, axis);
          again = true;
        } else if (!bounded_.count(known->symbol->name)) {
          bound(*known, next);
          again = true;
        }
      }
    }
    return again;
  }

  void add_varying(size_t value, size_t axis) {
    const SymbolRef symbol = x_.fresh_symbol("carried_size", 0, kUnlimited);
    varying_.push_back({value, axis, symbol, plan_.start[value]->shape[axis]});
    shapes_[value][axis] = Dim(symbol);
  }

  // A new symbol for the size, with a bound: that of growth by a fixed amount, or the one that the
  // size's own expression has, or one that is asked for.
  void bound(Varying& v, const Dim& next) {
    const Dim growth = next - Dim(v.symbol);
    if (!changes(growth)) {
      v.symbol = limited_
                     ? x_.fresh_symbol("carried_size", 0, v.first + max(growth, 0) * plan_.trips)
                     : x_.open_symbol("carried_size");
    } else {
      const int64_t most = std::max(v.first.range().max, next.range().max);
      v.symbol = most < kUnlimited ? x_.fresh_symbol("carried_size", 0, most)
                                   : x_.open_symbol("carried_size");
    }
    shapes_[v.value][v.axis] = Dim(v.symbol);
    bounded_.insert(v.symbol->name);
  }

  // Whether the size differs between iterations.
  bool changes(const Dim& size) const {
    const auto symbols = size.symbols();
    return std::any_of(symbols.begin(), symbols.end(), [&](const SymbolRef& s) {
      return s->name == iteration_->name ||
             std::any_of(varying_.begin(), varying_.end(),
                         [&](const Varying& v) { return v.symbol->name == s->name; });
    });
  }

  std::vector<Value*> finish(Body& body, const Iteration& last) {
    Loop loop;
    loop.carried = plan_.start.size();
    loop.trips = plan_.trips;
    loop.iteration = iteration_;
    loop.tests_entry = plan_.entry != nullptr;
    std::vector<Value*> outputs, inputs;
    if (last.goes_on && known_bool(body.lowering(), last.goes_on) != true) {
      loop.tests_next = true;
      outputs.push_back(last.goes_on);
    }
    outputs.insert(outputs.end(), last.carried.begin(), last.carried.end());
    outputs.insert(outputs.end(), last.stacked.begin(), last.stacked.end());
    body.set_outputs(outputs);
    for (const Varying& v : varying_) {
      loop.sizes.push_back(v.symbol);
      loop.first_sizes.push_back(v.first);
      body.graph().sizes.push_back(last.carried[v.value]->shape[v.axis]);
    }
    if (plan_.entry) inputs.push_back(plan_.entry);
    inputs.insert(inputs.end(), plan_.start.begin(), plan_.start.end());
    inputs.insert(inputs.end(), body.captured().begin(), body.captured().end());
    body.publish_symbols();
    std::vector<Graph::Result> results;
    for (size_t k = 0; k < plan_.start.size(); ++k)
      results.push_back(
          {x_.part_name(fmt::format("carried_{}", k)), plan_.start[k]->type, shapes_[k]});
    const Dim count = loop.tests_entry || loop.tests_next ? Dim(iteration_) : plan_.trips;
    for (const Value* v : last.stacked) {
      Shape shape = v->shape;
      shape.insert(shape.begin(), count);
      results.push_back({x_.part_name("stacked"), v->type, checked(shape)});
    }
    loop.body = body.take_graph();
    return x_.graph().add_node(std::move(loop), inputs, results, x_.origins())->outputs;
  }

  // Stacked parts have one size in all iterations.
  Shape checked(const Shape& shape) {
    for (size_t k = 1; k < shape.size(); ++k) {
      if (changes(shape[k]))
        throw x_.error("it collects results whose size {} changes with the iteration",
                       shape[k].text());
    }
    return shape;
  }

  Lowering& x_;
  const OnnxGraph& source_;
  const LoopPlan& plan_;
  bool limited_;  // the number of iterations has a limit
  SymbolRef iteration_;
  std::vector<Shape> shapes_;
  std::vector<Varying> varying_;
  std::set<std::string> bounded_;
};

}  // namespace

std::optional<std::vector<Value*>> build_loop(Lowering& x, const OnnxGraph& source,
                                              const LoopPlan& plan) {
  return Builder(x, source, plan).run();
}

std::optional<bool> known_bool(Lowering& x, const Value* value) {
  const auto known = x.integers(value);
  if (!known || known->size() != 1 || !known->front().is_constant()) return std::nullopt;
  return !known->front().is(0);
}

Value* scalar_value(Lowering& x, DType type, int64_t value) {
  Tensor t(type, {});
  t.set_int64(0, value);
  return x.constant_value(t);
}

}  // namespace onnxc

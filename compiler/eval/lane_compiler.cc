// Expressions to lane programs: shared parts once, masks for loads that a select may not take.
#include "compiler/eval/lane_compiler.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

constexpr int kEverywhere = -1;  // no mask

class Compiler {
 public:
  Compiler(const std::vector<int64_t>& extents, const std::vector<Tensor>& inputs)
      : extents_(extents), inputs_(inputs) {}

  LaneProgram operator()(const E& x) {
    program_.extents = extents_;
    program_.type = x.type();
    program_.result = expression(x, kEverywhere);
    return std::move(program_);
  }

 private:
  int emit(LaneStep step) {
    step.to = program_.registers++;
    program_.steps.push_back(step);
    return step.to;
  }
  int emit(LaneRun run, int a, int b = -1, int c = -1) { return emit({run, -1, a, b, c}); }
  int emit_number(LaneRun run, int a, int64_t number) {
    LaneStep step{run, -1, a};
    step.number = number;
    return emit(step);
  }
  int emit_once(LaneRun run, int64_t bits) {
    LaneStep step{run, program_.registers++};
    step.number = bits;
    program_.once.push_back(step);
    return step.to;
  }
  int add_affine(const Dim& d) {
    program_.affines.push_back(affine_of(d, extents_.size()));
    return static_cast<int>(program_.affines.size()) - 1;
  }

  int expression(const E& x, int mask) {
    if (!may_fail(x)) mask = kEverywhere;
    const auto key = std::make_pair(x.ref().get(), mask);
    if (const auto it = done_.find(key); it != done_.end()) return it->second;
    const int result = fresh_expression(x, mask);
    done_.emplace(key, result);
    return result;
  }

  int fresh_expression(const E& x, int mask) {
    switch (x->kind) {
      case Expr::Kind::kConstant:
        return emit_once(lane_constant(x.type()), lane_constant_bits(*x));
      case Expr::Kind::kInteger:
        return index(x->integer, mask);
      case Expr::Kind::kLoad:
        return load(*x, mask);
      case Expr::Kind::kAccumulator:
        if (program_.accumulator < 0) program_.accumulator = program_.registers++;
        return program_.accumulator;
      case Expr::Kind::kCall:
        return x->op == ScalarOp::kSelect ? select(*x, mask) : operation(*x, mask);
    }
    throw InternalError(__FILE__, __LINE__, "an expression of no known kind");
  }

  int operation(const Expr& x, int mask) {
    const DType type = x.args[0]->type;
    const bool casts = x.op == ScalarOp::kCast;
    const LaneRun run = casts ? lane_cast(type, x.type) : lane_operation(x.op, type);
    if (!run) {
      throw CompileError("{} of {} cannot be evaluated",
                         casts ? fmt::format("cast to {}", name(x.type)) : name(x.op), name(type));
    }
    int operands[2] = {-1, -1};
    for (size_t i = 0; i < x.args.size(); ++i) operands[i] = expression(E(x.args[i]), mask);
    return emit(run, operands[0], operands[1]);
  }

  int select(const Expr& x, int mask) {
    const int condition = expression(E(x.args[0]), mask);
    const auto branch = [&](size_t i, LaneRun taken, LaneRun taken_under_mask) {
      const E value(x.args[i]);
      if (!may_fail(value)) return expression(value, kEverywhere);
      const auto key = std::make_tuple(condition, mask, i);
      auto [it, fresh] = masks_.emplace(key, -1);
      if (fresh) {
        it->second = mask != kEverywhere ? emit(taken_under_mask, mask, condition)
                     : taken             ? emit(taken, condition)
                                         : condition;
      }
      return expression(value, it->second);
    };
    const int yes = branch(1, nullptr, lane_and());
    const int no = branch(2, lane_not(), lane_and_not());
    return emit(lane_select(x.type), condition, yes, no);
  }

  int load(const Expr& x, int mask) {
    const Tensor& input = inputs_.at(static_cast<size_t>(x.input));
    ONNXC_CHECK(input.type() == x.type && input.dims().size() == x.index.size(),
                "load of {} of rank {} from {} of rank {}", name(x.type), x.index.size(),
                name(input.type()), input.dims().size());
    Dim offset = 0;
    int64_t stride = 1;
    bool safe = true;
    for (size_t k = x.index.size(); k-- > 0; stride *= input.dims()[k]) {
      const int64_t extent = input.dims()[k];
      if (!is_within(x.index[k], extents_, extent)) {
        safe = false;
        LaneStep check{lane_check(), -1, index(x.index[k], mask), mask};
        check.number = extent;
        emit(check);
      }
      offset = offset + x.index[k] * stride;
    }
    LaneStep step;
    step.input = x.input;
    if (safe && is_affine(offset) && x.type != DType::kString) {
      step.run = lane_load(x.type);
      step.affine = add_affine(offset);
    } else {
      step.run = lane_gather(x.type);
      step.a = index(offset, mask);
      step.b = safe ? kEverywhere : mask;
    }
    return emit(step);
  }

  int index(const Dim& d, int mask) {
    if (!d.has_opaque()) mask = kEverywhere;
    const auto key = std::make_pair(d.text(), mask);
    if (const auto it = indices_.find(key); it != indices_.end()) return it->second;
    const int result = fresh_index(d, mask);
    indices_.emplace(key, result);
    return result;
  }

  int fresh_index(const Dim& d, int mask) {
    Dim linear = d.offset();
    int sum = -1;
    for (const Dim::Term& t : d.terms()) {
      if (t.factors.size() == 1 && t.factors[0]->kind == Dim::Kind::kIndex) {
        const Dim::Atom& a = *t.factors[0];
        linear = linear + Dim::index(a.axis, a.args[0]) * t.coefficient;
        continue;
      }
      int product = -1;
      for (const Dim::AtomRef& f : t.factors) {
        const int value = atom(*f, mask);
        product = product < 0 ? value : emit(lane_multiply(), product, value);
      }
      if (t.coefficient != 1) product = emit_number(lane_multiply_number(), product, t.coefficient);
      sum = sum < 0 ? product : emit(lane_add(), sum, product);
    }
    if (sum >= 0 && linear.is(0)) return sum;
    LaneStep step{lane_affine()};
    step.affine = add_affine(linear);
    const int rest = emit(step);
    return sum < 0 ? rest : emit(lane_add(), sum, rest);
  }

  int atom(const Dim::Atom& a, int mask) {
    switch (a.kind) {
      case Dim::Kind::kSymbol:
        throw CompileError("size \"{}\" has no value", a.symbol->name);
      case Dim::Kind::kIndex:
        return index(Dim::index(a.axis, a.args[0]), mask);
      case Dim::Kind::kOpaque:
        return opaque(E(a.scalar), mask);
      case Dim::Kind::kFloorDiv:
        if (a.args[1].is_constant() && a.args[1].value() > 0)
          return emit_number(lane_floor_div_number(), index(a.args[0], mask), a.args[1].value());
        return emit(lane_floor_div(), index(a.args[0], mask), index(a.args[1], mask));
      case Dim::Kind::kFloorMod:
        if (a.args[1].is_constant() && a.args[1].value() > 0)
          return emit_number(lane_floor_mod_number(), index(a.args[0], mask), a.args[1].value());
        return emit(lane_floor_mod(), index(a.args[0], mask), index(a.args[1], mask));
      case Dim::Kind::kMin:
        return emit(lane_min(), index(a.args[0], mask), index(a.args[1], mask));
      case Dim::Kind::kMax:
        return emit(lane_max(), index(a.args[0], mask), index(a.args[1], mask));
    }
    throw InternalError(__FILE__, __LINE__, "an index of no known kind");
  }

  int opaque(const E& scalar, int mask) {
    const int value = expression(scalar, mask);
    if (!is_float(scalar.type())) return value;
    return emit(lane_cast(scalar.type(), DType::kInt64), value);
  }

  // True if evaluating `x` could load from outside an input.
  bool may_fail(const E& x) {
    const auto it = may_fail_.find(x.ref().get());
    if (it != may_fail_.end()) return it->second;
    bool result = std::any_of(x->args.begin(), x->args.end(),
                              [&](const ExprRef& a) { return may_fail(E(a)); });
    if (x->kind == Expr::Kind::kInteger) result = x->integer.has_opaque();
    for (size_t k = 0; k < x->index.size() && !result; ++k) {
      const auto& dims = inputs_.at(static_cast<size_t>(x->input)).dims();
      result = k >= dims.size() || !is_within(x->index[k], extents_, dims[k]);
    }
    may_fail_.emplace(x.ref().get(), result);
    return result;
  }

  const std::vector<int64_t>& extents_;
  const std::vector<Tensor>& inputs_;
  LaneProgram program_;
  std::map<std::pair<const Expr*, int>, int> done_;
  std::map<std::pair<std::string, int>, int> indices_;
  std::map<std::tuple<int, int, size_t>, int> masks_;  // by condition, outer mask, branch
  std::unordered_map<const Expr*, bool> may_fail_;
};

void erase_axis(LaneProgram& program, size_t axis) {
  program.extents.erase(program.extents.begin() + static_cast<std::ptrdiff_t>(axis));
  for (Affine& a : program.affines)
    a.coefficients.erase(a.coefficients.begin() + static_cast<std::ptrdiff_t>(axis));
  program.space_axes -= axis < program.space_axes;
}

void merge_axes(LaneProgram& program) {
  for (size_t k = program.extents.size(); k-- > 0;) {
    if (program.extents[k] != 1 || program.extents.size() == 1) continue;
    erase_axis(program, k);
  }
  for (size_t k = program.extents.size(); k-- > 1;) {
    const int64_t inner = program.extents[k];
    const bool as_one =
        k != program.space_axes &&
        std::all_of(program.affines.begin(), program.affines.end(), [&](const Affine& a) {
          return a.coefficients[k - 1] == a.coefficients[k] * inner;
        });
    if (!as_one) continue;
    program.extents[k] *= program.extents[k - 1];
    erase_axis(program, k - 1);
  }
}

}  // namespace

bool is_affine(const Dim& index) {
  const auto terms = index.terms();
  return std::all_of(terms.begin(), terms.end(), [](const Dim::Term& t) {
    return t.factors.size() == 1 && t.factors[0]->kind == Dim::Kind::kIndex;
  });
}

Affine affine_of(const Dim& index, size_t axes) {
  Affine affine{index.offset(), std::vector<int64_t>(axes, 0)};
  for (const Dim::Term& t : index.terms())
    affine.coefficients.at(static_cast<size_t>(t.factors[0]->axis)) = t.coefficient;
  return affine;
}

bool is_within(const Dim& index, const std::vector<int64_t>& extents, int64_t extent) {
  if (!is_affine(index)) {
    const Range range = index.has_opaque() ? Range{-1, extent} : index.range();
    return range.min >= 0 && range.max < extent;
  }
  const Affine affine = affine_of(index, extents.size());
  int64_t min = affine.base, max = affine.base;
  for (size_t k = 0; k < extents.size(); ++k) {
    const int64_t reach = affine.coefficients[k] * (extents[k] - 1);
    (reach < 0 ? min : max) += reach;
  }
  return min >= 0 && max < extent;
}

LaneProgram compile_lanes(const E& x, const std::vector<int64_t>& extents, size_t boundary,
                          const std::vector<Tensor>& inputs) {
  LaneProgram program = Compiler(extents, inputs)(x);
  program.space_axes = boundary;
  if (program.extents.empty()) {
    program.extents.push_back(1);
    for (Affine& a : program.affines) a.coefficients.push_back(0);
  }
  merge_axes(program);
  return program;
}

}  // namespace onnxc

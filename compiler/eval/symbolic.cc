// Following producers: one element at a time through loads, selects and arithmetic.
#include "compiler/eval/symbolic.h"

#include <algorithm>

#include "compiler/eval/evaluate.h"
#include "compiler/eval/symbolic_evaluator.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

constexpr int kDeepest = 200;            // producers
constexpr int64_t kMostTerms = 1 << 14;  // of reductions

int64_t count_of(const std::vector<int64_t>& dims) {
  double count = 1;
  for (const int64_t d : dims) count *= static_cast<double>(d);
  return count > 1e9 ? int64_t{1} << 30 : static_cast<int64_t>(count);
}

// The points of a box in row-major order; `visit` gives false to stop.
template <class Visit>
bool for_each_point(const std::vector<int64_t>& extents, std::vector<int64_t> prefix,
                    Visit&& visit) {
  const int64_t count = count_of(extents);
  const size_t lead = prefix.size();
  prefix.resize(lead + extents.size(), 0);
  for (int64_t i = 0; i < count; ++i) {
    int64_t rest = i;
    for (size_t k = extents.size(); k-- > 0; rest /= extents[k])
      prefix[lead + k] = rest % extents[k];
    if (!visit(prefix)) return false;
  }
  return true;
}

ScalarOp combining(Reduction reduction) {
  switch (reduction) {
    case Reduction::kSum:
      return ScalarOp::kAdd;
    case Reduction::kProduct:
      return ScalarOp::kMul;
    case Reduction::kMax:
      return ScalarOp::kMax;
    default:
      return ScalarOp::kMin;
  }
}

// Does `next` replace the best so far?
ScalarOp improving(Reduction reduction) {
  switch (reduction) {
    case Reduction::kArgMaxFirst:
      return ScalarOp::kGt;
    case Reduction::kArgMaxLast:
      return ScalarOp::kGe;
    case Reduction::kArgMinFirst:
      return ScalarOp::kLt;
    default:
      return ScalarOp::kLe;
  }
}

const bool* as_bool(const MaybeScalar& x) { return x ? std::get_if<bool>(&*x) : nullptr; }

}  // namespace

// Where an expression is evaluated.
struct SymbolicEvaluator::Scope {
  const Node& node;
  const Point& point;
  MaybeScalar accumulated;
  std::unordered_map<const Expr*, MaybeScalar> done;
};

const std::vector<MaybeScalar>* SymbolicEvaluator::elements(const Value& value) {
  const auto dims = constant_shape(value.shape);
  if (!dims || count_of(*dims) > kLargestSymbolic || depth_ > kDeepest) return nullptr;
  auto it = done_.find(&value);
  if (it == done_.end()) {
    ++depth_;
    Elements result;
    try {
      result = compute(value, *dims);
    } catch (const CompileError&) {
    } catch (const InternalError&) {
    }
    --depth_;
    it = done_.emplace(&value, std::move(result)).first;
  }
  return it->second ? &*it->second : nullptr;
}

SymbolicEvaluator::Elements SymbolicEvaluator::compute(const Value& value,
                                                       const std::vector<int64_t>& dims) {
  if (value.is_constant()) {
    std::vector<MaybeScalar> result;
    for (int64_t i = 0; i < value.constant->size(); ++i)
      result.push_back(scalar_of(*value.constant, i));
    return result;
  }
  if (!value.producer) return of_reads(value, dims);
  const Node& node = *value.producer;
  if (const Map* map = node.as<Map>()) return of_map(*map, node, dims);
  if (const Concat* concat = node.as<Concat>()) return of_concat(*concat, node, dims);
  if (node.as<Reshape>()) {
    const auto* input = elements(*node.inputs.at(0));
    return input ? Elements(*input) : std::nullopt;
  }
  auto known = node.as<Loop>() ? std::nullopt : of_constants(node, value);
  return known ? std::move(known) : of_reads(value, dims);
}

SymbolicEvaluator::Elements SymbolicEvaluator::of_reads(const Value& value,
                                                        const std::vector<int64_t>& dims) const {
  const auto first = read_.lower_bound({&value, 0});
  if (first == read_.end() || first->first.first != &value) return std::nullopt;
  std::vector<MaybeScalar> result(static_cast<size_t>(count_of(dims)));
  for (auto it = first; it != read_.end() && it->first.first == &value; ++it)
    result.at(static_cast<size_t>(it->first.second)) = Dim(it->second);
  return result;
}

SymbolicEvaluator::Elements SymbolicEvaluator::of_concat(const Concat& concat, const Node& node,
                                                         const std::vector<int64_t>& dims) {
  const auto axis = static_cast<size_t>(concat.axis);
  int64_t outer = 1;
  for (size_t k = 0; k < axis; ++k) outer *= dims.at(k);
  std::vector<std::vector<MaybeScalar>> parts;
  for (const Value* v : node.inputs) {
    const auto* part = elements(*v);
    const auto part_dims = constant_shape(v->shape);
    if (!part && !part_dims) return std::nullopt;
    parts.push_back(part ? *part : std::vector<MaybeScalar>(count_of(*part_dims)));
  }
  std::vector<MaybeScalar> result;
  for (int64_t o = 0; o < outer; ++o) {
    for (const auto& part : parts) {
      const int64_t run = static_cast<int64_t>(part.size()) / outer;
      result.insert(result.end(), part.begin() + o * run, part.begin() + (o + 1) * run);
    }
  }
  return result;
}

SymbolicEvaluator::Elements SymbolicEvaluator::of_constants(const Node& node, const Value& value) {
  std::vector<Tensor> inputs;
  for (const Value* v : node.inputs) {
    const auto* known = elements(*v);
    if (!known) return std::nullopt;
    const auto scalars = all_known(*known);
    if (!scalars) return std::nullopt;
    auto tensor = tensor_of(*scalars, v->type, constant_shape(v->shape).value());
    if (!tensor) return std::nullopt;
    inputs.push_back(std::move(*tensor));
  }
  const std::vector<Tensor> results = evaluate(node, inputs, {});
  const auto at = std::find(node.outputs.begin(), node.outputs.end(), &value);
  const Tensor& result = results.at(static_cast<size_t>(at - node.outputs.begin()));
  std::vector<MaybeScalar> scalars;
  for (int64_t i = 0; i < result.size(); ++i) scalars.push_back(scalar_of(result, i));
  return scalars;
}

SymbolicEvaluator::Elements SymbolicEvaluator::of_map(const Map& map, const Node& node,
                                                      const std::vector<int64_t>& dims) {
  const auto reduced = constant_shape(map.reduced);
  if (!reduced || count_of(*reduced) > kMostTerms / std::max<int64_t>(1, count_of(dims)))
    return std::nullopt;
  std::vector<MaybeScalar> result;
  for_each_point(dims, {}, [&](const Point& point) {
    MaybeScalar x;
    if (map.reduction != Reduction::kNone) {
      x = reduction(map, node, point, *reduced);
    } else {
      Scope scope{node, point, {}, {}};
      x = expression(map.body, scope);
    }
    if (x && map.finish) {
      Scope scope{node, point, x, {}};
      x = expression(map.finish, scope);
    }
    result.push_back(x);
    return true;
  });
  return result;
}

MaybeScalar SymbolicEvaluator::reduction(const Map& map, const Node& node, const Point& point,
                                         const std::vector<int64_t>& reduced) {
  const DType type = map.body.type();
  const bool arg = map.reduction >= Reduction::kArgMaxFirst;
  MaybeScalar best;
  int64_t position = 0, where = 0;
  const bool complete = for_each_point(reduced, point, [&](const Point& at) {
    Scope scope{node, at, {}, {}};
    const MaybeScalar x = expression(map.body, scope);
    if (!x) return false;
    const int64_t here = position++;
    if (!best) {
      best = x;
      return true;
    }
    if (!arg) {
      best = apply(combining(map.reduction), type, {*best, *x});
      return best.has_value();
    }
    const MaybeScalar better = apply(improving(map.reduction), type, {*x, *best});
    if (!as_bool(better)) return false;
    if (*as_bool(better)) {
      best = x;
      where = here;
    }
    return true;
  });
  if (!complete) return std::nullopt;
  if (arg) return Dim(where);
  if (best) return best;
  if (map.reduction != Reduction::kSum && map.reduction != Reduction::kProduct) return std::nullopt;
  const int64_t neutral = map.reduction == Reduction::kProduct ? 1 : 0;
  return convert(Dim(neutral), DType::kInt64, type);
}

MaybeScalar SymbolicEvaluator::expression(const E& x, Scope& scope) {
  const auto it = scope.done.find(x.ref().get());
  if (it != scope.done.end()) return it->second;
  MaybeScalar result = fresh_expression(*x, scope);
  scope.done.emplace(x.ref().get(), result);
  return result;
}

MaybeScalar SymbolicEvaluator::fresh_expression(const Expr& x, Scope& scope) {
  switch (x.kind) {
    case Expr::Kind::kConstant:
      if (x.type == DType::kBool) return x.integer_value != 0;
      return is_float(x.type) ? SymbolicScalar(x.value) : SymbolicScalar(Dim(x.integer_value));
    case Expr::Kind::kInteger: {
      const auto d = index(x.integer, scope);
      return d ? MaybeScalar(*d) : std::nullopt;
    }
    case Expr::Kind::kAccumulator:
      return scope.accumulated;
    case Expr::Kind::kLoad:
      return load(x, scope);
    case Expr::Kind::kCall:
      return operation(x, scope);
  }
  return std::nullopt;
}

std::optional<int64_t> SymbolicEvaluator::loaded_offset(const Expr& x, Scope& scope) {
  const Value& input = *scope.node.inputs.at(static_cast<size_t>(x.input));
  const auto dims = constant_shape(input.shape);
  if (!dims || dims->size() != x.index.size()) return std::nullopt;
  int64_t offset = 0;
  for (size_t k = 0; k < dims->size(); ++k) {
    const auto at = index(x.index[k], scope);
    if (!at || !at->is_constant() || at->value() < 0 || at->value() >= (*dims)[k])
      return std::nullopt;
    offset = offset * (*dims)[k] + at->value();
  }
  return offset;
}

MaybeScalar SymbolicEvaluator::load(const Expr& x, Scope& scope) {
  const Value& input = *scope.node.inputs.at(static_cast<size_t>(x.input));
  const auto offset = loaded_offset(x, scope);
  if (!offset) return std::nullopt;
  if (input.is_constant()) return scalar_of(*input.constant, *offset);
  const auto* all = elements(input);
  return all ? all->at(static_cast<size_t>(*offset)) : std::nullopt;
}

std::optional<Element> SymbolicEvaluator::copied(const Value& value, int64_t offset) {
  const auto dims = constant_shape(value.shape);
  if (!value.producer || !dims) return std::nullopt;
  const Node& node = *value.producer;
  if (node.as<Reshape>()) return Element{node.inputs.at(0), offset};
  Point point(dims->size());
  for (size_t k = dims->size(); k-- > 0; offset /= (*dims)[k]) point[k] = offset % (*dims)[k];
  if (const Concat* concat = node.as<Concat>()) {
    int64_t& at = point.at(static_cast<size_t>(concat->axis));
    for (const Value* part : node.inputs) {
      const auto sizes = constant_shape(part->shape);
      if (!sizes) return std::nullopt;
      const int64_t size = sizes->at(static_cast<size_t>(concat->axis));
      if (at >= size) {
        at -= size;
        continue;
      }
      int64_t inside = 0;
      for (size_t k = 0; k < sizes->size(); ++k) inside = inside * (*sizes)[k] + point[k];
      return Element{part, inside};
    }
    return std::nullopt;
  }
  const Map* map = node.as<Map>();
  if (!map || map->reduction != Reduction::kNone || map->finish ||
      map->body->kind != Expr::Kind::kLoad)
    return std::nullopt;
  Scope scope{node, point, {}, {}};
  const auto inside = loaded_offset(*map->body, scope);
  return inside ? std::optional(Element{node.inputs.at(map->body->input), *inside}) : std::nullopt;
}

MaybeScalar SymbolicEvaluator::operation(const Expr& x, Scope& scope) {
  const MaybeScalar first = expression(E(x.args[0]), scope);
  if (x.op == ScalarOp::kCast) return first ? convert(*first, x.args[0]->type, x.type) : first;
  if (x.op == ScalarOp::kSelect) {
    if (as_bool(first)) return expression(E(x.args[*as_bool(first) ? 1 : 2]), scope);
    return std::nullopt;
  }
  if (x.args.size() == 1) return first ? apply(x.op, x.args[0]->type, {*first}) : first;
  if (x.op == ScalarOp::kAnd || x.op == ScalarOp::kOr) {
    const bool deciding = x.op == ScalarOp::kOr;
    if (as_bool(first) && *as_bool(first) == deciding) return deciding;
    const MaybeScalar second = expression(E(x.args[1]), scope);
    if (as_bool(second) && *as_bool(second) == deciding) return deciding;
    return first && second ? MaybeScalar(!deciding) : std::nullopt;
  }
  if (!first) return std::nullopt;
  const MaybeScalar second = expression(E(x.args[1]), scope);
  return second ? apply(x.op, x.args[0]->type, {*first, *second}) : std::nullopt;
}

std::optional<Dim> SymbolicEvaluator::index(const Dim& d, Scope& scope) {
  if (!d.has_index()) return d;
  bool known = true;
  const Dim result = d.substitute([&](const Dim::Atom& a) -> std::optional<Dim> {
    if (a.kind == Dim::Kind::kIndex) return Dim(scope.point.at(static_cast<size_t>(a.axis)));
    if (a.kind != Dim::Kind::kOpaque) return std::nullopt;
    const MaybeScalar x = expression(E(a.scalar), scope);
    const auto integer = x ? convert(*x, a.scalar->type, DType::kInt64) : std::nullopt;
    const Dim* value = integer ? std::get_if<Dim>(&*integer) : nullptr;
    known &= value != nullptr;
    return value ? *value : Dim(1);
  });
  return known ? std::optional<Dim>(result) : std::nullopt;
}

std::optional<std::vector<SymbolicScalar>> symbolic_elements(const Value& value) {
  SymbolicEvaluator evaluator;
  const auto* result = evaluator.elements(value);
  return result ? all_known(*result) : std::nullopt;
}

Element copied_element(const Value& value, int64_t offset) {
  SymbolicEvaluator evaluator;
  Element element{&value, offset};
  for (int way = 0; way < kDeepest; ++way) {
    const auto next = evaluator.copied(*element.first, element.second);
    if (!next) break;
    element = *next;
  }
  return element;
}

std::optional<std::vector<std::optional<Dim>>> partial_integers(const Value& value,
                                                                const ReadElements& read) {
  if (!is_integer(value.type) && value.type != DType::kBool) return std::nullopt;
  SymbolicEvaluator evaluator(read);
  const auto* scalars = evaluator.elements(value);
  if (!scalars) return std::nullopt;
  std::vector<std::optional<Dim>> result;
  for (const MaybeScalar& x : *scalars) {
    const auto* d = x ? std::get_if<Dim>(&*x) : nullptr;
    result.push_back(d            ? std::optional(*d)
                     : as_bool(x) ? std::optional(Dim(*as_bool(x) ? 1 : 0))
                                  : std::nullopt);
  }
  return result;
}

std::optional<std::vector<Dim>> symbolic_integers(const Value& value, const ReadElements& read) {
  const auto elements = partial_integers(value, read);
  if (!elements) return std::nullopt;
  std::vector<Dim> result;
  for (const auto& d : *elements) {
    if (!d) return std::nullopt;
    result.push_back(*d);
  }
  return result;
}

}  // namespace onnxc

// Gradient: reverse-mode differentiation of the steps that lead to a value.
#include <algorithm>
#include <map>
#include <set>

#include "compiler/ops/derivative.h"
#include "compiler/ops/lowering.h"
#include "compiler/ops/op.h"
#include "compiler/ops/operands.h"
#include "compiler/ops/scope.h"

namespace onnxc {
namespace {

Value* tensor_named(Lowering& x, const std::string& name) {
  const Entity& entity = x.scope().find(name);
  if (!entity.tensor) throw x.error("\"{}\" is no tensor", name);
  return entity.tensor;
}

class Adjoints {
 public:
  Adjoints(Lowering& x, const std::vector<Value*>& wanted) : x_(x) {
    for (Value* v : wanted) leads_.insert(v);
  }

  // d y / d value for every value between those wanted and y.
  void propagate(Value* y) {
    std::vector<Node*> steps;
    for (const auto& node : x_.graph().nodes()) {
      const bool on_the_way = std::any_of(node->inputs.begin(), node->inputs.end(),
                                          [&](const Value* v) { return leads_.count(v) > 0; });
      if (!on_the_way) continue;
      leads_.insert(node->outputs.begin(), node->outputs.end());
      steps.push_back(node.get());
    }
    MapBuilder map(x_, y->shape);
    add(y, map.build(constant(compute_type(y->type), 1), y->type, "seed"));
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
      if (!(*step)->outputs.empty() && of_.count((*step)->outputs[0])) through(**step);
    }
  }

  // Zeros where y does not depend on the value.
  Value* of(Value* value) {
    const auto it = of_.find(value);
    if (it != of_.end()) return it->second;
    MapBuilder map(x_, value->shape);
    return map.build(constant(compute_type(value->type), 0), value->type, "zeros");
  }

 private:
  void add(Value* value, Value* part) {
    Value*& sum = of_[value];
    if (sum) {
      MapBuilder map(x_, value->shape);
      part = map.build(map.load(sum) + map.load(part), value->type, "gradient");
    }
    sum = part;
  }

  void through(const Node& step) {
    Value* dy = of_.at(step.outputs[0]);
    if (step.as<Reshape>()) {
      if (leads_.count(step.inputs[0])) add(step.inputs[0], x_.reshape(dy, step.inputs[0]->shape));
    } else if (const Concat* concat = step.as<Concat>()) {
      through_concat(step, *concat, dy);
    } else if (const Map* map = step.as<Map>()) {
      through_map(step, *map, dy);
    } else {
      throw x_.error("the gradient through {} is not supported",
                     step.origins.empty() ? "a step" : step.origins[0]);
    }
  }

  void through_concat(const Node& step, const Concat& concat, Value* dy) {
    Dim begin = 0;
    for (Value* part : step.inputs) {
      if (leads_.count(part)) {
        MapBuilder map(x_, part->shape);
        std::vector<Dim> at = identity_index(part->shape);
        at[static_cast<size_t>(concat.axis)] = at[static_cast<size_t>(concat.axis)] + begin;
        add(part, map.build(map.load_raw(dy, at), part->type, "gradient"));
      }
      begin = begin + part->shape[static_cast<size_t>(concat.axis)];
    }
  }

  void through_map(const Node& step, const Map& map, Value* dy) {
    E scale;
    if (map.reduction != Reduction::kNone) scale = scale_of(step, map);
    std::vector<const Expr*> loads;
    visit(map.body, [&](const Expr& e) {
      if (e.kind == Expr::Kind::kLoad && leads_.count(step.inputs[static_cast<size_t>(e.input)]))
        loads.push_back(&e);
    });
    for (const Expr* load : loads) {
      const E slope = derivative(map.body, load);
      if (slope) through_load(step, map, *load, scale ? scale * slope : slope, dy);
    }
  }

  // What the end of a sum multiplies it by.
  E scale_of(const Node& step, const Map& map) const {
    if (map.reduction != Reduction::kSum)
      throw x_.error("the gradient through {} is not supported: it is no sum", step.origins.at(0));
    const E total = accumulator(result_type(map));
    if (!map.finish) return {};
    const Expr* leaf = nullptr;
    visit(map.finish, [&](const Expr& e) {
      if (e.kind == Expr::Kind::kAccumulator) leaf = &e;
    });
    const E scale = leaf ? derivative(map.finish, leaf) : E();
    if (!scale) return constant(total.type(), 0);
    visit(scale, [&](const Expr& e) {
      if (e.kind == Expr::Kind::kAccumulator)
        throw x_.error("the gradient through {} is not supported: its sum is changed",
                       step.origins.at(0));
    });
    return scale;
  }

  // Sums over all loop indices that the load does not name.
  void through_load(const Node& step, const Map& map, const Expr& load, const E& slope, Value* dy) {
    Value* source = step.inputs[static_cast<size_t>(load.input)];
    Shape loops = map.space;
    loops.insert(loops.end(), map.reduced.begin(), map.reduced.end());
    std::vector<int> place(loops.size(), -1);  // the source's axis that a loop runs over
    for (size_t k = 0; k < load.index.size(); ++k) {
      if (load.index[k].is(0) && source->shape[k].is(1)) continue;
      const auto axis = plain_index(load.index[k], loops);
      if (!axis || place[*axis] >= 0)
        throw x_.error("the gradient through {} is not supported: it reads at {}",
                       step.origins.at(0), load.index[k].text());
      place[*axis] = static_cast<int>(k);
    }
    Shape summed;
    std::vector<int> number(loops.size());
    for (size_t a = 0; a < loops.size(); ++a) {
      number[a] = place[a] >= 0 ? place[a] : static_cast<int>(source->shape.size() + summed.size());
      if (place[a] < 0) summed.push_back(loops[a]);
    }
    MapBuilder out(x_, source->shape, summed);
    const auto moved = [&](int axis) { return out.index(number[static_cast<size_t>(axis)]); };
    const E body =
        rewrite(substitute_indices(slope, moved), [&](const Expr& e) -> std::optional<E> {
          if (e.kind != Expr::Kind::kLoad) return std::nullopt;
          return out.load_raw(step.inputs[static_cast<size_t>(e.input)], e.index);
        });
    std::vector<Dim> at;
    for (size_t a = 0; a < map.space.size(); ++a) at.push_back(moved(static_cast<int>(a)));
    const E product = cast(body.type(), out.load(dy, at)) * body;
    add(source, summed.empty() ? out.build(product, source->type, "gradient")
                               : out.build_reduction(Reduction::kSum, product, nullptr,
                                                     source->type, "gradient"));
  }

  static std::optional<size_t> plain_index(const Dim& d, const Shape& loops) {
    for (size_t a = 0; a < loops.size(); ++a) {
      if (d == Dim::index(static_cast<int>(a), loops[a])) return a;
    }
    return std::nullopt;
  }

  Lowering& x_;
  std::set<const Value*> leads_;  // what the values wanted lead to
  std::map<const Value*, Value*> of_;
};

void gradient(Lowering& x) {
  std::vector<Value*> wanted;
  const auto xs = x.attribute_strings("xs", {}), zs = x.attribute_strings("zs", {});
  if (x.input_count() != xs.size() + zs.size())
    throw x.error("{} inputs are given for {} names in xs and {} in zs", x.input_count(), xs.size(),
                  zs.size());
  for (size_t i = 0; i < x.input_count(); ++i) {
    const std::string& named = i < xs.size() ? xs[i] : zs[i - xs.size()];
    if (tensor_named(x, named) != x.input(i))
      throw x.error("input {} must be \"{}\", the value that is named", i, named);
    if (i < xs.size()) wanted.push_back(x.input(i));
  }
  Value* y = tensor_named(x, x.attribute_string("y", ""));
  for (const Value* v : wanted) {
    if (!is_float(v->type) || !is_float(y->type))
      throw x.error("gradients are of floating-point values");
  }
  Adjoints adjoints(x, wanted);
  adjoints.propagate(y);
  for (size_t k = 0; k < wanted.size(); ++k) x.output(k, adjoints.of(wanted[k]));
}

}  // namespace

OPS_TABLE(gradient){
    {"Gradient", 1, "float", gradient, "through element-wise steps, sums and products",
     "ai.onnx.preview.training"},
};
OPS_END(gradient)

}  // namespace onnxc

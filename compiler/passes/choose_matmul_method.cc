// Turns sums of products into matrix products with a kernel: packed ahead where the right operand
// is constant.
//   y = map sum over [k] in0[i0, i2] * in1[i2, i1] (x, w)   ->   y = matmul_packed 1x1 of MxNxK (x,
//   panels of w)
#include <algorithm>

#include "compiler/ir/loop_nest.h"
#include "compiler/ir/vectorizable.h"
#include "compiler/passes/pass.h"

namespace onnxc {
namespace {

constexpr int64_t kPanel = 16;

// Both factors of a sum of products, as loads with one flat index.
struct Factors {
  Expr a, b;
};

std::optional<Factors> factors_of(const LoopNest& nest) {
  if (nest.reduction != Reduction::kSum || nest.body.type() != DType::kFloat) return std::nullopt;
  if (nest.body->kind != Expr::Kind::kCall || nest.body->op != ScalarOp::kMul) return std::nullopt;
  const Expr &a = *nest.body->args[0], &b = *nest.body->args[1];
  if (a.kind != Expr::Kind::kLoad || b.kind != Expr::Kind::kLoad) return std::nullopt;
  return Factors{a, b};
}

// What a flat index does along every loop of a nest.
struct Walk {
  std::vector<Dim> steps;
  Dim offset;
};

std::optional<Walk> walk_of(const Dim& flat, size_t loops) {
  Walk w;
  for (size_t i = 0; i < loops; ++i) {
    const auto c = flat.coefficient_of_index(static_cast<int>(i));
    if (!c || c->has_index()) return std::nullopt;
    w.steps.push_back(*c);
  }
  w.offset = flat.substitute_indices([](int) { return Dim(0); });
  if (w.offset.has_index()) return std::nullopt;
  return w;
}

// Which result loop plays which part; -1 where there is none.
struct Roles {
  int row = -1, column = -1, outer = -1, inner = -1;
};

std::optional<Roles> assign_roles(const LoopNest& nest, const Walk& a, const Walk& b,
                                  const Walk& c) {
  Roles roles;
  std::vector<int> batch;
  for (int i = nest.outputs - 1; i >= 0; --i) {
    const bool in_a = !a.steps[i].is(0), in_b = !b.steps[i].is(0);
    if (roles.column < 0 && in_b && !in_a && c.steps[i].is(1)) {
      roles.column = i;
    } else if (roles.row < 0 && in_a && !in_b) {
      roles.row = i;
    } else {
      batch.push_back(i);
    }
  }
  if (roles.column < 0 || batch.size() > 2) return std::nullopt;
  if (!batch.empty()) roles.inner = batch[0];
  if (batch.size() > 1) roles.outer = batch[1];
  return roles;
}

class Chooser {
 public:
  explicit Chooser(Graph& graph) : graph_(graph) {}

  bool run() {
    std::vector<Node*> maps;
    for (const auto& n : graph_.nodes()) {
      if (n->as<Map>()) maps.push_back(n.get());
    }
    bool changed = false;
    for (Node* n : maps) changed |= choose(*n);
    return changed;
  }

 private:
  bool choose(Node& node) {
    LoopNest nest = make_loop_nest(*node.as<Map>(), node.inputs);
    const auto factors = factors_of(nest);
    if (!factors || static_cast<int>(nest.extents.size()) != nest.outputs + 1) return false;
    if (nest.finish && nest.finish.type() != DType::kFloat) return false;
    return try_operands(node, nest, factors->a, factors->b) ||
           try_operands(node, nest, factors->b, factors->a);
  }

  bool try_operands(Node& node, const LoopNest& nest, const Expr& left, const Expr& right) {
    const size_t loops = nest.extents.size();
    const auto a = walk_of(left.index[0], loops), b = walk_of(right.index[0], loops),
               c = walk_of(nest.result, loops);
    if (!a || !b || !c || a->steps.back().is(0) || b->steps.back().is(0)) return false;
    const auto roles = assign_roles(nest, *a, *b, *c);
    if (!roles) return false;
    MatMul product;
    product.outer = extent(nest, roles->outer);
    product.inner = extent(nest, roles->inner);
    product.m = extent(nest, roles->row);
    product.n = extent(nest, roles->column);
    product.k = nest.extents.back();
    if (product.k.range().max < 2 || product.n.range().max < 2) return false;
    product.a = {a->offset, step(*a, roles->outer), step(*a, roles->inner), step(*a, roles->row),
                 a->steps.back()};
    product.b = {b->offset, step(*b, roles->outer), step(*b, roles->inner), b->steps.back(),
                 step(*b, roles->column)};
    product.c = {c->offset, step(*c, roles->outer), step(*c, roles->inner), step(*c, roles->row),
                 step(*c, roles->column)};
    if (nest.finish) {
      product.finish = substitute_indices(nest.finish, [&](int axis) {
        return axis == roles->outer   ? Dim::index(0, product.outer)
               : axis == roles->inner ? Dim::index(1, product.inner)
               : axis == roles->row   ? Dim::index(2, product.m)
                                      : Dim::index(3, product.n);
      });
    }
    if (product.finish && !is_vectorizable(product.finish, 3)) return false;
    replace(node, std::move(product), left.input, right.input);
    return true;
  }

  static Dim extent(const LoopNest& nest, int loop) {
    return loop < 0 ? Dim(1) : nest.extents[loop];
  }
  static Dim step(const Walk& walk, int loop) { return loop < 0 ? Dim(0) : walk.steps[loop]; }

  void replace(Node& node, MatMul product, int left, int right) {
    const bool batched = !product.outer.is(1) || !product.inner.is(1);
    const bool constant =
        node.inputs[right]->is_constant() && product.n.is_constant() && product.k.is_constant();
    std::vector<Value*> inputs{node.inputs[left], node.inputs[right]};
    if (constant && !batched && product.a.column.is(1)) {
      product.method = "matmul_packed";
      inputs[1] = pack(*node.inputs[right], product, node);
    } else {
      product.method = "matmul";
      product.scratch_bytes = max(product.k, Dim(1)) * (48 * 4) + 64;
    }
    const int first = static_cast<int>(inputs.size());
    inputs.insert(inputs.end(), node.inputs.begin(), node.inputs.end());
    if (product.finish)
      product.finish = renumber_inputs(product.finish, [&](int i) { return i + first; });
    Value* result = node.output();
    Node* chosen =
        graph_.add_node(std::move(product), std::move(inputs),
                        {{result->name, result->type, result->shape}}, node.origins, &node);
    graph_.replace_uses(result, chosen->output());
    graph_.take_name(chosen->output(), result);
    graph_.erase(&node);
    graph_.compact_inputs(chosen);
  }

  // [N/16][K][16], zero past the last column.
  Value* pack(Value& weight, const MatMul& product, const Node& node) {
    const Dim panels = ceil_div(product.n, kPanel);
    Map map;
    map.space = {panels, product.k, kPanel};
    const Dim column = Dim::index(0, panels) * kPanel + Dim::index(2, kPanel);
    const Dim flat =
        product.b.offset + Dim::index(1, product.k) * product.b.row + column * product.b.column;
    // The flat position split into the weight's own index.
    std::vector<Dim> index;
    const Shape strides = row_major_strides(weight.shape);
    for (size_t i = 0; i < weight.shape.size(); ++i) {
      index.push_back(i == 0 ? floor_div(flat, strides[0])
                             : floor_mod(floor_div(flat, strides[i]), weight.shape[i]));
    }
    map.body = select(integer(column) < integer(product.n), load(0, DType::kFloat, index), 0.0);
    return graph_.add_map(std::move(map), {&weight}, weight.name + "/panels", node.origins, &node);
  }

  Graph& graph_;
};

}  // namespace

bool choose_matmul_method(Graph& graph, const Options&) { return Chooser(graph).run(); }

}  // namespace onnxc

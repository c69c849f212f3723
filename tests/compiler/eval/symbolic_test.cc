// Shape arithmetic on symbolic sizes, as exporters write it.
#include "compiler/eval/symbolic.h"

#include <gtest/gtest.h>

#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

class Symbolic : public ::testing::Test {
 protected:
  Symbolic() {
    batch = Dim(graph.add_symbol({"batch", 1, 64, ""}));
    seq = Dim(graph.add_symbol({"seq", 1, 4096, ""}));
    past = Dim(graph.add_symbol({"past", 0, 4096, ""}));
  }

  // A rank-1 tensor of these sizes, as Shape gives it.
  Value* sizes(const std::vector<Dim>& dims) {
    const int64_t n = static_cast<int64_t>(dims.size());
    const Dim i = Dim::index(0, n);
    E body = integer(dims.back());
    for (int64_t k = n - 1; k-- > 0;)
      body = select(eq(integer(i), integer(Dim(k))), integer(dims[static_cast<size_t>(k)]), body);
    return map({n}, body, {});
  }
  Value* map(Shape space, E body, std::vector<Value*> inputs) {
    return graph.add_map({std::move(space), {}, Reduction::kNone, body, E()}, std::move(inputs),
                         "v", {});
  }
  Value* unary(Value* x, const std::function<E(E)>& f) {
    return map(x->shape, f(load(0, x->type, identity_index(x->shape))), {x});
  }
  Value* cast_to(DType type, Value* x) {
    return unary(x, [&](E e) { return cast(type, e); });
  }
  Value* element(Value* x, int64_t i) { return map({1}, load(0, x->type, {Dim(i)}), {x}); }
  Value* constant(Tensor t) { return graph.add_constant("c", std::move(t)); }

  static std::string text_of(const Value* v) {
    const auto dims = symbolic_integers(*v);
    return dims ? text(*dims) : "unknown";
  }

  Graph graph;
  Dim batch, seq, past;
};

TEST_F(Symbolic, ShapeOfAnInput) {
  EXPECT_EQ(text_of(sizes({batch, 3, seq + past})), "[batch,3,past + seq]");
}

TEST_F(Symbolic, GatherUnsqueezeConcat) {
  Value* shape = sizes({batch, seq, 768});
  Value* heads = constant(Tensor::of_int64({12, 64}));
  Node* joined = graph.add_node(Concat{0}, {element(shape, 0), element(shape, 1), heads},
                                {{"joined", DType::kInt64, {4}}}, {});
  EXPECT_EQ(text_of(joined->output()), "[batch,seq,12,64]");
}

TEST_F(Symbolic, ConcatAlongTheSecondAxis) {
  Value* a = constant(Tensor::of_int64({1, 2}).reshaped({2, 1}));
  Value* b =
      graph.add_node(Reshape{}, {sizes({batch, seq, 5, 6})}, {{"b", DType::kInt64, {2, 2}}}, {})
          ->output();
  Node* joined = graph.add_node(Concat{1}, {a, b}, {{"j", DType::kInt64, {2, 3}}}, {});
  EXPECT_EQ(text_of(joined->output()), "[1,batch,seq,2,5,6]");
}

TEST_F(Symbolic, IntegerDivisionNeedsKnownSigns) {
  const auto halve = [](E e) { return e / 2.0; };
  EXPECT_EQ(text_of(unary(sizes({seq}), halve)), "[floor_div(seq, 2)]");
  EXPECT_EQ(text_of(unary(sizes({Dim(0) - seq}), halve)), "[-floor_div(seq, 2)]");
  EXPECT_EQ(text_of(unary(sizes({seq - batch}), halve)), "unknown");
  EXPECT_EQ(text_of(unary(sizes({seq * 2}), halve)), "[seq]");
}

TEST_F(Symbolic, ScalesThroughFloatAreExact) {
  Value* as_float = cast_to(DType::kFloat, sizes({seq, 224}));
  Value* scaled = unary(as_float, [](E e) { return floor(e * 2.0); });
  EXPECT_EQ(text_of(cast_to(DType::kInt64, scaled)), "[2*seq,448]");
  Value* shrunk = unary(as_float, [](E e) { return floor(e * 0.25); });
  EXPECT_EQ(text_of(cast_to(DType::kInt64, shrunk)), "[floor_div(seq, 4),56]");
  Value* up = unary(as_float, [](E e) { return call(ScalarOp::kCeil, {e / 3.0}); });
  EXPECT_EQ(text_of(cast_to(DType::kInt32, up)), "[floor_div(seq + 2, 3),75]");
}

TEST_F(Symbolic, InexactScalesAreComputedInFloatWhereSizesAreKnown) {
  Value* as_float = cast_to(DType::kFloat, sizes({30, 10}));
  Value* scaled = unary(as_float, [](E e) { return floor(e * 0.1); });
  EXPECT_EQ(text_of(cast_to(DType::kInt64, scaled)), "[3,1]");
  Value* unknown = unary(cast_to(DType::kFloat, sizes({seq})), [](E e) { return floor(e * 0.1); });
  EXPECT_EQ(text_of(cast_to(DType::kInt64, unknown)), "unknown");
}

TEST_F(Symbolic, ProductsOverAShape) {
  Value* shape = sizes({batch, 3, seq});
  const Map product{{1}, {3}, Reduction::kProduct, load(0, DType::kInt64, {Dim::index(1, 3)}), E()};
  EXPECT_EQ(text_of(graph.add_map(product, {shape}, "p", {})), "[3*batch*seq]");
  Map last = product;
  last.reduction = Reduction::kArgMaxFirst;
  EXPECT_EQ(text_of(graph.add_map(last, {sizes({2, 9, 9})}, "a", {})), "[1]");
  EXPECT_EQ(text_of(graph.add_map(last, {shape}, "b", {})), "unknown");
}

TEST_F(Symbolic, NegativeIndicesAndSelectionsAreDecided) {
  Value* ends = sizes({seq - 1, past});
  Value* wrapped = unary(ends, [&](E e) { return select(e < 0.0, e + integer(seq), e); });
  EXPECT_EQ(text_of(wrapped), "[seq - 1,past]");
  Value* undecided = unary(sizes({seq - 2}), [&](E e) { return select(e < 0.0, e + 1.0, e); });
  EXPECT_EQ(text_of(undecided), "unknown");
  Value* clamped = unary(sizes({seq + 1}), [&](E e) { return max(min(e, integer(seq)), 0); });
  EXPECT_EQ(text_of(clamped), "[seq]");
}

TEST_F(Symbolic, TheLargestInt64IsNoOverflow) {
  Value* ends = constant(Tensor::of_int64({std::numeric_limits<int64_t>::max()}));
  Value* clamped = unary(ends, [&](E e) { return min(e, integer(seq)); });
  EXPECT_EQ(text_of(clamped), "[seq]");
}

TEST_F(Symbolic, ComparisonsGiveBools) {
  Value* shape = sizes({batch, 3});
  Value* positive = unary(shape, [](E e) { return e > 0.0; });
  EXPECT_EQ(text_of(positive), "[1,1]");
  EXPECT_EQ(text_of(unary(shape, [](E e) { return eq(e, constant_integer(DType::kInt64, 3)); })),
            "unknown");
}

TEST_F(Symbolic, IndexedBySymbolicallyKnownIndices) {
  Value* shape = sizes({batch, seq, 7});
  Value* which = constant(Tensor::of_int64({2, 0}));
  const Dim at = as_index(load(1, DType::kInt64, {Dim::index(0, 2)}), {0, 2});
  EXPECT_EQ(text_of(map({2}, load(0, DType::kInt64, {at}), {shape, which})), "[7,batch]");
}

TEST_F(Symbolic, OneElementOfALargeConstant) {
  Tensor table(DType::kInt64, {100000});
  table.set_int64(99999, 5);
  EXPECT_EQ(text_of(map({1}, load(0, DType::kInt64, {Dim(99999)}), {constant(table)})), "[5]");
}

TEST_F(Symbolic, DataIsUnknown) {
  Value* input = graph.add_input("x", DType::kInt64, {2});
  EXPECT_EQ(text_of(input), "unknown");
  EXPECT_EQ(text_of(unary(input, [](E e) { return e + 1.0; })), "unknown");
  Value* one_used = map({1}, load(0, DType::kInt64, {Dim(0)}) * 0.0 + 3.0, {input});
  EXPECT_EQ(text_of(one_used), "unknown");
}

TEST_F(Symbolic, NarrowIntegersMustHoldTheSize) {
  EXPECT_EQ(text_of(cast_to(DType::kInt32, sizes({seq}))), "[seq]");
  EXPECT_EQ(text_of(cast_to(DType::kInt8, sizes({batch}))), "[batch]");
  EXPECT_EQ(text_of(cast_to(DType::kInt8, sizes({seq}))), "unknown");
  EXPECT_EQ(text_of(cast_to(DType::kUint64, sizes({seq - 5}))), "unknown");
}

TEST_F(Symbolic, LargeAndSymbolicallyShapedTensorsAreUnknown) {
  EXPECT_EQ(text_of(map({kLargestSymbolic + 1}, integer(Dim(1)), {})), "unknown");
  EXPECT_EQ(text_of(map({seq}, integer(Dim(1)), {})), "unknown");
}

TEST_F(Symbolic, SharedChainsTakeLinearTime) {
  Value* x = sizes({seq, batch});
  for (int i = 0; i < 60; ++i) {
    const auto at = identity_index(x->shape);
    x = map({2}, max(load(0, DType::kInt64, at), load(1, DType::kInt64, {Dim(1)})), {x, x});
  }
  EXPECT_EQ(text_of(element(x, 1)), "[batch]");
}

TEST_F(Symbolic, RatiosOfSizes) {
  Value* a = cast_to(DType::kFloat, sizes({seq * 4, seq}));
  Value* b = cast_to(DType::kFloat, sizes({seq, seq * 2}));
  const auto at = identity_index({2});
  const auto ratio =
      symbolic_elements(*map({2}, load(0, DType::kFloat, at) / load(1, DType::kFloat, at), {a, b}));
  ASSERT_TRUE(ratio);
  EXPECT_EQ(std::get<double>((*ratio)[0]), 4);
  EXPECT_EQ(std::get<double>((*ratio)[1]), 0.5);
}

}  // namespace
}  // namespace onnxc

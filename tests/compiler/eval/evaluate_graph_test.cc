// The evaluator on whole graphs: symbols from input shapes, and every kind of step.
#include <gtest/gtest.h>

#include "compiler/eval/evaluate.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

Tensor counting(std::vector<int64_t> dims) {
  Tensor t(DType::kFloat, std::move(dims));
  for (int64_t i = 0; i < t.size(); ++i) t.set(i, static_cast<double>(i * 7 % 13) - 5);
  return t;
}

class EvaluateGraph : public ::testing::Test {
 protected:
  void output(Value* v) {
    graph.outputs.push_back(v);
    graph.output_names.push_back(v->name);
  }
  Graph graph;
};

TEST_F(EvaluateGraph, BindsSymbolsFromInputShapes) {
  const Dim n(graph.add_symbol({"n", 1, 8, ""}));
  Value* x = graph.add_input("x", DType::kFloat, {n * 2 + 1, 3});
  Value* y = graph.add_map(
      {{n}, {}, Reduction::kNone, load(0, DType::kFloat, {Dim::index(0, n) * 2, 1}), E()}, {x}, "y",
      {});
  output(y);
  output(x);
  const auto results = evaluate(graph, {counting({7, 3})});
  EXPECT_EQ(results[0].dims(), (std::vector<int64_t>{3}));
  EXPECT_EQ(results[0].as_double(2), counting({7, 3}).as_double(4 * 3 + 1));
  EXPECT_THROW(evaluate(graph, {counting({6, 3})}), CompileError);
  EXPECT_THROW(evaluate(graph, {counting({7, 4})}), CompileError);
  EXPECT_THROW(evaluate(graph, {counting({19, 3})}), CompileError) << "n = 9 is out of bounds";
  EXPECT_THROW(evaluate(graph, {}), CompileError);
  EXPECT_THROW(evaluate(graph, {Tensor(DType::kInt32, {7, 3})}), CompileError);
}

TEST_F(EvaluateGraph, InputsMustAgreeOnASymbol) {
  const Dim n(graph.add_symbol({"n", 1, 8, ""}));
  Value* x = graph.add_input("x", DType::kFloat, {n});
  Value* y = graph.add_input("y", DType::kFloat, {n});
  output(x);
  output(y);
  EXPECT_EQ(evaluate(graph, {counting({3}), counting({3})}).size(), 2u);
  EXPECT_THROW(evaluate(graph, {counting({3}), counting({4})}), CompileError);
}

TEST_F(EvaluateGraph, ReshapesAndConcatenates) {
  Value* x = graph.add_input("x", DType::kFloat, {2, 3});
  Value* c = graph.add_constant("c", counting({2, 1}));
  Node* joined = graph.add_node(Concat{1}, {x, c, x}, {{"j", DType::kFloat, {2, 7}}}, {});
  Node* flat = graph.add_node(Reshape{}, {joined->output()}, {{"f", DType::kFloat, {14}}}, {});
  output(flat->output());
  const Tensor in = counting({2, 3}), extra = counting({2, 1});
  const Tensor y = evaluate(graph, {in})[0];
  for (int64_t r = 0; r < 2; ++r) {
    for (int64_t k = 0; k < 3; ++k) {
      EXPECT_EQ(y.as_double(r * 7 + k), in.as_double(r * 3 + k));
      EXPECT_EQ(y.as_double(r * 7 + 4 + k), in.as_double(r * 3 + k));
    }
    EXPECT_EQ(y.as_double(r * 7 + 3), extra.as_double(r));
  }
}

struct ConvCase {
  std::vector<int64_t> x, w;
  Conv conv;
};

// The fast loops against the index expression that defines a convolution.
TEST_F(EvaluateGraph, ConvolutionMeansItsIndexExpression) {
  const std::vector<ConvCase> cases = {
      {{2, 3, 7, 6}, {4, 3, 3, 3}, {{1, 1}, {1, 1}, {1, 1}, {1, 1}, 1, E(), "", {}, 0}},
      {{1, 4, 9, 8}, {6, 2, 3, 2}, {{2, 3}, {2, 1}, {0, 2}, {1, 0}, 2, E(), "", {}, 0}},
      {{1, 4, 5}, {4, 1, 4}, {{1}, {1}, {3}, {2}, 4, E(), "", {}, 0}},
      {{1, 2, 4, 4, 4},
       {3, 2, 2, 2, 2},
       {{1, 2, 1}, {1, 1, 2}, {0, 0, 1}, {0, 1, 1}, 1, E(), "", {}, 0}},
      {{1, 1, 2, 2}, {1, 1, 5, 5}, {{1, 1}, {1, 1}, {4, 4}, {4, 4}, 1, E(), "", {}, 0}},
      {{2, 6, 4, 3}, {5, 6, 1, 1}, {{1, 1}, {1, 1}, {0, 0}, {0, 0}, 1, E(), "", {}, 0}},
      {{1, 7, 9, 1}, {4, 7, 3, 1}, {{1, 1}, {2, 1}, {1, 0}, {1, 0}, 1, E(), "", {}, 0}},
      {{1, 5, 1, 9}, {3, 5, 1, 3}, {{1, 1}, {1, 1}, {0, 1}, {0, 1}, 1, E(), "", {}, 0}},
      {{1, 8, 3, 20}, {4, 4, 1, 1}, {{1, 2}, {1, 1}, {0, 0}, {0, 0}, 2, E(), "", {}, 0}},
  };
  for (const ConvCase& c : cases) {
    const Shape x(c.x.begin(), c.x.end()), w(c.w.begin(), c.w.end());
    Conv conv = c.conv;
    conv.finish =
        max(accumulator(DType::kFloat) + load(2, DType::kFloat, {Dim::index(1, w[0])}), 0);
    const Shape out = conv_output_shape(conv, x, w);
    Graph g;
    Value* in = g.add_input("x", DType::kFloat, x);
    Value* weights = g.add_constant("w", counting(c.w));
    Value* bias = g.add_constant("b", counting({c.w[0]}));
    Node* node = g.add_node(conv, {in, weights, bias}, {{"y", DType::kFloat, out}}, {});
    Value* meaning =
        g.add_map(meaning_of(conv, x, w, DType::kFloat, out), {in, weights, bias}, "m", {});
    g.outputs = {node->output(), meaning};
    g.output_names = {"y", "m"};
    verify(g);
    const auto results = evaluate(g, {counting(c.x)});
    ASSERT_EQ(results[0].dims(), results[1].dims());
    for (int64_t i = 0; i < results[0].size(); ++i)
      ASSERT_EQ(results[0].as_double(i), results[1].as_double(i)) << text(x) << " " << i;
  }
}

TEST_F(EvaluateGraph, NamesTheStepThatFails) {
  Value* x = graph.add_input("x", DType::kFloat, {2});
  output(graph.add_map(
      {{2}, {}, Reduction::kNone, load(0, DType::kFloat, {Dim::index(0, 2) + 1}), E()}, {x}, "y",
      {"Gather \"g\""}));
  try {
    evaluate(graph, {counting({2})});
    FAIL();
  } catch (const CompileError& e) {
    EXPECT_STREQ(e.what(), "Gather \"g\": index 2 is outside an axis of 2 elements");
  }
}

TEST_F(EvaluateGraph, PackedAndPlainMatrixProductsAgree) {
  const int64_t m = 3, n = 21, k = 5;
  Value* a = graph.add_input("a", DType::kFloat, {m, k});
  const Tensor b = counting({k, n});
  Tensor panels(DType::kFloat, {2, k, 16});
  for (int64_t r = 0; r < k; ++r) {
    for (int64_t c = 0; c < n; ++c)
      panels.set((c / 16 * k + r) * 16 + c % 16, b.as_double(r * n + c));
  }
  MatMul plain;
  plain.method = "matmul";
  plain.outer = plain.inner = 1;
  plain.m = m, plain.n = n, plain.k = k;
  plain.a = {0, 0, 0, k, 1};
  plain.b = {0, 0, 0, n, 1};
  plain.c = {0, 0, 0, n, 1};
  MatMul packed = plain;
  packed.method = "matmul_packed";
  const std::vector<Graph::Result> result{{"y", DType::kFloat, {m, n}}};
  output(graph.add_node(plain, {a, graph.add_constant("b", b)}, result, {})->output());
  output(graph.add_node(packed, {a, graph.add_constant("p", panels)}, result, {})->output());
  const Tensor x = counting({m, k});
  const auto results = evaluate(graph, {x});
  for (int64_t r = 0; r < m; ++r) {
    for (int64_t c = 0; c < n; ++c) {
      double sum = 0;
      for (int64_t i = 0; i < k; ++i) sum += x.as_double(r * k + i) * b.as_double(i * n + c);
      EXPECT_EQ(results[0].as_double(r * n + c), sum);
      EXPECT_EQ(results[1].as_double(r * n + c), sum);
    }
  }
}

}  // namespace
}  // namespace onnxc

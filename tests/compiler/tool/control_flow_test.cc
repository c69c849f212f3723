// Generated choices and loops give what the evaluator says of the unoptimised graph.
#include <gtest/gtest.h>

#include "codegen/native/native.h"
#include "compiler/compile.h"
#include "compiler/eval/evaluate.h"
#include "compiler/frontend/load_model.h"
#include "compiler/ops/lower_model.h"
#include "compiler/support/diagnostics.h"
#include "compiler/tool/native_model.h"
#include "tests/support/conformance.h"
#include "tests/support/lowered.h"
#include "tests/support/temporary_folder.h"

namespace onnxc::testing {
namespace {

class ControlFlow : public ::testing::Test {
 protected:
  OnnxModel model(const std::string& graph) {
    return load_model(
        folder_.write("m.onnxtxt", "<ir_version: 8, opset_import: [\"\" : 17]> g " + graph));
  }

  // The outputs of the compiled program, which must be those of the evaluator.
  std::vector<Tensor> run(const std::string& graph, const std::vector<Tensor>& inputs,
                          Options options = {}) {
    const OnnxModel m = model(graph);
    options.march = host_march();
    const auto expected = evaluate(lower_model(m, options), inputs);
    const Compiled compiled = compile(m, options);
    const NativeModel native(compiled, "clang", options.march);
    NativeModel::Call call(native, inputs);
    call.run();
    const auto actual = call.outputs();
    for (size_t k = 0; k < expected.size(); ++k)
      EXPECT_EQ(difference(expected[k], actual[k]), "") << graph;
    return actual;
  }

  static Tensor flag(bool value) {
    return Tensor::of(DType::kBool, {}, std::vector<int64_t>{value});
  }
  static Tensor count(int64_t value) {
    return Tensor::of(DType::kInt64, {}, std::vector<int64_t>{value});
  }
  static Tensor row(const std::vector<float>& values) {
    return Tensor::of(DType::kFloat, {static_cast<int64_t>(values.size())}, values);
  }

 private:
  TemporaryFolder folder_;
};

TEST_F(ControlFlow, LoopExchangesItsCarriedValues) {
  const std::string graph =
      "(int64 n, float[3] a, float[3] b) => (float[3] x, float[3] y) {"
      "  c = Constant<value=bool {1}>()"
      "  x, y = Loop(n, c, a, b) <body = body (int64 i, bool go, float[3] p, float[3] q)"
      "    => (bool on, float[3] r, float[3] s) { on = Identity(go) t = Add(p, q) s = Identity(p)"
      "       r = Identity(t) }> }";
  for (int64_t n : {0, 1, 7}) {
    const auto out = run(graph, {count(n), row({1, 2, 3}), row({0, 1, 0})});
    EXPECT_EQ(out[0].as_double(0), n == 0 ? 1 : n == 1 ? 1 : 21) << n;
  }
}

TEST_F(ControlFlow, LoopSwapsWithoutLosingEither) {
  const std::string graph =
      "(int64 n, float[2] a, float[2] b) => (float[2] x, float[2] y) {"
      "  c = Constant<value=bool {1}>()"
      "  x, y = Loop(n, c, a, b) <body = body (int64 i, bool go, float[2] p, float[2] q)"
      "    => (bool on, float[2] r, float[2] s) { on = Identity(go) r = Identity(q)"
      "       s = Identity(p) }> }";
  const auto out = run(graph, {count(5), row({1, 2}), row({3, 4})});
  EXPECT_EQ(out[0].as_double(0), 3);
  EXPECT_EQ(out[1].as_double(1), 2);
}

TEST_F(ControlFlow, LoopEndsEarlyAndCollectsWhatItDid) {
  const std::string graph =
      "(int64 n, float[1] limit, float[1] a) => (float[1] x, float[k,1] xs) {"
      "  c = Constant<value=bool {1}>()"
      "  x, xs = Loop(n, c, a) <body = body (int64 i, bool go, float[1] p)"
      "    => (bool on, float[1] r, float[1] part) { r = Add(p, p) l = Less(r, limit)"
      "       axes = Constant<value=int64[1] {0}>() on = Squeeze(l, axes)"
      "       part = Identity(r) }> }";
  Options options;
  options.dims["trip_count"] = {0, 100};
  const auto out = run(graph, {count(50), row({20}), row({1})}, options);
  EXPECT_EQ(out[0].as_double(0), 32);
  EXPECT_EQ(out[1].dims(), (std::vector<int64_t>{5, 1}));
}

TEST_F(ControlFlow, CarriedValueMayGrow) {
  const std::string graph =
      "(float[2] a, float[N,2] xs) => (float[k] y) {"
      "  s = Shape(xs) z = Constant<value=int64 {0}>() n = Gather(s, z)"
      "  c = Constant<value=bool {1}>() y = Loop(n, c, a)"
      "    <body = body (int64 i, bool go, float[m] p) => (bool on, float[q] r) {"
      "       on = Identity(go) e = Gather(xs, i) r = Concat<axis=0>(p, e) }> }";
  const auto out = run(graph, {row({7, 8}), numbers(DType::kFloat, {6, 2})});
  EXPECT_EQ(out[0].dims(), (std::vector<int64_t>{14}));
}

TEST_F(ControlFlow, ChoiceHasTheSizesOfTheBranchThatIsTaken) {
  const std::string graph =
      "(bool c, float[N,3] x) => (float[k,3] y, float[j] z) {"
      "  y, z = If(c) <then_branch = a () => (float[p,3] u, float[l] v) {"
      "      u = Concat<axis=0>(x, x) s = Constant<value=int64[1] {-1}>() v = Reshape(x, s) },"
      "    else_branch = b () => (float[p,3] u, float[l] v) { u = Identity(x)"
      "      v = Constant<value=float[0] {}>() }> }";
  const Tensor x = numbers(DType::kFloat, {4, 3});
  EXPECT_EQ(run(graph, {flag(true), x})[0].dims(), (std::vector<int64_t>{8, 3}));
  EXPECT_EQ(run(graph, {flag(false), x})[1].dims(), (std::vector<int64_t>{0}));
}

TEST_F(ControlFlow, ChoiceInsideALoopReadsWhatLiesAround) {
  const std::string graph =
      "(float[N,4] xs, float[4] w, float[4] start) => (float[4] y, float[k,4] ys) {"
      "  y, ys = Scan<num_scan_inputs=1, scan_output_directions=[1], body = body (float[4] h,"
      "      float[4] x) => (float[4] next, float[4] out) {"
      "    total = ReduceSum<keepdims=0>(x) zero = Constant<value=float {0}>()"
      "    positive = Greater(total, zero)"
      "    next = If(positive) <then_branch = a () => (float[4] u) { m = Mul(x, w) u = Add(h, m) },"
      "      else_branch = b () => (float[4] u) { u = Sub(h, w) }>"
      "    out = Tanh(next) }>(start, xs) }";
  run(graph, {numbers(DType::kFloat, {9, 4}, 2), numbers(DType::kFloat, {4}, 3),
              numbers(DType::kFloat, {4}, 4)});
}

TEST_F(ControlFlow, ShapesAreReadWhenTheProgramRuns) {
  const std::string graph = "(float[6,4] a, int64[3] s) => (float[p,q,r] y) { y = Reshape(a, s) }";
  Options options;
  for (const char* size : {"reshaped_size", "reshaped_size_1", "reshaped_size_2"})
    options.dims[size] = {0, 24};
  const Tensor a = numbers(DType::kFloat, {6, 4});
  EXPECT_EQ(run(graph, {a, Tensor::of_int64({2, 3, 4})}, options)[0].dims(),
            (std::vector<int64_t>{2, 3, 4}));
  EXPECT_EQ(run(graph, {a, Tensor::of_int64({0, -1, 2})}, options)[0].dims(),
            (std::vector<int64_t>{6, 2, 2}));
}

TEST_F(ControlFlow, AReshapeThatDoesNotFitIsRefused) {
  const OnnxModel m = model("(float[6,4] a, int64[1] s) => (float[p] y) { y = Reshape(a, s) }");
  Options options;
  options.march = host_march();
  const Compiled compiled = compile(m, options);
  const NativeModel native(compiled, "clang", options.march);
  NativeModel::Call call(native, {numbers(DType::kFloat, {6, 4}), Tensor::of_int64({23})});
  EXPECT_THROW(call.run(), CompileError);
}

TEST_F(ControlFlow, PartsAndPadsAreReadWhenTheProgramRuns) {
  const Tensor a = numbers(DType::kFloat, {7, 4});
  const auto part =
      run("(float[7,4] a, int64[2] s, int64[2] e) => (float[m,n] y) {"
          "  axes = Constant<value=int64[2] {0, 1}>() steps = Constant<value=int64[2] {2, -1}>()"
          "  y = Slice(a, s, e, axes, steps) }",
          {a, Tensor::of_int64({1, 3}), Tensor::of_int64({-1, 0})});
  EXPECT_EQ(part[0].dims(), (std::vector<int64_t>{3, 3}));
  Options options;
  options.dims["padded_size"] = options.dims["padded_size_1"] = {0, 20};
  options.dims["repeats"] = options.dims["repeats_1"] = {0, 4};
  const auto padded =
      run("(float[7,4] a, int64[4] p, int64[2] r) => (float[m,n] y) { b = Pad(a, p)"
          "  y = Tile(b, r) }",
          {a, Tensor::of_int64({1, -1, 2, 0}), Tensor::of_int64({2, 1})}, options);
  EXPECT_EQ(padded[0].dims(), (std::vector<int64_t>{20, 3}));
  const auto top =
      run("(float[7,4] a, int64[1] k) => (float[m,4] y, int64[m,4] i) {"
          "  y, i = TopK<axis=0>(a, k) }",
          {a, Tensor::of_int64({3})});
  EXPECT_EQ(top[1].dims(), (std::vector<int64_t>{3, 4}));
}

TEST_F(ControlFlow, TwoReadsOfAnElementAreOneSize) {
  Options options;
  options.dims["filled_size"] = {0, 8};
  const auto out =
      run("(int64[2] s) => (float[m] y) { z = Constant<value=int64 {0}>() n = Gather(s, z)"
          "  axes = Constant<value=int64[1] {0}>() list = Unsqueeze(n, axes)"
          "  a = ConstantOfShape<value=float[1] {2}>(list) one = Constant<value=int64 {1}>()"
          "  r = Range(z, n, one) f = Cast<to=1>(r) y = Add(a, f) }",
          {Tensor::of_int64({5, 9})}, options);
  EXPECT_EQ(out[0].dims(), (std::vector<int64_t>{5}));
}

TEST_F(ControlFlow, SizesWithoutABoundAreAskedFor) {
  const OnnxModel m = model(
      "(float[1] start, float[1] limit, float[1] step) => (float[k] y) {"
      "  y = Range(start, limit, step) }");
  try {
    lower_model(m, Options{});
    ADD_FAILURE() << "accepted";
  } catch (const CompileError& error) {
    EXPECT_NE(error.notes().at(0).find("--dim range_size=0..MAX"), std::string::npos);
  }
}

TEST_F(ControlFlow, ASizeBeyondItsBoundIsRefused) {
  Options options;
  options.dims["range_size"] = {0, 4};
  const OnnxModel m = model(
      "(float[1] start, float[1] limit, float[1] step) => (float[k] y) {"
      "  y = Range(start, limit, step) }");
  options.march = host_march();
  const Compiled compiled = compile(m, options);
  const NativeModel native(compiled, "clang", options.march);
  NativeModel::Call fits(native, {row({0}), row({4}), row({1})});
  fits.run();
  EXPECT_EQ(fits.outputs()[0].dims(), (std::vector<int64_t>{4}));
  NativeModel::Call large(native, {row({0}), row({5}), row({1})});
  EXPECT_THROW(large.run(), CompileError);
}

}  // namespace
}  // namespace onnxc::testing

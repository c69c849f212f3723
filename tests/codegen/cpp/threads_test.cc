// How generated programs share work: through the caller's threads, with the same bits for any
// number of them.
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>

#include "codegen/native/native.h"
#include "codegen/weights.h"
#include "compiler/compile.h"
#include "compiler/eval/evaluate.h"
#include "compiler/frontend/load_model.h"
#include "compiler/tool/model_inputs.h"
#include "runtime/thread_pool.h"

namespace onnxc {
namespace {

// Every kind of step that is shared: convolutions of three kernels, pools, rows, products of
// constant and of computed operands, and plain loops.
constexpr char kModel[] = R"(
  <ir_version: 8, opset_import: ["" : 17]>
  shares (float[1, 3, 64, 64] image, float[batch, 100, 64] rows)
      => (float[1, 32, 16, 16] y, float[batch, 100, 100] attention, float[batch, 100, 200] wide)
  <int64[3] first = {0, 864, 1}, int64[4] first_shape = {32, 3, 3, 3},
   int64[3] deep = {0, 9216, 1}, int64[4] deep_shape = {32, 32, 3, 3},
   int64[3] single = {0, 288, 1}, int64[4] single_shape = {32, 1, 3, 3},
   int64[3] right = {0, 12800, 1}, int64[2] right_shape = {64, 200},
   int64 zero = {0}, int64 one = {1}, int64 n1 = {864}, int64 n2 = {9216}, int64 n3 = {288}, int64 n4 = {12800}>
  {
    r1 = Range (zero, n1, one)
    f1 = Cast <to = 1> (r1)
    s1 = Sin (f1)
    w1 = Reshape (s1, first_shape)
    r2 = Range (zero, n2, one)
    f2 = Cast <to = 1> (r2)
    s2 = Sin (f2)
    w2 = Reshape (s2, deep_shape)
    r3 = Range (zero, n3, one)
    f3 = Cast <to = 1> (r3)
    s3 = Sin (f3)
    w3 = Reshape (s3, single_shape)
    r4 = Range (zero, n4, one)
    f4 = Cast <to = 1> (r4)
    s4 = Sin (f4)
    w4 = Reshape (s4, right_shape)
    c1 = Conv <pads = [1, 1, 1, 1]> (image, w1)
    a1 = Sigmoid (c1)
    c2 = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (a1, w2)
    c3 = Conv <pads = [1, 1, 1, 1], group = 32> (c2, w3)
    y = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (c3)
    t = Transpose <perm = [0, 2, 1]> (rows)
    scores = MatMul (rows, t)
    attention = Softmax (scores)
    product = MatMul (rows, w4)
    wide = Erf (product)
  })";

struct Parallel {
  void (*run)(void* context, int tasks, void (*task)(void* data, int index), void* data);
  void* context;
  int threads;
};

class GeneratedThreads : public ::testing::Test {
 protected:
  GeneratedThreads()
      : compiled_(compile(load_model_text(kModel), options())),
        inputs_(seeded_inputs(compiled_.program.graph)),
        weights_() {
    if (!native_available()) return;
    const std::string& name = compiled_.identity.name;
    program_ = LoadedProgram::compile({{name + ".cpp", compiled_.files.source},
                                       {compiled_.identity.header_file, compiled_.files.header}},
                                      {});
    write_blob(compiled_.program, compiled_.identity.model_sha256,
               [&](std::span<const std::byte> bytes) {
                 weights_.insert(weights_.end(), bytes.begin(), bytes.end());
               });
  }

  static Options options() {
    Options options;
    options.name = "shares";
    options.march = "x86-64";
    options.dims["batch"] = {1, 8};
    return options;
  }

  template <class Function>
  Function* function(const std::string& name) const {
    return reinterpret_cast<Function*>(program_->symbol("shares_" + name));
  }

  size_t workspace_size(int threads) const {
    const int64_t batch = inputs_[1].dims()[0];
    return function<size_t(const int64_t*, int)>("workspace_size")(&batch, threads);
  }

  // All outputs' bytes; the workspace has `bytes` bytes and nothing behind them may change.
  std::vector<std::byte> run(const Parallel* parallel, size_t bytes) {
    std::vector<std::byte> workspace(bytes + 64, std::byte{0x5a});
    std::vector<std::vector<std::byte>> outputs;
    std::vector<const void*> in;
    std::vector<std::vector<int64_t>> shapes;
    std::vector<const int64_t*> in_shapes;
    std::vector<void*> out;
    for (Tensor& t : inputs_) {
      in.push_back(t.mutable_bytes());
      shapes.push_back(t.dims());
    }
    for (const auto& s : shapes) in_shapes.push_back(s.data());
    const SymbolValues symbols{{"batch", inputs_[1].dims()[0]}};
    for (const Value* v : compiled_.program.graph.outputs)
      outputs.emplace_back(static_cast<size_t>(byte_size(*v).evaluate(symbols)));
    for (auto& o : outputs) out.push_back(o.data());
    using Run = int(const void*, size_t, void*, size_t, const void* const*, const int64_t* const*,
                    void* const*, int64_t* const*, const Parallel*);
    code_ = function<Run>("run")(weights_.data(), weights_.size(), workspace.data(), bytes,
                                 in.data(), in_shapes.data(), out.data(), nullptr, parallel);
    for (size_t i = bytes; i < workspace.size(); ++i)
      EXPECT_EQ(workspace[i], std::byte{0x5a}) << "written behind the workspace";
    std::vector<std::byte> all;
    for (const auto& o : outputs) all.insert(all.end(), o.begin(), o.end());
    return all;
  }

  Compiled compiled_;
  std::vector<Tensor> inputs_;
  std::unique_ptr<LoadedProgram> program_;
  std::vector<std::byte> weights_;
  int code_ = 0;
};

TEST_F(GeneratedThreads, GiveTheSameBitsForAnyNumber) {
  if (!native_available()) GTEST_SKIP() << "built without Clang";
  const auto alone = run(nullptr, workspace_size(1));
  ASSERT_EQ(code_, 0);
  for (int threads : {1, 2, 3, 7}) {
    runtime::ThreadPool pool(threads);
    const Parallel parallel = pool.as<Parallel>();
    EXPECT_EQ(run(&parallel, workspace_size(threads)), alone) << threads << " threads";
    EXPECT_EQ(code_, 0);
  }
}

TEST_F(GeneratedThreads, ShareEveryLargeStep) {
  if (!native_available()) GTEST_SKIP() << "built without Clang";
  std::vector<int> tasks_of_calls;
  const Parallel backwards{[](void* context, int tasks, void (*task)(void*, int), void* data) {
                             static_cast<std::vector<int>*>(context)->push_back(tasks);
                             for (int i = tasks; i-- > 0;) task(data, i);
                           },
                           &tasks_of_calls, 4};
  const auto shared = run(&backwards, workspace_size(4));
  const SymbolValues symbols{{"batch", inputs_[1].dims()[0]}};
  size_t large = 0;
  for (const auto& [step, worth] : compiled_.program.threads) large += worth.evaluate(symbols) >= 2;
  EXPECT_EQ(tasks_of_calls.size(), large);
  EXPECT_GE(large, 5u);
  for (int tasks : tasks_of_calls) EXPECT_TRUE(tasks >= 2 && tasks <= 4) << tasks;
  EXPECT_EQ(shared, run(nullptr, workspace_size(1)));
}

TEST_F(GeneratedThreads, NeedAWorkspaceOfTheirNumber) {
  if (!native_available()) GTEST_SKIP() << "built without Clang";
  EXPECT_GT(workspace_size(3), workspace_size(2));
  runtime::ThreadPool pool(3);
  const Parallel parallel = pool.as<Parallel>();
  run(&parallel, workspace_size(2));
  EXPECT_EQ(code_, 4);
}

}  // namespace
}  // namespace onnxc

// Three builds of one model in one program: they must agree, and know their bounds.
#include <math.h>
#include <onnxc/tensors.h>
#include <onnxc/thread_pool.h>
#include <onnxc/weights.h>
#include <onnxc/workspace.h>
#include <stdio.h>

#include <string>
#include <vector>

#include "any_batch.h"
#include "few.h"
#include "single.h"

namespace {

int failures = 0;

void expect(bool condition, const std::string& what) {
  if (condition) return;
  ++failures;
  fprintf(stderr, "failed: %s\n", what.c_str());
}

void expect_alike(const float* a, const float* b, size_t count, const std::string& what) {
  for (size_t i = 0; i < count; ++i)
    expect(fabsf(a[i] - b[i]) < 1e-4f, what + " " + std::to_string(i));
}

}  // namespace

int main() {
  using namespace onnxc::runtime;
  constexpr int kBatch = 3;
  std::vector<float> images(kBatch * 64);
  for (size_t i = 0; i < images.size(); ++i) images[i] = static_cast<float>(i * 37 % 17) / 16.0f;

  ThreadPool pool(2);
  const auto parallel = pool.as<any_batch_parallel>();
  float expected[kBatch * 10] = {};
  const Workspace workspace(any_batch::workspace_size(kBatch, pool.threads()));
  const int code = any_batch::run(nullptr, 0, workspace.data(), workspace.size(), images.data(),
                                  expected, kBatch, &parallel);
  expect(code == 0, any_batch_error(code));
  expect(any_batch::run(nullptr, 0, nullptr, 0, images.data(), expected, kBatch) != 0,
         "no workspace is an error");

  const Weights weights = Weights::open(WEIGHTS_OF_FEW);
  expect(static_cast<bool>(weights), weights.error());
  NamedModel few(few_model, few_run, few_workspace_size, few_error);
  expect(few.set_input("image", {5, 1, 8, 8}, images.data()) ==
             "input \"image\": expected float[batch,1,8,8], given float[5,1,8,8]: batch is 1 to 4",
         "five images exceed the bound");
  expect(few.set_input("image", {kBatch, 1, 8, 8}, images.data()).empty(), "three images fit");
  expect(few.run(weights.data(), weights.size()).empty(), "few runs");
  expect(!few.run(weights.data(), weights.size() - 64).empty(), "cut weights are an error");
  expect(few.run(weights.data(), weights.size()).empty(), "few runs again");
  expect_alike(few.output("logits")->as<float>(), expected, kBatch * 10, "few");

  const Workspace small(single::workspace_size());
  for (int i = 0; i < kBatch; ++i) {
    float logits[10] = {};
    expect(single::run(nullptr, 0, small.data(), small.size(), &images[i * 64], logits) == 0,
           "single runs");
    expect_alike(logits, expected + i * 10, 10, "single");
  }
  expect(single_model.symbol_count == 0 && any_batch_model.symbol_count == 1,
         "DIM fixes the batch");
  expect(few_model.symbols[0].max == 4, "DIM bounds the batch");
  printf("%d failures\n", failures);
  return failures == 0 ? 0 : 1;
}

// NamedModel on a hand-written model: calls by name, and the text for each mistake in a call.
#include "runtime/tensors.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

// blend: a float[batch,4], scale double[], ids int64[batch + seq] -> sum float[batch,4], ends
// int64[2*seq + 1].
struct blend_parallel {
  void (*run)(void* context, int tasks, void (*task)(void* data, int index), void* data);
  void* context;
  int threads;
};
struct blend_dim {
  int64_t value;
  const char* symbol;
  int64_t min, max;
};
struct blend_tensor {
  const char* name;
  int32_t type, rank;
  const blend_dim* dims;
};
struct blend_symbol {
  const char* name;
  int64_t min, max;
};
struct blend_info {
  const char *name, *version, *model_hash;
  int32_t input_count;
  const blend_tensor* inputs;
  int32_t output_count;
  const blend_tensor* outputs;
  int32_t symbol_count;
  const blend_symbol* symbols;
};

const blend_dim kRows[] = {{-1, "batch", 1, 8}, {4, nullptr, 4, 4}};
const blend_dim kIds[] = {{-1, "batch + seq", 1, 40}};
const blend_dim kMask[] = {{-1, "seq", 0, 32}, {-1, "batch", 1, 8}};
const blend_dim kEnds[] = {{-1, "2*seq + 1", 1, 65}};
const blend_tensor kInputs[] = {
    {"a", 1, 2, kRows}, {"scale", 11, 0, nullptr}, {"ids", 7, 1, kIds}, {"mask", 9, 2, kMask}};
const blend_tensor kOutputs[] = {{"sum", 1, 2, kRows}, {"ends", 7, 1, kEnds}};
const blend_symbol kSymbols[] = {{"batch", 1, 8}, {"seq", 0, 32}};
const blend_info blend_model = {"blend", "0.1.0", "", 4, kInputs, 2, kOutputs, 2, kSymbols};

size_t blend_workspace_size(const int64_t* symbols, int threads) {
  return static_cast<size_t>(symbols[0] * 100 + symbols[1] * 10 + threads);
}

const char* blend_error(int code) { return code == 1 ? "wrong weights" : "unknown"; }

int blend_run(const void* weights, size_t weights_size, void* workspace, size_t workspace_size,
              const void* const* inputs, const int64_t* const* input_shapes, void* const* outputs,
              int64_t* const* output_shapes, const blend_parallel* parallel) {
  if (weights && weights_size != 64) return 1;
  const int64_t batch = input_shapes[0][0], seq = input_shapes[3][0];
  const int64_t symbols[] = {batch, seq};
  if (!workspace ||
      workspace_size < blend_workspace_size(symbols, parallel ? parallel->threads : 1))
    return 4;
  const auto* a = static_cast<const float*>(inputs[0]);
  for (int64_t i = 0; i < batch * 4; ++i) {
    static_cast<float*>(outputs[0])[i] =
        a[i] * static_cast<float>(*static_cast<const double*>(inputs[1]));
  }
  for (int64_t i = 0; i < 2 * seq + 1; ++i) {
    static_cast<int64_t*>(outputs[1])[i] = static_cast<const int64_t*>(inputs[2])[0] + i;
  }
  output_shapes[0][0] = batch;
  output_shapes[0][1] = 4;
  output_shapes[1][0] = 2 * seq + 1;
  return 0;
}

}  // namespace

namespace onnxc::runtime {
namespace {

class NamedModelTest : public ::testing::Test {
 protected:
  void set_all(int64_t batch, int64_t seq) {
    a_.assign(static_cast<size_t>(batch * 4), 1.5f);
    ids_.assign(static_cast<size_t>(batch + seq), 100);
    EXPECT_EQ(model_.set_input("a", {batch, 4}, a_.data()), "");
    EXPECT_EQ(model_.set_input("scale", {}, &scale_), "");
    EXPECT_EQ(model_.set_input("ids", {batch + seq}, ids_.data()), "");
    EXPECT_EQ(model_.set_input("mask", {seq, batch}, mask_), "");
  }

  NamedModel<blend_info, blend_parallel> model_{blend_model, blend_run, blend_workspace_size,
                                                blend_error};
  std::vector<float> a_;
  double scale_ = 2;
  std::vector<int64_t> ids_;
  bool mask_[256] = {};
};

TEST_F(NamedModelTest, RunsByName) {
  set_all(2, 3);
  ASSERT_EQ(model_.run(nullptr, 0), "");
  const OutputTensor* sum = model_.output("sum");
  ASSERT_NE(sum, nullptr);
  EXPECT_EQ(sum->shape, (std::vector<int64_t>{2, 4}));
  EXPECT_EQ(sum->elements(), 8);
  ASSERT_NE(sum->as<float>(), nullptr);
  EXPECT_EQ(sum->as<float>()[7], 3.0f);
  EXPECT_EQ(sum->as<double>(), nullptr);
  EXPECT_EQ(model_.output("ends")->shape, std::vector<int64_t>{7});
  EXPECT_EQ(model_.output("ends")->as<int64_t>()[6], 106);
  EXPECT_EQ(model_.output("other"), nullptr);
}

TEST_F(NamedModelTest, FollowsTheShapesOfEachCall) {
  for (int64_t batch : {1, 8, 3}) {
    for (int64_t seq : {0, 32, 5}) {
      set_all(batch, seq);
      blend_parallel parallel{nullptr, nullptr, 4};
      ASSERT_EQ(model_.run(nullptr, 0, &parallel), "");
      EXPECT_EQ(model_.output("sum")->shape[0], batch);
      EXPECT_EQ(model_.output("ends")->as<int64_t>()[2 * seq], 100 + 2 * seq);
    }
  }
}

TEST_F(NamedModelTest, NamesAnUnknownInput) {
  EXPECT_EQ(model_.set_input("scales", {}, &scale_),
            "no input \"scales\"; blend has \"a\", \"scale\", \"ids\", \"mask\"");
}

TEST_F(NamedModelTest, NamesAMissingInput) {
  EXPECT_EQ(model_.run(nullptr, 0), "input \"a\" is not set: expected float[batch,4]");
  const float a[4] = {};
  EXPECT_EQ(model_.set_input("a", {1, 4}, a), "");
  EXPECT_EQ(model_.run(nullptr, 0), "input \"scale\" is not set: expected double[]");
}

TEST_F(NamedModelTest, SaysExpectedAndGivenType) {
  EXPECT_EQ(model_.set_input("a", {2, 4}, &scale_),
            "input \"a\": expected float[batch,4], given double[2,4]");
  EXPECT_EQ(model_.set_input("scale", 16, {}, &scale_),
            "input \"scale\": expected double[], given bfloat16[]");
}

TEST_F(NamedModelTest, SaysExpectedAndGivenShape) {
  const float a[40] = {};
  EXPECT_EQ(model_.set_input("a", {8}, a), "input \"a\": expected float[batch,4], given float[8]");
  EXPECT_EQ(model_.set_input("a", {2, 5}, a),
            "input \"a\": expected float[batch,4], given float[2,5]");
  EXPECT_EQ(model_.set_input("a", {9, 4}, a),
            "input \"a\": expected float[batch,4], given float[9,4]: batch is 1 to 8");
  EXPECT_EQ(model_.set_input("a", {-1, 4}, a),
            "input \"a\": expected float[batch,4], given float[-1,4]: batch is 1 to 8");
  EXPECT_EQ(model_.set_input<float>("a", {1, 4}, nullptr), "input \"a\": the pointer is null");
}

TEST_F(NamedModelTest, SaysWhichInputsDisagree) {
  set_all(2, 3);
  EXPECT_EQ(model_.set_input("mask", {3, 4}, mask_), "");
  EXPECT_EQ(model_.run(nullptr, 0), "input \"mask\": batch is 4, but in input \"a\" it is 2");
  set_all(2, 3);
  EXPECT_EQ(model_.set_input("ids", {4}, ids_.data()), "");
  EXPECT_EQ(model_.run(nullptr, 0),
            "input \"ids\": batch + seq is 4, but by the other inputs it is 5");
}

TEST_F(NamedModelTest, PassesOnTheModelsOwnError) {
  set_all(1, 1);
  EXPECT_EQ(model_.run("cut weights", 11), "blend: wrong weights");
}

TEST(ElementType, MatchesCppTypes) {
  EXPECT_EQ(element_type_of<float>(), 1);
  EXPECT_EQ(element_type_of<uint8_t>(), 2);
  EXPECT_EQ(element_type_of<int32_t>(), 6);
  EXPECT_EQ(element_type_of<long long>(), 7);
  EXPECT_EQ(element_type_of<bool>(), 9);
  EXPECT_EQ(element_type_of<uint64_t>(), 13);
  EXPECT_EQ(element_type_of<OutputTensor>(), 0);
  EXPECT_STREQ(element_type(16)->name, "bfloat16");
  EXPECT_STREQ(element_type(8)->name, "string");
  EXPECT_EQ(element_type(99), nullptr);
}

}  // namespace
}  // namespace onnxc::runtime

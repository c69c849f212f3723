// Runs the model that was compiled to net.cpp on the recorded data of a folder in ONNX's layout,
// through the C interface; fails where an output departs.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "net.h"
#include "tests/support/recorded_tensor.h"

namespace {

constexpr double kTolerance = 1e-5;  // a share of an output's largest value

std::vector<RecordedTensor> read_all(const std::string& prefix, int count) {
  std::vector<RecordedTensor> tensors;
  for (int i = 0; i < count; ++i) {
    tensors.push_back(read_recorded(prefix + std::to_string(i) + ".pb"));
    if (tensors.back().type == 0) return {};
  }
  return tensors;
}

// The values of the model's symbols, in its order, from the shapes of the inputs.
std::vector<int64_t> symbol_values(const std::vector<RecordedTensor>& inputs) {
  std::map<std::string, int64_t> known;
  for (int i = 0; i < net_model.input_count; ++i) {
    const net_tensor& input = net_model.inputs[i];
    for (int axis = 0; axis < input.rank; ++axis) {
      const char* symbol = input.dims[axis].symbol;
      if (symbol) known[symbol] = inputs[i].shape[axis];
    }
  }
  std::vector<int64_t> values;
  for (int i = 0; i < net_model.symbol_count; ++i)
    values.push_back(known[net_model.symbols[i].name]);
  return values;
}

// Prints the largest difference; false where it is too large, or an element is no number.
bool agrees(const RecordedTensor& got, const RecordedTensor& want, const std::string& name) {
  if (got.shape != want.shape) {
    std::printf("%s: another shape than recorded\n", name.c_str());
    return false;
  }
  double difference = 0, largest = 0;
  for (size_t at = 0; at < want.bytes.size(); at += sizeof(float)) {
    float a, b;
    std::memcpy(&a, &got.bytes[at], sizeof a);
    std::memcpy(&b, &want.bytes[at], sizeof b);
    if (!std::isfinite(a)) difference = INFINITY;
    difference = std::max(difference, std::fabs(double{a} - double{b}));
    largest = std::max(largest, std::fabs(double{b}));
  }
  std::printf("%s: within %.1e of the largest value\n", name.c_str(), difference / largest);
  return largest > 0 && difference <= kTolerance * largest;
}

bool run_set(const std::string& folder) {
  const auto inputs = read_all(folder + "/input_", net_model.input_count);
  const auto expected = read_all(folder + "/output_", net_model.output_count);
  if (inputs.empty() || expected.empty()) {
    std::printf("%s: no recorded data\n", folder.c_str());
    return false;
  }
  const std::vector<int64_t> symbols = symbol_values(inputs);
  std::vector<char> workspace(net_workspace_size(symbols.data(), 1));
  std::vector<RecordedTensor> outputs = expected;
  std::vector<const void*> input_data;
  std::vector<void*> output_data;
  std::vector<const int64_t*> input_shapes;
  std::vector<int64_t*> output_shapes;
  for (const RecordedTensor& input : inputs) {
    input_data.push_back(input.bytes.data());
    input_shapes.push_back(input.shape.data());
  }
  for (RecordedTensor& output : outputs) {
    std::fill(output.bytes.begin(), output.bytes.end(), '\xff');
    std::fill(output.shape.begin(), output.shape.end(), -1);
    output_data.push_back(output.bytes.data());
    output_shapes.push_back(output.shape.data());
  }
  const int code = net_run(nullptr, 0, workspace.data(), workspace.size(), input_data.data(),
                           input_shapes.data(), output_data.data(), output_shapes.data(), nullptr);
  if (code != 0) {
    std::printf("%s: %s\n", folder.c_str(), net_error(code));
    return false;
  }
  bool right = true;
  for (size_t i = 0; i < outputs.size(); ++i)
    right = agrees(outputs[i], expected[i], folder + "/output_" + std::to_string(i)) && right;
  return right;
}

}  // namespace

int main(int argc, char** argv) {
  bool right = argc > 1;
  for (int i = 1; i < argc; ++i) right = run_set(argv[i]) && right;
  return right ? 0 : 1;
}

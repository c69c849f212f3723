// The shapes of NumRs's operators, followed for a trial size of the batch.
#include <algorithm>
#include <optional>

#include "compiler/frontend/numrs_model.h"

namespace onnxc {
namespace {

using Shape = std::vector<int64_t>;

int64_t product(const Shape& shape, size_t from) {
  int64_t result = 1;
  for (size_t i = from; i < shape.size(); ++i) result *= shape[i];
  return result;
}

int64_t int_attribute(const NumrsNode& node, const char* name, int64_t otherwise) {
  const auto found = node.attributes.find(name);
  if (found == node.attributes.end()) return otherwise;
  if (const auto* value = std::get_if<int64_t>(&found->second)) return *value;
  const auto* values = std::get_if<std::vector<int64_t>>(&found->second);
  return values && !values->empty() ? values->front() : otherwise;
}

// Nothing: the shapes do not fit the operator.
std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
  Shape result(std::max(a.size(), b.size()));
  for (size_t i = 1; i <= result.size(); ++i) {
    const int64_t x = i <= a.size() ? a[a.size() - i] : 1;
    const int64_t y = i <= b.size() ? b[b.size() - i] : 1;
    if (x != y && x != 1 && y != 1) return std::nullopt;
    result[result.size() - i] = x == 1 ? y : x;
  }
  return result;
}

std::optional<Shape> product_shape(Shape a, Shape b, bool transpose_a, bool transpose_b) {
  if (a.size() != 2 || b.size() != 2) return std::nullopt;
  if (transpose_a) std::swap(a[0], a[1]);
  if (transpose_b) std::swap(b[0], b[1]);
  if (a[1] != b[0]) return std::nullopt;
  return Shape{a[0], b[1]};
}

std::optional<Shape> convolved(const NumrsNode& node, const Shape& x, const Shape& w) {
  if (x.size() != 3 || w.size() != 3 || x[1] != w[1]) return std::nullopt;
  const int64_t stride = int_attribute(node, "strides", 1);
  const int64_t reach = x[2] + 2 * int_attribute(node, "pads", 0) - w[2];
  if (stride < 1 || reach < 0) return std::nullopt;
  return Shape{x[0], w[0], reach / stride + 1};
}

std::optional<Shape> reshaped(const Shape& x, const Tensor& target) {
  Shape result = target.as_int64s();
  const auto free = std::find(result.begin(), result.end(), -1);
  if (free != result.end()) {
    *free = 1;
    const int64_t rest = product(result, 0);
    if (rest == 0 || product(x, 0) % rest != 0) return std::nullopt;
    *free = product(x, 0) / rest;
  }
  if (product(result, 0) != product(x, 0)) return std::nullopt;
  return result;
}

class ShapeTrial {
 public:
  ShapeTrial(const NumrsModel& model, const std::vector<std::string>& batch_inputs, int64_t batch)
      : model_(model) {
    for (const NumrsInput& input : model.inputs) {
      Shape shape = input.shape;
      const bool varies =
          std::find(batch_inputs.begin(), batch_inputs.end(), input.name) != batch_inputs.end();
      if (varies && !shape.empty()) shape[0] = batch;
      shapes_[input.name] = std::move(shape);
    }
    for (const auto& [name, tensor] : model.initializers) shapes_[name] = tensor.dims();
  }

  bool run() {
    return std::all_of(model_.nodes.begin(), model_.nodes.end(),
                       [&](const NumrsNode& node) { return step(node); });
  }

 private:
  // A node whose operator or inputs are unknown leaves its output unknown.
  bool step(const NumrsNode& node) {
    std::vector<Shape> inputs;
    for (const std::string& input : node.inputs) {
      const auto found = shapes_.find(input);
      if (found == shapes_.end()) return true;
      inputs.push_back(found->second);
    }
    if (inputs.empty() || node.outputs.empty() || !is_known(node, inputs.size())) return true;
    const std::optional<Shape> result = output_shape(node, inputs);
    if (result) shapes_[node.outputs[0]] = *result;
    return result.has_value();
  }

  static bool is_known(const NumrsNode& node, size_t inputs) {
    static const std::map<std::string, size_t> least_inputs = {
        {"Add", 2},     {"Sub", 2},       {"Mul", 2},     {"Div", 2},     {"MatMul", 2},
        {"Relu", 1},    {"Sigmoid", 1},   {"Exp", 1},     {"Log", 1},     {"Softmax", 1},
        {"Dropout", 1}, {"Transpose", 1}, {"Flatten", 1}, {"Reshape", 2}, {"BatchNormalization", 5},
        {"Gemm", 2},    {"Conv", 2},
    };
    const auto found = least_inputs.find(node.op_type);
    return found != least_inputs.end() && inputs >= found->second;
  }

  std::optional<Shape> output_shape(const NumrsNode& node, const std::vector<Shape>& inputs) const {
    const std::string& op = node.op_type;
    const Shape& x = inputs[0];
    if (op == "Add" || op == "Sub" || op == "Mul" || op == "Div") return broadcast(x, inputs[1]);
    if (op == "MatMul") return product_shape(x, inputs[1], false, false);
    if (op == "Gemm") return gemm(node, inputs);
    if (op == "Conv") return convolved(node, x, inputs[1]);
    if (op == "Transpose") return Shape(x.rbegin(), x.rend());
    if (op == "BatchNormalization") {
      if (x.size() < 2 || inputs[1] != Shape{x[1]}) return std::nullopt;
      return x;
    }
    if (op == "Reshape") {
      const auto target = model_.initializers.find(node.inputs[1]);
      if (target == model_.initializers.end()) return std::nullopt;
      return reshaped(x, target->second);
    }
    if (op == "Flatten") {
      const int64_t axis = int_attribute(node, "axis", 1);
      if (axis < 0 || axis >= static_cast<int64_t>(x.size())) return std::nullopt;
      Shape result(x.begin(), x.begin() + axis);
      result.push_back(product(x, static_cast<size_t>(axis)));
      return result;
    }
    return x;
  }

  static std::optional<Shape> gemm(const NumrsNode& node, const std::vector<Shape>& inputs) {
    const auto result = product_shape(inputs[0], inputs[1], int_attribute(node, "transA", 0) == 1,
                                      int_attribute(node, "transB", 0) == 1);
    if (!result || inputs.size() < 3) return result;
    const auto sum = broadcast(*result, inputs[2]);
    return sum == result ? sum : std::nullopt;
  }

  const NumrsModel& model_;
  std::map<std::string, Shape> shapes_;
};

}  // namespace

bool accepts_any_batch(const NumrsModel& model, const std::vector<std::string>& batch_inputs) {
  for (const int64_t batch : {1, 2, 3, 7}) {
    if (!ShapeTrial(model, batch_inputs, batch).run()) return false;
  }
  return true;
}

}  // namespace onnxc

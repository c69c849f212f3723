// NumRs's operators in ONNX's terms: where the two differ, the node is rewritten.
#include "compiler/frontend/numrs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "compiler/frontend/numrs_model.h"
#include "compiler/frontend/resolve_names.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

constexpr int kOpset = 18;
constexpr const char* kBatch = "batch";

Tensor converted(const Tensor& tensor, DType type) {
  if (tensor.type() == type) return tensor;
  Tensor result(type, tensor.dims());
  for (int64_t i = 0; i < tensor.size(); ++i) {
    if (is_integer(type)) {
      result.set_int64(i, tensor.as_int64(i));
    } else {
      result.set(i, tensor.as_double(i));
    }
  }
  return result;
}

class Converter {
 public:
  explicit Converter(const NumrsModel& numrs) : numrs_(numrs) {}

  OnnxModel run() {
    describe_model();
    for (const NumrsNode& node : numrs_.nodes) {
      in_context(fmt::format("{} \"{}\"", node.op_type, node.name), [&] { convert(node); });
    }
    add_initializers();
    add_inputs_and_outputs();
    warn();
    check_missing();
    resolve_names(model_.graph);
    return std::move(model_);
  }

 private:
  std::string metadata(const char* key) const {
    const auto found = numrs_.metadata.find(key);
    return found == numrs_.metadata.end() ? "" : found->second;
  }

  void describe_model() {
    model_.producer = metadata("producer_name");
    model_.producer_version = metadata("producer_version");
    model_.domain = metadata("domain");
    model_.description = metadata("description");
    model_.opsets = {{"", kOpset}};
    model_.metadata = numrs_.metadata;
    model_.graph.name = numrs_.graph_name;
  }

  void convert(const NumrsNode& numrs) {
    if (numrs.outputs.empty()) throw CompileError("the node has no output");
    OnnxNode node;
    node.name = numrs.name;
    node.op_type = numrs.op_type;
    node.inputs = numrs.inputs;
    node.outputs = {numrs.outputs[0]};
    node.attributes = numrs.attributes;
    node.opset = kOpset;
    if (numrs.op_type == "Conv") normalise_convolution(node);
    if (numrs.op_type == "Transpose") node.attributes.erase("perm");
    if (numrs.op_type == "Dropout") node.attributes.erase("ratio");
    if (numrs.op_type == "BatchNormalization") node.attributes.erase("momentum");
    if (numrs.op_type == "Softmax") node.attributes.emplace("axis", int64_t{1});
    if (numrs.op_type == "Flatten") normalise_flatten(node);
    if (numrs.op_type == "Reshape") normalise_reshape(node);
    model_.graph.nodes.push_back(std::move(node));
  }

  static int64_t first_of(const OnnxNode& node, const char* name, int64_t otherwise) {
    const auto found = node.attributes.find(name);
    if (found == node.attributes.end()) return otherwise;
    const auto* values = std::get_if<std::vector<int64_t>>(&found->second);
    if (!values) throw CompileError("attribute \"{}\" should be a list of integers", name);
    return values->empty() ? otherwise : values->front();
  }

  // One stride and one padding for both sides, whatever else the lists hold; no groups or
  // dilations.
  void normalise_convolution(OnnxNode& node) {
    const int64_t stride = first_of(node, "strides", 1);
    const int64_t padding = first_of(node, "pads", 0);
    for (const auto& [name, value] : node.attributes) {
      if (name != "strides" && name != "pads" && name != "kernel_shape") {
        model_.warnings.push_back(
            fmt::format("{}: NumRs ignores the attribute \"{}\"", describe(node), name));
      }
    }
    if (stride < 1) throw CompileError("the stride {} is not positive", stride);
    if (padding < 0) throw CompileError("the padding {} is negative", padding);
    node.attributes = {{"strides", std::vector<int64_t>{stride}},
                       {"pads", std::vector<int64_t>{padding, padding}}};
  }

  // Keeps all axes before `axis`, where ONNX would merge them.
  void normalise_flatten(OnnxNode& node) {
    int64_t axis = 1;
    if (const auto found = node.attributes.find("axis"); found != node.attributes.end()) {
      const auto* value = std::get_if<int64_t>(&found->second);
      if (!value || *value < 0)
        throw CompileError("\"axis\" should be an integer that is not negative");
      axis = *value;
    }
    if (axis == 1) {
      node.attributes = {{"axis", axis}};
      return;
    }
    std::vector<int64_t> shape(static_cast<size_t>(std::min<int64_t>(axis, 64)), 0);
    shape.push_back(-1);
    node.op_type = "Reshape";
    node.attributes.clear();
    node.inputs.push_back(add_constant(node.outputs[0] + "/shape", Tensor::of_int64(shape)));
  }

  // A 0 in the target is a size of zero, not a copy of the input's.
  void normalise_reshape(OnnxNode& node) {
    if (node.inputs.size() != 2)
      throw CompileError("it has {} inputs instead of 2", node.inputs.size());
    node.attributes = {{"allowzero", int64_t{1}}};
    const auto shape = numrs_.initializers.find(node.inputs[1]);
    if (shape == numrs_.initializers.end()) return;
    Tensor target = converted(shape->second, DType::kInt64);
    const std::vector<int64_t> sizes = target.as_int64s();
    if (std::find(sizes.begin(), sizes.end(), 0) == sizes.end()) node.attributes.clear();
    node.inputs[1] = add_constant(node.inputs[1] + "/int64", std::move(target));
  }

  std::string add_constant(std::string name, Tensor value) {
    while (is_taken(name)) name += "_";
    model_.graph.initializers.emplace(name, std::move(value));
    return name;
  }

  bool is_taken(const std::string& name) const {
    if (numrs_.initializers.count(name) + model_.graph.initializers.count(name) > 0) return true;
    if (std::any_of(numrs_.inputs.begin(), numrs_.inputs.end(),
                    [&](const NumrsInput& i) { return i.name == name; })) {
      return true;
    }
    return std::any_of(numrs_.nodes.begin(), numrs_.nodes.end(), [&](const NumrsNode& node) {
      return std::find(node.outputs.begin(), node.outputs.end(), name) != node.outputs.end();
    });
  }

  // Every value is float32, except the shapes that only reshapes read.
  void add_initializers() {
    std::set<std::string> used(numrs_.outputs.begin(), numrs_.outputs.end());
    for (const OnnxNode& node : model_.graph.nodes)
      used.insert(node.inputs.begin(), node.inputs.end());
    for (const auto& [name, tensor] : numrs_.initializers) {
      if (used.count(name) > 0)
        model_.graph.initializers.emplace(name, converted(tensor, DType::kFloat));
    }
  }

  void add_inputs_and_outputs() {
    const std::vector<std::string> batch_inputs = inputs_with_batch();
    model_.batch_is_hint = !batch_inputs.empty() && accepts_any_batch(numrs_, batch_inputs);
    for (const NumrsInput& input : numrs_.inputs) {
      if (numrs_.initializers.count(input.name) > 0) continue;
      OnnxValueInfo info = float_value(input.name);
      info.type.shape.emplace();
      for (const int64_t size : input.shape) info.type.shape->push_back({size, ""});
      const bool varies =
          std::find(batch_inputs.begin(), batch_inputs.end(), input.name) != batch_inputs.end();
      if (model_.batch_is_hint && varies) info.type.shape->front() = {std::nullopt, kBatch};
      model_.graph.inputs.push_back(std::move(info));
    }
    for (const std::string& output : numrs_.outputs)
      model_.graph.outputs.push_back(float_value(output));
  }

  static OnnxValueInfo float_value(const std::string& name) {
    OnnxValueInfo info;
    info.name = name;
    info.type.kind = OnnxType::Kind::kTensor;
    info.type.dtype = DType::kFloat;
    return info;
  }

  // Inputs that were traced with the first input's size of axis 0.
  std::vector<std::string> inputs_with_batch() const {
    std::vector<std::string> names;
    std::optional<int64_t> batch;
    for (const NumrsInput& input : numrs_.inputs) {
      if (input.shape.empty() || numrs_.initializers.count(input.name) > 0) continue;
      batch = batch.value_or(input.shape[0]);
      if (input.shape[0] == *batch) names.push_back(input.name);
    }
    return names;
  }

  void warn() {
    if (numrs_.nodes.empty()) {
      model_.warnings.push_back(
          "the graph has no operations, so the outputs are the inputs themselves: NumRs records an "
          "operation only "
          "when one of its inputs requires a gradient");
    }
  }

  // Hand-built NumRs models sometimes lack their weights; all of them are named at once.
  void check_missing() const {
    std::set<std::string> known;
    for (const NumrsInput& input : numrs_.inputs) known.insert(input.name);
    for (const auto& [name, tensor] : model_.graph.initializers) known.insert(name);
    for (const OnnxNode& node : model_.graph.nodes)
      known.insert(node.outputs.begin(), node.outputs.end());
    std::vector<std::string> missing;
    for (const OnnxNode& node : model_.graph.nodes) {
      for (const std::string& input : node.inputs) {
        if (known.count(input) == 0)
          missing.push_back(fmt::format("{} reads \"{}\"", describe(node), input));
      }
    }
    if (missing.empty()) return;
    CompileError error("{}, which is not in the file", missing.front());
    for (size_t i = 1; i < missing.size() && i < 10; ++i)
      error.note(missing[i] + ", which is not in the file either");
    error.note(
        "the model was probably built by hand without its weights; export the trained model");
    throw error;
  }

  const NumrsModel& numrs_;
  OnnxModel model_;
};

}  // namespace

OnnxModel load_numrs(std::string_view text) {
  const NumrsModel numrs = read_numrs(text);
  if (numrs.outputs.empty()) throw CompileError("the graph has no outputs");
  return Converter(numrs).run();
}

}  // namespace onnxc

// The writer of ONNX text.
#include "tests/fuzz/model_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/support/diagnostics.h"

namespace onnxc::fuzz {
namespace {

std::string real_text(double value) {
  const std::string text = fmt::format("{:.17g}", value);
  return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
}

std::string quoted(const std::string& text) { return '"' + text + '"'; }

std::string type_text(DType type, const std::vector<OnnxDim>& shape) {
  std::vector<std::string> dims;
  for (const OnnxDim& dim : shape)
    dims.push_back(dim.value ? std::to_string(*dim.value) : dim.symbol.empty() ? "?" : dim.symbol);
  return dims.empty() ? std::string(name(type))
                      : fmt::format("{}[{}]", name(type), fmt::join(dims, ","));
}

// A scalar's type has no brackets in text; an unknown rank has empty ones.
std::string type_text(const OnnxType& type) {
  if (type.dtype == DType::kUndefined) return "";
  return type.shape ? type_text(type.dtype, *type.shape) : fmt::format("{}[]", name(type.dtype));
}

std::string type_text(const Tensor& tensor) {
  std::vector<OnnxDim> shape;
  for (const int64_t dim : tensor.dims()) shape.push_back({dim, ""});
  return type_text(tensor.type(), shape);
}

std::string data_text(const Tensor& tensor) {
  std::vector<std::string> elements;
  for (int64_t i = 0; i < tensor.size(); ++i) {
    elements.push_back(is_float(tensor.type()) ? real_text(tensor.as_double(i))
                                               : std::to_string(tensor.as_int64(i)));
  }
  return fmt::format("{{{}}}", fmt::join(elements, ","));
}

struct AttributeText {
  std::string operator()(float x) const { return " = " + real_text(x); }
  std::string operator()(int64_t x) const { return fmt::format(" = {}", x); }
  std::string operator()(const std::string& x) const { return " = " + quoted(x); }
  std::string operator()(const Tensor& x) const {
    return fmt::format(" = {} {}", type_text(x), data_text(x));
  }
  std::string operator()(const std::vector<int64_t>& x) const {
    return fmt::format(": ints = [{}]", fmt::join(x, ","));
  }
  std::string operator()(const std::vector<float>& x) const {
    std::vector<std::string> items;
    for (const float v : x) items.push_back(real_text(v));
    return fmt::format(": floats = [{}]", fmt::join(items, ","));
  }
  std::string operator()(const std::vector<std::string>& x) const {
    std::vector<std::string> items;
    for (const std::string& v : x) items.push_back(quoted(v));
    return fmt::format(": strings = [{}]", fmt::join(items, ","));
  }
  template <class Other>
  std::string operator()(const Other&) const {
    throw CompileError("an attribute of this type is not written as text");
  }
};

std::string node_text(const OnnxNode& node) {
  std::vector<std::string> attributes;
  for (const auto& [name, value] : node.attributes)
    attributes.push_back(name + std::visit(AttributeText{}, value));
  const std::string in_brackets =
      attributes.empty() ? "" : fmt::format(" <{}>", fmt::join(attributes, ", "));
  const auto names = [](std::vector<std::string> list) {
    for (std::string& name : list) name = name.empty() ? "\"\"" : name;
    return fmt::format("{}", fmt::join(list, ", "));
  };
  return fmt::format("  {} = {}{}{} ({})\n", names(node.outputs),
                     node.domain.empty() ? "" : node.domain + ".", node.op_type, in_brackets,
                     names(node.inputs));
}

std::string values_text(const std::vector<OnnxValueInfo>& values) {
  std::vector<std::string> items;
  for (const OnnxValueInfo& v : values) items.push_back(type_text(v.type) + " " + v.name);
  return fmt::format("({})", fmt::join(items, ", "));
}

}  // namespace

std::string model_text(const OnnxModel& model, const std::map<std::string, std::string>& metadata) {
  std::vector<std::string> opsets, properties, constants;
  for (const auto& [domain, version] : model.opsets)
    opsets.push_back(fmt::format("\"{}\" : {}", domain, version));
  for (const auto& [key, value] : metadata)
    properties.push_back(fmt::format("{}: {}", quoted(key), quoted(value)));
  for (const auto& [name, tensor] : model.graph.initializers)
    constants.push_back(fmt::format("{} {} = {}", type_text(tensor), name, data_text(tensor)));
  std::string text = fmt::format(
      "<ir_version: {}, opset_import: [{}],\n metadata_props: [{}]>\n{} {}\n=> {}\n",
      model.ir_version, fmt::join(opsets, ", "), fmt::join(properties, ",\n  "), model.graph.name,
      values_text(model.graph.inputs), values_text(model.graph.outputs));
  if (!constants.empty()) text += fmt::format("<{}>\n", fmt::join(constants, ",\n "));
  text += "{\n";
  for (const OnnxNode& node : model.graph.nodes) text += node_text(node);
  return text + "}\n";
}

}  // namespace onnxc::fuzz

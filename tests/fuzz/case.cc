// Inputs, unions and files of cases.
#include "tests/fuzz/case.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>

#include "compiler/frontend/load_model.h"
#include "compiler/support/diagnostics.h"
#include "tests/fuzz/model_text.h"

namespace onnxc::fuzz {
namespace {

constexpr char kFillKey[] = "fill ", kSizeKey[] = "size ";
constexpr const char* kKindNames[] = {"uniform", "special", "distinct"};

double uniform(Random& random, const Fill& fill) {
  if (fill.step == 0) return fill.low + (fill.high - fill.low) * random.unit();
  const auto steps = static_cast<int64_t>((fill.high - fill.low) / fill.step);
  return fill.low + fill.step * static_cast<double>(random.between(0, steps));
}

double special(Random& random, const Fill& fill) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (random.chance(0.6)) return uniform(random, fill);
  return random.one_of({kInfinity, -kInfinity, std::nan(""), -0.0, 0.0});
}

void fill_distinct(Tensor& tensor, Random& random, const Fill& fill) {
  std::vector<int64_t> order(static_cast<size_t>(tensor.size()));
  std::iota(order.begin(), order.end(), 0);
  random.shuffle(order);
  for (size_t i = 0; i < order.size(); ++i) {
    const double value = fill.low + fill.step * static_cast<double>(order[i]);
    tensor.set(static_cast<int64_t>(i), value);
  }
}

std::string fill_text(const Fill& f) {
  return fmt::format("{} {} {} {} {}", kKindNames[static_cast<int>(f.kind)], f.low, f.high, f.step,
                     f.seed);
}

Fill parse_fill(const std::string& text) {
  char kind[16] = {};
  Fill fill;
  unsigned long long seed = 0;
  if (std::sscanf(text.c_str(), "%15s %lf %lf %lf %llu", kind, &fill.low, &fill.high, &fill.step,
                  &seed) != 5)
    throw CompileError("\"{}\" says not how an input is made", text);
  fill.seed = seed;
  for (int k = 0; k < 3; ++k) {
    if (std::string(kKindNames[k]) == kind) fill.kind = static_cast<Fill::Kind>(k);
  }
  return fill;
}

void add_prefixed(Case& all, const Case& one, const std::string& prefix) {
  const auto renamed = [&](const std::string& name) { return name.empty() ? name : prefix + name; };
  const auto add_values = [&](std::vector<OnnxValueInfo>& to,
                              const std::vector<OnnxValueInfo>& from) {
    for (OnnxValueInfo info : from) {
      info.name = renamed(info.name);
      if (info.type.shape) {
        for (OnnxDim& dim : *info.type.shape) dim.symbol = renamed(dim.symbol);
      }
      to.push_back(std::move(info));
    }
  };
  OnnxGraph& graph = all.model.graph;
  add_values(graph.inputs, one.model.graph.inputs);
  add_values(graph.outputs, one.model.graph.outputs);
  for (const auto& [name, tensor] : one.model.graph.initializers)
    graph.initializers[renamed(name)] = tensor;
  for (OnnxNode node : one.model.graph.nodes) {
    for (std::string& name : node.inputs) name = renamed(name);
    for (std::string& name : node.outputs) name = renamed(name);
    graph.nodes.push_back(std::move(node));
  }
  for (const auto& [name, fill] : one.fills) all.fills[renamed(name)] = fill;
  for (const auto& [name, size] : one.sizes) all.sizes[renamed(name)] = size;
}

}  // namespace

Tensor filled(DType type, const std::vector<int64_t>& dims, const Fill& fill) {
  Tensor tensor(type, dims);
  Random random(fill.seed);
  if (fill.kind == Fill::Kind::kDistinct) {
    fill_distinct(tensor, random, fill);
    return tensor;
  }
  for (int64_t i = 0; i < tensor.size(); ++i) {
    if (!is_float(type)) {
      tensor.set_int64(
          i, random.between(static_cast<int64_t>(fill.low), static_cast<int64_t>(fill.high)));
    } else {
      const bool is_special = fill.kind == Fill::Kind::kSpecial;
      tensor.set(i, is_special ? special(random, fill) : uniform(random, fill));
    }
  }
  return tensor;
}

std::vector<Tensor> Case::inputs() const {
  std::vector<Tensor> result;
  for (const OnnxValueInfo& info : model.graph.inputs) {
    std::vector<int64_t> dims;
    for (const OnnxDim& dim : *info.type.shape)
      dims.push_back(dim.value ? *dim.value : sizes.at(dim.symbol));
    result.push_back(filled(info.type.dtype, dims, fills.at(info.name)));
  }
  return result;
}

Options Case::options() const {
  Options options;
  options.name = "fuzzed";
  for (const auto& [name, size] : sizes) options.dims[name] = {1, 2 * size + 3};
  return options;
}

Case united(const std::vector<Case>& cases) {
  Case all;
  all.name = cases.front().name;
  all.model = cases.front().model;
  all.model.graph = OnnxGraph();
  all.model.graph.name = "g";
  for (size_t k = 0; k < cases.size(); ++k) add_prefixed(all, cases[k], fmt::format("g{}_", k));
  return all;
}

std::string text(const Case& c) {
  std::map<std::string, std::string> metadata;
  for (const OnnxValueInfo& input : c.model.graph.inputs)
    metadata[kFillKey + input.name] = fill_text(c.fills.at(input.name));
  for (const auto& [name, size] : c.sizes) metadata[kSizeKey + name] = std::to_string(size);
  return model_text(c.model, metadata);
}

Case parse_case(const std::string& text, const std::string& name) {
  Case c;
  c.name = name;
  c.model = load_model_text(text, name);
  for (const auto& [key, value] : c.model.metadata) {
    if (key.rfind(kFillKey, 0) == 0) c.fills[key.substr(sizeof kFillKey - 1)] = parse_fill(value);
    if (key.rfind(kSizeKey, 0) == 0) c.sizes[key.substr(sizeof kSizeKey - 1)] = std::stoll(value);
  }
  for (const OnnxValueInfo& input : c.model.graph.inputs) {
    if (!c.fills.count(input.name))
      throw CompileError("{}: the metadata do not say how {} is made", name, input.name);
  }
  return c;
}

}  // namespace onnxc::fuzz

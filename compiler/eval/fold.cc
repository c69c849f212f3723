// Which values are constant, and evaluating them on first use.
#include "compiler/eval/fold.h"

#include <algorithm>
#include <unordered_map>

#include "compiler/eval/evaluate.h"
#include "compiler/eval/symbolic_evaluator.h"
#include "compiler/support/diagnostics.h"

namespace onnxc {
namespace {

constexpr int kDeepest = 2000;

using TensorRef = std::shared_ptr<const Tensor>;

bool matches(const Tensor& tensor, const Value& value) {
  if (tensor.type() != value.type || tensor.dims().size() != value.shape.size()) return false;
  for (size_t k = 0; k < value.shape.size(); ++k) {
    if (!value.shape[k].is(tensor.dims()[k])) return false;
  }
  return true;
}

double byte_count(const Value& value) {
  double bytes = static_cast<double>(byte_size(value.type));
  for (const Dim& d : value.shape) bytes *= static_cast<double>(d.value());
  return bytes;
}

bool grows(const Value& value) {
  double input_bytes = 0;
  for (const Value* v : value.producer->inputs) input_bytes += byte_count(*v);
  const double bytes = byte_count(value);
  return bytes > static_cast<double>(kLargestGrowth) && bytes > 2 * input_bytes;
}

bool mentions_symbols(const Node& node) {
  const Map* map = node.as<Map>();
  if (!map) return false;
  bool found = !constant_shape(map->reduced).has_value();
  const auto check = [&](const Expr& x) {
    found |= !x.integer.symbols().empty();
    for (const Dim& d : x.index) found |= !d.symbols().empty();
  };
  visit(map->body, check);
  if (map->finish) visit(map->finish, check);
  return found;
}

bool is_known(const Value& value) {
  return value.is_constant() || (value.known && matches(*value.known, value));
}

}  // namespace

bool ConstantFolder::is_constant(const Value& value) {
  if (is_known(value)) return true;
  const auto [it, fresh] = constant_.emplace(&value, false);
  if (!fresh) return it->second;
  const bool result = finds_constant(value);
  return constant_[&value] = result;
}

bool ConstantFolder::finds_constant(const Value& value) {
  if (depth_ > kDeepest || !constant_shape(value.shape) || !value.producer) return false;
  ++depth_;
  const Node& node = *value.producer;
  const bool from_constants = !node.as<Loop>() &&
                              std::all_of(node.inputs.begin(), node.inputs.end(),
                                          [&](const Value* v) { return is_constant(*v); }) &&
                              !mentions_symbols(node);
  --depth_;
  if (from_constants) return growth_ == Growth::kAny || !grows(value);
  const auto* elements = symbolic_.elements(value);
  const auto scalars = elements ? all_known(*elements) : std::nullopt;
  auto tensor =
      scalars ? tensor_of(*scalars, value.type, constant_shape(value.shape).value()) : std::nullopt;
  if (!tensor) return false;
  small_.emplace(&value, std::make_shared<const Tensor>(std::move(*tensor)));
  return true;
}

TensorRef ConstantFolder::contents(const Value& value) {
  if (!is_constant(value)) return nullptr;
  try {
    return computed(value);
  } catch (const CompileError&) {
    return nullptr;
  }
}

TensorRef ConstantFolder::computed(const Value& value) {
  if (value.is_constant()) return value.constant;
  if (is_known(value)) return value.known;
  if (const auto it = small_.find(&value); it != small_.end()) return value.known = it->second;
  const Node& node = *value.producer;
  std::vector<Tensor> inputs;
  for (const Value* v : node.inputs) {
    const TensorRef input = computed(*v);
    if (!input) return nullptr;
    inputs.push_back(*input);
  }
  std::vector<Tensor> results = evaluate(node, inputs, {});
  for (size_t k = 0; k < results.size(); ++k) {
    const Value& output = *node.outputs[k];
    if (matches(results[k], output))
      output.known = std::make_shared<const Tensor>(std::move(results[k]));
  }
  return value.known;
}

std::shared_ptr<const Tensor> folded(const Value& value, Growth growth) {
  return ConstantFolder(growth).contents(value);
}

}  // namespace onnxc

// Rewriting of types.
#include "compiler/eval/widen_floats.h"

namespace onnxc {
namespace {

E widened(const E& x) {
  if (!x) return x;
  return rewrite(x, [](const Expr& e) -> std::optional<E> {
    if (e.type != DType::kFloat) return std::nullopt;
    auto wide = std::make_shared<Expr>(e);
    wide->type = DType::kDouble;
    return E(std::move(wide));
  });
}

Tensor widened(const Tensor& tensor) {
  Tensor wide(DType::kDouble, tensor.dims());
  const float* from = tensor.data<float>();
  double* to = wide.mutable_data<double>();
  for (int64_t i = 0; i < tensor.size(); ++i) to[i] = static_cast<double>(from[i]);
  return wide;
}

void widen(KernelCall& call) {
  for (DType& type : call.types) {
    if (type != DType::kFloat) continue;
    type = DType::kDouble;
    call.scratch_bytes = call.scratch_bytes * 2;
  }
}

void widen(Node& node) {
  if (Map* map = node.as<Map>()) {
    map->body = widened(map->body);
    map->finish = widened(map->finish);
  } else if (Conv* conv = node.as<Conv>()) {
    conv->finish = widened(conv->finish);
  } else if (MatMul* matmul = node.as<MatMul>()) {
    matmul->finish = widened(matmul->finish);
  } else if (Attention* attention = node.as<Attention>()) {
    attention->scores.finish = widened(attention->scores.finish);
    attention->values.finish = widened(attention->values.finish);
  } else if (Rows* rows = node.as<Rows>()) {
    for (Rows::Part& part : rows->parts) {
      part.map.body = widened(part.map.body);
      part.map.finish = widened(part.map.finish);
    }
  } else if (KernelCall* call = node.as<KernelCall>()) {
    widen(*call);
  }
  for (Graph* body : bodies_of(node)) widen_floats(*body);
}

}  // namespace

void widen_floats(Graph& graph) {
  for (const auto& value : graph.values()) {
    if (value->type != DType::kFloat) continue;
    value->type = DType::kDouble;
    value->known = nullptr;
    if (value->constant) value->constant = std::make_shared<Tensor>(widened(*value->constant));
  }
  for (const auto& node : graph.nodes()) widen(*node);
}

}  // namespace onnxc

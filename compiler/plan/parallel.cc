// Estimates of how long steps take on one fast core, and what of it a thread should get at least.
#include "compiler/plan/parallel.h"

#include <algorithm>

#include "compiler/plan/cost.h"

namespace onnxc {
namespace {

constexpr int64_t kPicosecondsOfMultiplyAdd = 10;
constexpr int64_t kPicosecondsOfLoad = 60;
constexpr int64_t kPicosecondsOfArithmetic = 30;
constexpr int64_t kPicosecondsOfFunction = 400;
constexpr int64_t kPicosecondsOfOtherTypes = 500;
constexpr int64_t kPicosecondsAShare = 5'000'000;

bool is_arithmetic(ScalarOp op) {
  return op <= ScalarOp::kMul || op == ScalarOp::kMin || op == ScalarOp::kMax ||
         op == ScalarOp::kNeg || op == ScalarOp::kAbs || op >= ScalarOp::kIsNan;
}

int64_t picoseconds(const E& e) {
  if (!e) return 0;
  int64_t sum = 0;
  visit(e, [&](const Expr& x) {
    if (x.kind == Expr::Kind::kLoad) sum += kPicosecondsOfLoad;
    if (x.kind != Expr::Kind::kCall) return;
    sum += x.type != DType::kFloat && x.type != DType::kBool ? kPicosecondsOfOtherTypes
           : is_arithmetic(x.op)                             ? kPicosecondsOfArithmetic
                                                             : kPicosecondsOfFunction;
  });
  return sum;
}

Dim picoseconds(const Map& map) {
  const Dim results = product(map.space);
  return results * (kPicosecondsOfLoad + picoseconds(map.finish)) +
         results * product(map.reduced) * picoseconds(map.body);
}

bool takes_threads(const KernelCall& call) {
  return std::any_of(call.arguments.begin(), call.arguments.end(), [](const auto& argument) {
    return std::holds_alternative<KernelCall::Threads>(argument);
  });
}

Dim picoseconds(const Node& node) {
  const Dim results = product(node.output()->shape);
  const Dim products = multiply_adds(node) * kPicosecondsOfMultiplyAdd;
  if (const Conv* conv = node.as<Conv>())
    return products + results * (kPicosecondsOfLoad + picoseconds(conv->finish));
  if (const MatMul* m = node.as<MatMul>())
    return products + results * (kPicosecondsOfLoad + picoseconds(m->finish));
  if (const Attention* a = node.as<Attention>()) {
    const Dim scores = a->scores.outer * a->scores.inner * a->scores.m * a->scores.n;
    return products + scores * (kPicosecondsOfFunction + picoseconds(a->scores.finish)) +
           results * (kPicosecondsOfLoad + picoseconds(a->values.finish));
  }
  if (const Map* map = node.as<Map>()) return results.is(1) ? Dim(0) : picoseconds(*map);
  if (const KernelCall* call = node.as<KernelCall>())
    return takes_threads(*call) ? results * kPicosecondsOfLoad : Dim(0);
  Dim sum = 0;
  if (const Rows* rows = node.as<Rows>()) {
    for (const Rows::Part& part : rows->parts) sum = sum + picoseconds(part.map);
  }
  return sum;
}

}  // namespace

Dim threads_worth(const Node& node) {
  if (node.outputs.empty() || !bodies_of(node).empty()) return 1;
  const Dim shares = floor_div(picoseconds(node), kPicosecondsAShare);
  return shares.range().max < 2 ? Dim(1) : shares;
}

}  // namespace onnxc

// Operators of one tensor, element by element: a row each, with its scalar expression.
#include "compiler/ops/lowering.h"
#include "compiler/ops/op.h"

namespace onnxc {
namespace {

// One map over the input's shape. `Scalar` takes the element in its compute type and the lowering
// (for attributes).
template <class Scalar>
void each_element(Lowering& x, Scalar scalar) {
  MapBuilder map(x, x.shape(0));
  x.output(0, map.build(scalar(map.load(x.input(0)), x), x.type(0)));
}

template <ScalarOp op>
void apply(Lowering& x) {
  each_element(x, [](E v, Lowering&) { return call(op, {v}); });
}

// As apply, where integers are their own result (Floor and the like on integer tensors).
template <ScalarOp op>
void predicate(Lowering& x) {
  MapBuilder map(x, x.shape(0));
  x.output(0, map.build(call(op, {map.load(x.input(0))}), DType::kBool));
}

E relu(E v) { return max(v, 0.0); }
E softplus(E v) { return max(v, 0.0) + call(ScalarOp::kLog1p, {exp(-abs(v))}); }

}  // namespace

OPS_TABLE(elementwise_unary){
    {"Abs", 1, "numbers", apply<ScalarOp::kAbs>},
    {"Acos", 7, "float", apply<ScalarOp::kAcos>},
    {"Acosh", 9, "float", apply<ScalarOp::kAcosh>},
    {"Asin", 7, "float", apply<ScalarOp::kAsin>},
    {"Asinh", 9, "float", apply<ScalarOp::kAsinh>},
    {"Atan", 7, "float", apply<ScalarOp::kAtan>},
    {"Atanh", 9, "float", apply<ScalarOp::kAtanh>},
    {"BitwiseNot", 18, "integers", apply<ScalarOp::kBitNot>},
    {"Ceil", 1, "float", apply<ScalarOp::kCeil>},
    {"Cos", 7, "float", apply<ScalarOp::kCos>},
    {"Cosh", 9, "float", apply<ScalarOp::kCosh>},
    {"Erf", 9, "float", apply<ScalarOp::kErf>},
    {"Exp", 1, "float", apply<ScalarOp::kExp>},
    {"Floor", 1, "float", apply<ScalarOp::kFloor>},
    {"IsNaN", 9, "float", predicate<ScalarOp::kIsNan>},
    {"Log", 1, "float", apply<ScalarOp::kLog>},
    {"Neg", 1, "numbers", apply<ScalarOp::kNeg>},
    {"Not", 1, "bool", apply<ScalarOp::kNot>},
    {"Reciprocal", 1, "float",
     [](Lowering& x) { each_element(x, [](E v, Lowering&) { return 1.0 / v; }); }},
    {"Relu", 1, "numbers",
     [](Lowering& x) { each_element(x, [](E v, Lowering&) { return relu(v); }); }},
    {"Round", 11, "float", apply<ScalarOp::kRoundEven>},
    {"Sigmoid", 1, "float", apply<ScalarOp::kSigmoid>},
    {"Sign", 9, "numbers", apply<ScalarOp::kSign>},
    {"Sin", 7, "float", apply<ScalarOp::kSin>},
    {"Sinh", 9, "float", apply<ScalarOp::kSinh>},
    {"Softplus", 1, "float",
     [](Lowering& x) { each_element(x, [](E v, Lowering&) { return softplus(v); }); }},
    {"Softsign", 1, "float",
     [](Lowering& x) { each_element(x, [](E v, Lowering&) { return v / (abs(v) + 1.0); }); }},
    {"Sqrt", 1, "float", apply<ScalarOp::kSqrt>},
    {"Tan", 7, "float", apply<ScalarOp::kTan>},
    {"Tanh", 1, "float", apply<ScalarOp::kTanh>},
};
OPS_END(elementwise_unary)

}  // namespace onnxc

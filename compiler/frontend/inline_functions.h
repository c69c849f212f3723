// Model-local functions: every call is replaced by the function's nodes.
#pragma once

#include "compiler/frontend/onnx_proto.h"

namespace onnxc {

// Before: y = local.f <a = 1> (x), f(u) => v <a> { t = Neg(u); v = Op <b = @a> (t) }
// After:  f/t = Neg(x); y = Op <b = 1> (f/t)
// Calls within functions and subgraphs too. Domains must be normalised and opsets set on every
// node. Names that the bodies bring along are made unique. Throws CompileError on recursion, doubly
// defined functions and wrong arity.
void inline_functions(ProtoModel& model);

}  // namespace onnxc

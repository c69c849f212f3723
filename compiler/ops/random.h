// Random numbers as index expressions: a hash of the element's position and the node's seed.
#pragma once

#include "compiler/ir/onnx_graph.h"
#include "compiler/ops/lowering.h"

namespace onnxc {

// The stream of a node: its attribute `seed`, or where there is none a number of its output's name,
// so that nodes differ and every compilation gives the same.
uint64_t random_stream(const Lowering& x);

// 64 random bits for each value of `position`, independent of those of other streams.
E random_bits(uint64_t stream, const Dim& position);

// Uniform on [0, 1), of `type` float (24 bits) or double (53 bits).
E uniform_number(DType type, uint64_t stream, const Dim& position);

// Normal with mean 0 and deviation 1, of `type` float or double.
E normal_number(DType type, uint64_t stream, const Dim& position);

// The position of the map's element in row-major order.
Dim position_in(const Shape& space);

// True if an output of the model may depend on random numbers, which other implementations draw
// differently.
bool draws_random_numbers(const OnnxModel& model);

}  // namespace onnxc
